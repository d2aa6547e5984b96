/** `ring` sections, from what was read of their servers to what they mean. */
import type { RingSection } from '../model/ring.ts';
import type { FinishFacts } from './haproxy/report.ts';
import type { RingDraft } from './haproxy/ring-section.ts';
import { finishServer } from './haproxy/server-finish.ts';
import { refuseUnverifiable } from './haproxy/server-tls.ts';
import type { ParserContext } from './parser-context.ts';
import { unheededOptions } from './unheeded-options.ts';

export function finishRings(
  drafts: readonly RingDraft[],
  facts: FinishFacts,
  context: ParserContext,
): readonly RingSection[] {
  return drafts.map(({ name, servers }) => ({
    name,
    servers: servers.map((draft, index) => {
      if (draft.useSsl) refuseUnverifiable(`ring '${name}'`, draft, facts.global, context);
      const server = finishServer(draft, index + 1, facts);
      for (const option of unheededOptions(server))
        context.warn(
          server.position,
          `'server ${server.name}' : '${option}' has no effect here, it is ignored.`,
        );
      return server;
    }),
  }));
}
