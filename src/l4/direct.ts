/**
 * Forwarding by direct routing (lvs_method DR) as commands of nft: a packet goes on as it came, to the hardware address
 * of a server that has the virtual address on its loopback, and the server answers the client itself. This host sees one
 * side only, which connection tracking cannot follow: flows are remembered in maps of our own, two a service. Packets are taken
 * at the ingress of each interface; those of services by mark in prerouting, when they have their marks.
 *
 *   ingress ─▶ e1_vs0 ─▶ e1_vs0_3 (generation 3): flow known ─▶ e1_vs0_rs1: remember for longer ─▶ e1_vs0_rs1_way
 *                                                 new: choose ─▶ e1_vs0_rs1_new: remember      ─▶ e1_vs0_rs1_way
 *
 * A new edition of all that is made beside the one that works, which goes when the ingress has turned to it. Pure; called by
 * ruleset.ts and nft-driver.ts.
 */
import { renderServer } from './direct-server.ts';
import type { DirectPaths, Entrance } from './direct-path.ts';
import {
  chainOf,
  DIRECT_FAMILIES,
  directClientsOf,
  editionOf,
  endingOf,
  familyOf,
  flowOf,
  flowsOf,
  markAsItCame,
  mayBeTcp,
  numberOf,
  serverChains,
  type DirectFamily,
} from './direct-words.ts';
import {
  addressType,
  clientOf,
  generationChain,
  inOrderOfLookup,
  MOST_REMEMBERED,
  refusals,
  TABLE,
  targetMatch,
  verdictMap,
} from './nft-words.ts';
import { remembers, select } from './selection.ts';
import type { ConnectionTimeouts, Service, ServiceState } from './service.ts';

export interface DirectLayout extends DirectPaths {
  readonly edition: number;
}

/** What the kernel has of one of our tables. */
export interface FoundTable {
  readonly family: DirectFamily;
  readonly chains: readonly string[];
  readonly memories: readonly Memory[];
}

interface Memory {
  readonly kind: 'set' | 'map';
  readonly name: string;
}

/** The kernel takes 16 bytes for each at once. */
const MOST_ENDING = 524_288;
/** Between the rules that mark packets (mangle, -150) and those that translate them. */
const BEHIND_MARKS = 'prerouting';
const NOT_AN_OPENING = 'tcp flags & (fin | syn | rst | ack) != syn';

function add(family: DirectFamily, chain: string, text: string): string {
  return `add rule ${family} ${TABLE} ${chain} ${text}`;
}

/** One transaction: a new edition, and the ingress turns to it. */
export function renderDirect(
  states: readonly ServiceState[],
  timeouts: ConnectionTimeouts,
  layout: DirectLayout,
): string[] {
  return DIRECT_FAMILIES.flatMap(family => {
    const ofFamily = states.filter(({ service }) => familyOf(service) === family);
    return ofFamily.length === 0 ? [] : renderTable(family, ofFamily, timeouts, layout);
  });
}

function renderTable(
  family: DirectFamily,
  states: readonly ServiceState[],
  timeouts: ConnectionTimeouts,
  layout: DirectLayout,
): string[] {
  const { edition, servers } = layout;
  const services = chainOf(edition, 'services');
  return [
    `add table ${family} ${TABLE}`,
    ...states.flatMap(({ service }) => renderMemories(service)),
    ...states.flatMap(({ service }) =>
      service.servers.flatMap(({ address }, index) =>
        renderServer(service, index, edition, servers.get(address), timeouts),
      ),
    ),
    ...states.flatMap(state => [
      ...directGeneration(state, layout),
      `add chain ${family} ${TABLE} ${chainOf(edition, state.service.id)}`,
      add(family, chainOf(edition, state.service.id), `goto ${chainOf(edition, generationChain(state))}`),
    ]),
    `add chain ${family} ${TABLE} ${services}`,
    ...inOrderOfLookup(states.map(({ service }) => service)).map(({ service, target }) =>
      add(family, services, `${targetMatch(service, target)} goto ${chainOf(edition, service.id)}`),
    ),
    ...renderHooks(family, layout, services),
  ];
}

function renderMemories(service: Service): string[] {
  const type = addressType(service.family);
  const flow = `type ${flowOf(service).type} : mark`;
  return memoriesOf(service).map(({ kind, name }) => {
    const size = name === endingOf(service) ? MOST_ENDING : MOST_REMEMBERED;
    const what = kind === 'map' ? flow : `type ${type}`;
    return `add ${kind} ${familyOf(service)} ${TABLE} ${name} { ${what}; flags dynamic,timeout; size ${size}; }`;
  });
}

function memoriesOf(service: Service): Memory[] {
  const clients = service.persistence === undefined ? [] : [...service.servers.keys()];
  return [
    { kind: 'map', name: flowsOf(service) },
    ...(mayBeTcp(service) ? [{ kind: 'map' as const, name: endingOf(service) }] : []),
    ...clients.map(index => ({ kind: 'set' as const, name: directClientsOf(service, index) })),
  ];
}

function entranceChain({ device, index }: Entrance): string {
  return `in${index}_${device.replace(/[^A-Za-z0-9]/g, '_')}`;
}

function renderHooks(family: DirectFamily, { entrances }: DirectLayout, services: string): string[] {
  if (family === 'netdev') return entrances.flatMap(entrance => renderEntrance(entrance, services));
  return [
    `add chain ${family} ${TABLE} ${BEHIND_MARKS} { type filter hook prerouting priority -125; policy accept; }`,
    `flush chain ${family} ${TABLE} ${BEHIND_MARKS}`,
    add(family, BEHIND_MARKS, `jump ${services}`),
  ];
}

/** Of frames those that are for this host, and for the interface itself, not for a VLAN on it. */
function renderEntrance(entrance: Entrance, services: string): string[] {
  const chain = entranceChain(entrance);
  return [
    `add chain netdev ${TABLE} ${chain} { type filter hook ingress device "${entrance.device}" priority 0; policy accept; }`,
    `flush chain netdev ${TABLE} ${chain}`,
    ...(entrance.framed
      ? ['ip', 'ip6'].map(type =>
          add('netdev', chain, `meta pkttype host ether type ${type} jump ${services}`),
        )
      : [add('netdev', chain, `jump ${services}`)]),
  ];
}

/** A TCP segment of nobody's flow that opens none is this host's to answer; flows of a server that is gone wait for it. */
export function directGeneration(state: ServiceState, { edition, servers }: DirectLayout): string[] {
  const { service } = state;
  const family = familyOf(service);
  const chain = chainOf(edition, generationChain(state));
  const states = state.states.map((one, index) =>
    servers.has(service.servers[index]?.address ?? '') ? one : { ...one, weight: 0 },
  );
  const chains = states.map((_, index) => serverChains(edition, service, index));
  const { expression, slots } = select({ ...state, states });
  const { first, key } = flowOf(service);
  const known = (map: string, place: 'known' | 'way'): string => {
    const verdicts = states.map(
      ({ gone }, index) =>
        `${numberOf(service, index)} : ${gone ? 'drop' : `goto ${chains[index]?.[place] ?? ''}`}`,
    );
    return `${first}meta mark set ${key} map @${map} meta mark vmap { ${verdicts.join(', ')} }`;
  };
  const persistent = states.flatMap((one, index) => {
    const reachable = servers.has(service.servers[index]?.address ?? '');
    if (!remembers(one) || !reachable || service.persistence === undefined) return [];
    return [`${clientOf(service)} @${directClientsOf(service, index)} goto ${chains[index]?.fresh ?? ''}`];
  });
  const rules = [
    ...(service.packetByPacket === true ? [] : [known(flowsOf(service), 'known')]),
    ...(mayBeTcp(service)
      ? [
          `${NOT_AN_OPENING} ${known(endingOf(service), 'way')}`,
          `${NOT_AN_OPENING} ${markAsItCame(service)} accept`,
        ]
      : []),
    ...persistent,
    ...(slots.length === 0
      ? []
      : [
          verdictMap(
            expression,
            slots.map(index => chains[index]?.[service.packetByPacket === true ? 'way' : 'fresh'] ?? ''),
          ),
        ]),
    ...refusals(service.protocol, family),
  ];
  return [`add chain ${family} ${TABLE} ${chain}`, ...rules.map(rule => add(family, chain, rule))];
}

export function nextEdition(found: readonly FoundTable[]): number {
  return Math.max(0, ...found.flatMap(({ chains }) => chains).map(editionOf)) + 1;
}

/** The next transaction: what earlier editions have left, and memories of services that are no more. */
export function renderLeftovers(
  found: readonly FoundTable[],
  states: readonly ServiceState[],
  layout: DirectLayout,
): string[] {
  return found.flatMap(table => {
    const services = states
      .map(({ service }) => service)
      .filter(service => familyOf(service) === table.family);
    return services.length === 0 ? [] : leftoversOf(table, services, layout);
  });
}

function leftoversOf(
  { family, chains, memories }: FoundTable,
  services: readonly Service[],
  { edition, entrances }: DirectLayout,
): string[] {
  const entered = new Set([BEHIND_MARKS, ...entrances.map(entranceChain)]);
  const old = chains.filter(chain => editionOf(chain) !== edition && !entered.has(chain));
  const wanted = new Set(services.flatMap(memoriesOf).map(({ name }) => name));
  return [
    ...old.map(chain => `flush chain ${family} ${TABLE} ${chain}`),
    ...old.map(chain => `delete chain ${family} ${TABLE} ${chain}`),
    ...memories
      .filter(({ name }) => !wanted.has(name))
      .map(({ kind, name }) => `delete ${kind} ${family} ${TABLE} ${name}`),
  ];
}
