/**
 * Forwarding by address translation (lvs_method NAT) as commands of nft. The first packet of a connection chooses, the
 * kernel's connection tracking does the rest both ways:
 *
 *   prerouting, output ─▶ services ─▶ vs0 ─▶ vs0_3 (generation 3) ─▶ vs0_rs1: dnat
 *
 * What changes with servers is the generation alone, exchanged in three transactions (ruleset.ts): no packet meets half
 * of it. Pure; called by ruleset.ts.
 */
import {
  addressType,
  addressWord,
  clientOf,
  clientsOf,
  generationChain,
  inOrderOfLookup,
  MOST_REMEMBERED,
  protocolMatch,
  range,
  refusals,
  serverChain,
  TABLE,
  targetMatch,
  verdictMap,
} from './nft-words.ts';
import { remembers, select } from './selection.ts';
import type { ConnectionTimeouts, Service, ServiceState, Target } from './service.ts';

const UDP_SEC = 300;
const FAMILIES = [4, 6] as const;

function add(chain: string, text: string): string {
  return `add rule inet ${TABLE} ${chain} ${text}`;
}

/** The table as it is after a start or a reload. */
export function renderTranslation(states: readonly ServiceState[], timeouts: ConnectionTimeouts): string[] {
  if (states.length === 0) return [];
  const services = states.map(({ service }) => service);
  return [
    `add table inet ${TABLE}`,
    ...renderTimeouts(timeouts),
    ...services.flatMap(service => renderServers(service, timeouts)),
    ...states.flatMap(renderGeneration),
    ...states.flatMap(state => [
      `add chain inet ${TABLE} ${state.service.id}`,
      add(state.service.id, `goto ${generationChain(state)}`),
    ]),
    `add chain inet ${TABLE} services`,
    ...inOrderOfLookup(services).map(({ service, target }) =>
      add('services', `${targetMatch(service, target)} goto ${service.id}`),
    ),
    `add chain inet ${TABLE} gone`,
    ...renderGone(states),
    ...renderHooks(),
  ];
}

function renderHooks(): string[] {
  const hooks = [
    ['prerouting', 'nat', 'dstnat', 'services'],
    ['output', 'nat', '-100', 'services'],
    ['forward', 'filter', 'filter', 'gone'],
    ['input', 'filter', 'filter', 'gone'],
  ] as const;
  return hooks.flatMap(([hook, type, priority, chain]) => [
    `add chain inet ${TABLE} ${hook} { type ${type} hook ${hook} priority ${priority}; policy accept; }`,
    add(hook, `jump ${chain}`),
  ]);
}

/** Of `lvs_timeouts`; UDP has 300 s anyway, where connection tracking on its own forgets sooner. */
function renderTimeouts({ tcp, tcpfin, udp = UDP_SEC }: ConnectionTimeouts): string[] {
  const policies = [
    ...(tcp === undefined ? [] : [`established : ${tcp}`]),
    ...(tcpfin === undefined ? [] : [`fin_wait : ${tcpfin}`, `time_wait : ${tcpfin}`]),
  ];
  return FAMILIES.flatMap(family => {
    const head = (protocol: string, policy: string): string =>
      `add ct timeout inet ${TABLE} ${protocol}${family} { protocol ${protocol}; l3proto ${addressWord(family)}; policy = { ${policy} }; }`;
    return [
      head('udp', `unreplied : ${udp}, replied : ${udp}`),
      ...(policies.length === 0 ? [] : [head('tcp', policies.join(', '))]),
    ];
  });
}

function renderServers(service: Service, timeouts: ConnectionTimeouts): string[] {
  return service.servers.flatMap(({ address, port }, index) => {
    const chain = serverChain(service, index);
    const to = service.family === 4 ? address : `[${address}]`;
    const place = port === 0 ? address : `${to}:${port}`;
    return [
      ...renderClients(service, index),
      `add chain inet ${TABLE} ${chain}`,
      ...timeoutRules(service, timeouts).map(text => add(chain, text)),
      ...(service.persistence === undefined
        ? []
        : [add(chain, `update @${clientsOf(service, index)} { ${clientOf(service)} }`)]),
      add(chain, `${protocolMatch(service.protocol)} dnat ${addressWord(service.family)} to ${place}`),
    ];
  });
}

function renderClients(service: Service, index: number): string[] {
  if (service.persistence === undefined) return [];
  const type = `type ${addressType(service.family)}; flags dynamic,timeout; size ${MOST_REMEMBERED}`;
  const limit = `timeout ${service.persistence.timeoutSec}s`;
  return [`add set inet ${TABLE} ${clientsOf(service, index)} { ${type}; ${limit}; }`];
}

/** Whom a new connection goes to: first where the client was before, then whose turn it is; nobody refuses it. */
export function renderGeneration(state: ServiceState): string[] {
  const { service, states } = state;
  const chain = generationChain(state);
  const { expression, slots } = select(state);
  const present = states.flatMap((one, index) => (remembers(one) ? [index] : []));
  return [
    `add chain inet ${TABLE} ${chain}`,
    ...(service.persistence === undefined ? [] : present).map(index =>
      add(chain, `${clientOf(service)} @${clientsOf(service, index)} goto ${serverChain(service, index)}`),
    ),
    ...(slots.length === 0
      ? []
      : [
          add(
            chain,
            verdictMap(
              expression,
              slots.map(index => serverChain(service, index)),
            ),
          ),
        ]),
    ...refusals(service.protocol).map(text => add(chain, text)),
  ];
}

function timeoutRules({ family, protocol }: Service, { tcp, tcpfin }: ConnectionTimeouts): string[] {
  const udp = `meta l4proto udp ct timeout set "udp${family}"`;
  const ofTcp = `meta l4proto tcp ct timeout set "tcp${family}"`;
  return [
    ...(protocol === undefined || protocol === 'udp' ? [udp] : []),
    ...(protocol !== 'udp' && (tcp ?? tcpfin) !== undefined ? [ofTcp] : []),
  ];
}

/** Connections to servers that are gone. Services by mark have nothing by which their connections could be told. */
export function renderGone(states: readonly ServiceState[]): string[] {
  return states.flatMap(({ service, states: servers }) =>
    service.servers.flatMap((server, index) => {
      if (servers[index]?.gone !== true) return [];
      return service.targets
        .filter(target => target.kind === 'address')
        .map(target => add('gone', goneMatch(service, target, server)));
    }),
  );
}

function goneMatch(
  { family, protocol }: Service,
  { first, last, port }: Target & { readonly kind: 'address' },
  server: Service['servers'][number],
): string {
  const word = addressWord(family);
  return [
    `ct direction original ct original ${word} daddr ${range(first, last)} ${protocolMatch(protocol)}`,
    ...(port === 0 ? [] : [`ct original proto-dst ${port}`]),
    `${word} daddr ${server.address}`,
    ...(server.port === 0 ? [] : [`th dport ${server.port}`]),
    'drop',
  ].join(' ');
}
