/** Nameservers of `resolvers` sections that are asked over streams, from what was read of them to what they mean. */
import type { StreamNameservers } from '../model/nameservers.ts';
import type { FinishFacts } from './haproxy/report.ts';
import type { ResolversDraft } from './haproxy/resolvers-section.ts';
import { finishServer } from './haproxy/server-finish.ts';
import { refuseUnverifiable } from './haproxy/server-tls.ts';
import type { ParserContext } from './parser-context.ts';
import { unheededOptions } from './unheeded-options.ts';

export function finishNameservers(
  drafts: readonly ResolversDraft[],
  facts: FinishFacts,
  context: ParserContext,
): readonly StreamNameservers[] {
  return drafts.map(({ name, servers }) => ({
    name,
    servers: servers.map((draft, index) => {
      if (draft.useSsl) refuseUnverifiable(`resolvers '${name}'`, draft, facts.global, context);
      const server = finishServer(draft, index + 1, facts);
      for (const option of unheededOptions(server, true))
        context.warn(
          server.position,
          `'nameserver ${server.name}' : '${option}' has no effect here, it is ignored.`,
        );
      return server;
    }),
  }));
}
