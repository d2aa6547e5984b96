/**
 * Forwarding by direct routing (lvs_method DR) as commands of nft: a packet goes on as it came, to the hardware address
 * of a server that has the virtual address on its loopback, and the server answers the client itself. This host sees one
 * side only, which connection tracking cannot follow: flows are remembered in sets of our own, one a server.
 *
 *   ingress ─▶ vs0 ─▶ vs0_3 (generation 3): flow known ─▶ vs0_rs1: send
 *                                           new: choose ─▶ vs0_rs1_new: remember, send
 *
 * Pure; called by ruleset.ts.
 */
import {
  addressType,
  addressWord,
  clientOf,
  clientsOf,
  generationChain,
  inOrderOfLookup,
  MOST_REMEMBERED,
  serverChain,
  TABLE,
  targetMatch,
  verdictMap,
} from './nft-words.ts';
import { select } from './selection.ts';
import type { Service, ServiceState } from './service.ts';

/** How a server is reached. */
export interface DirectPath {
  readonly device: string;
  /** Hardware addresses: of the device, and of the server. */
  readonly from: string;
  readonly to: string;
}

export interface DirectPaths {
  /** Interfaces by which clients come. */
  readonly devices: readonly string[];
  /** By the address of the server; one without a path gets nothing. */
  readonly servers: ReadonlyMap<string, DirectPath>;
}

/** ipvs's own: idle connections, those that end, and UDP. */
const FLOW_SEC = { tcp: 900, ending: 120, udp: 300 };

function add(chain: string, text: string): string {
  return `add rule netdev ${TABLE} ${chain} ${text}`;
}

function flowsOf(service: Service, index: number): string {
  return `${serverChain(service, index)}_flows`;
}

function flow({ family }: Service): string {
  const word = addressWord(family);
  return `${word} saddr . th sport . ${word} daddr . th dport`;
}

export function renderDirect(states: readonly ServiceState[], paths: DirectPaths): string[] {
  if (states.length === 0) return [];
  return [
    `add table netdev ${TABLE}`,
    ...states.flatMap(({ service }) => renderServers(service, paths)),
    ...states.flatMap(state => [
      ...directGeneration(state, paths),
      `add chain netdev ${TABLE} ${state.service.id}`,
      add(state.service.id, `goto ${generationChain(state)}`),
    ]),
    `add chain netdev ${TABLE} services`,
    ...inOrderOfLookup(states.map(({ service }) => service)).map(({ service, target }) =>
      add('services', `${targetMatch(service, target)} goto ${service.id}`),
    ),
    ...paths.devices.flatMap((device, index) => [
      `add chain netdev ${TABLE} in${index} { type filter hook ingress device "${device}" priority 0; policy accept; }`,
      add(`in${index}`, 'jump services'),
    ]),
  ];
}

function renderServers(service: Service, paths: DirectPaths): string[] {
  const { family, persistence, servers } = service;
  const type = addressType(family);
  const sized = `flags dynamic,timeout; size ${MOST_REMEMBERED}`;
  return servers.flatMap(({ address }, index) => [
    `add set netdev ${TABLE} ${flowsOf(service, index)} { type ${type} . inet_service . ${type} . inet_service; ${sized}; timeout ${flowSec(service)}s; }`,
    ...(persistence === undefined
      ? []
      : [
          `add set netdev ${TABLE} ${clientsOf(service, index)} { type ${type}; ${sized}; timeout ${persistence.timeoutSec}s; }`,
        ]),
    ...renderSending(service, index, paths.servers.get(address)),
  ]);
}

function flowSec({ protocol }: Service): number {
  return protocol === 'udp' ? FLOW_SEC.udp : FLOW_SEC.tcp;
}

/** Two chains a server: for packets of flows that are known, and for the first one. */
function renderSending(service: Service, index: number, path: DirectPath | undefined): string[] {
  if (path === undefined) return [];
  const chain = serverChain(service, index);
  const flows = flowsOf(service, index);
  return [
    `add chain netdev ${TABLE} ${chain}`,
    add(chain, `update @${flows} { ${flow(service)} }`),
    ...(service.protocol === 'udp'
      ? []
      : [
          add(
            chain,
            `tcp flags & (fin | rst) != 0 update @${flows} { ${flow(service)} timeout ${FLOW_SEC.ending}s }`,
          ),
        ]),
    add(chain, `ether saddr set ${path.from} ether daddr set ${path.to} fwd to "${path.device}"`),
    `add chain netdev ${TABLE} ${chain}_new`,
    ...(service.persistence === undefined
      ? []
      : [add(`${chain}_new`, `update @${clientsOf(service, index)} { ${clientOf(service)} }`)]),
    add(`${chain}_new`, `goto ${chain}`),
  ];
}

/** A TCP segment of nobody's flow that opens none is this host's to answer; flows of a server that is gone wait for it. */
export function directGeneration(state: ServiceState, paths: DirectPaths): string[] {
  const { service } = state;
  const reachable = service.servers.map(({ address }) => paths.servers.has(address));
  const states = state.states.map((one, index) => (reachable[index] === true ? one : { ...one, weight: 0 }));
  const chain = generationChain(state);
  const { expression, slots } = select(service, states);
  const known = states.flatMap(({ gone }, index) => {
    if (reachable[index] !== true) return [];
    const verdict = gone ? 'drop' : `goto ${serverChain(service, index)}`;
    return [add(chain, `${flow(service)} @${flowsOf(service, index)} ${verdict}`)];
  });
  const persistent = states.flatMap(({ gone }, index) => {
    if (reachable[index] !== true || gone || service.persistence === undefined) return [];
    return [
      add(
        chain,
        `${clientOf(service)} @${clientsOf(service, index)} goto ${serverChain(service, index)}_new`,
      ),
    ];
  });
  const map = verdictMap(
    expression,
    slots.map(index => `${serverChain(service, index)}_new`),
  );
  return [
    `add chain netdev ${TABLE} ${chain}`,
    ...known,
    ...(service.protocol === 'tcp' ? [add(chain, 'tcp flags & (fin | syn | rst | ack) != syn accept')] : []),
    ...persistent,
    ...(slots.length === 0 ? [] : [add(chain, map)]),
    add(chain, 'drop'),
  ];
}
