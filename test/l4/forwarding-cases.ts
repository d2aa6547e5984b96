/**
 * Golden rulesets: test/cases/l4/*.case. A title, then parts that begin with `--- NAME`: `keepalived.conf`; `states`, a line a
 * service with a word a server (`1` a weight, `2/5` with five connections, `gone`); `then`, the same at the next
 * generation; `paths`, `ADDRESS DEVICE VIA` or `ADDRESS local` of servers; `warns`; `ruleset`; `exchange`.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { parseKeepalived } from '../../src/config-parser/keepalived/parse.ts';
import { renderDirect, type DirectLayout } from '../../src/l4/direct.ts';
import type { DirectPath } from '../../src/l4/direct-path.ts';
import { resolveServices } from '../../src/l4/resolve-services.ts';
import { removal, renderDirectExchange, renderExchange, renderRuleset } from '../../src/l4/ruleset.ts';
import type { ServerState, Service, ServiceState } from '../../src/l4/service.ts';

const FOLDER = 'test/cases/l4';

export interface ForwardingCase {
  readonly file: string;
  readonly title: string;
  readonly parts: ReadonlyMap<string, string>;
}

export function forwardingCases(): ForwardingCase[] {
  return readdirSync(FOLDER)
    .toSorted()
    .map(file => {
      const [title = '', ...parts] = readFileSync(`${FOLDER}/${file}`, 'utf8').split(/^--- /m);
      const named = parts.map(part => {
        const end = part.indexOf('\n');
        return [part.slice(0, end), part.slice(end + 1)] as const;
      });
      return { file, title: title.trim(), parts: new Map(named) };
    });
}

export interface Forwarded {
  readonly warns: string;
  readonly ruleset: string;
  /** Transactions, one a line. */
  readonly exchange: string;
}

export function forward({ parts }: ForwardingCase): Forwarded {
  const text = parts.get('keepalived.conf') ?? '';
  const { config } = parseKeepalived('keepalived.conf', {
    read: () => text,
    glob: () => [],
    configId: '',
    environment: {},
    random: () => 0,
    hostname: 'h',
  });
  const { services, diagnostics } = resolveServices(config);
  const layout = layoutOf(parts.get('paths') ?? '');
  const now = statesOf(
    services.map(({ service }) => service),
    parts.get('states') ?? '',
    1,
  );
  const then = parts.get('then');
  const next =
    then === undefined
      ? []
      : statesOf(
          now.map(({ service }) => service),
          then,
          2,
        );
  const [translated, direct] = (['NAT', 'DR'] as const).map(method =>
    now.filter(({ service }) => service.method === method),
  ) as [ServiceState[], ServiceState[]];
  const changes = next.flatMap((state, index) => {
    const old = now[index] as ServiceState;
    if (state.service.method === 'DR') return renderDirectExchange(old, state, layout);
    return renderExchange(
      old,
      state,
      next.filter(({ service }) => service.method === 'NAT'),
    );
  });
  const { lvsTimeoutsSec } = config.globalDefs;
  const ruleset = [
    ...(direct.length === 0 ? removal(['netdev']) : []),
    renderRuleset(translated, lvsTimeoutsSec).trimEnd(),
    ...(direct.length === 0 ? [] : renderDirect(direct, lvsTimeoutsSec, layout)),
  ];
  return {
    warns: diagnostics.map(({ position, message }) => `${position.line} ${message}\n`).join(''),
    ruleset: `${ruleset.join('\n')}\n`,
    exchange: changes.map(line => `${line}\n`).join(''),
  };
}

/** All servers with weight 1 where nothing is said. */
function statesOf(services: readonly Service[], text: string, generation: number): ServiceState[] {
  const lines = text.split('\n');
  return services.map((service, index) => {
    const words = (lines[index] ?? '').split(' ');
    const states = service.servers.map((_, at) => stateOf(words[at] ?? '1'));
    return { service, states, generation };
  });
}

function stateOf(word: string): ServerState {
  if (word === 'gone') return { weight: 0, gone: true };
  const [weight = '1', connections] = word.split('/');
  return {
    weight: Number(weight || 1),
    gone: false,
    ...(connections === undefined ? {} : { connections: Number(connections) }),
  };
}

function layoutOf(text: string): DirectLayout {
  const rows = text
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.split(' '));
  const servers = rows.map(([address = '', device = '', via = '']): [string, DirectPath] => [
    address,
    device === 'local' ? { kind: 'local' } : { kind: 'hop', device, deviceIndex: 1, via },
  ]);
  return {
    edition: 1,
    entrances: [{ device: 'lo', index: 1, framed: true }],
    servers: new Map(servers),
  };
}
