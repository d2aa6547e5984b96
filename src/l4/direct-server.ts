/**
 * The chains of one server of direct routing: what is remembered of a flow that goes there, and how its packets leave. Pure;
 * called by direct.ts.
 */
import type { DirectPath } from './direct-path.ts';
import {
  directClientsOf,
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
import { addressWord, clientOf, EVERY_PROTOCOL, protocolMatch, TABLE } from './nft-words.ts';
import type { ConnectionTimeouts, Protocol, Service } from './service.ts';

/** The kernel's own layer 4 switch has these where nothing is said, and gives half-open connections a minute. */
const TCP_SEC = 900;
const ENDING_SEC = 120;
const UDP_SEC = 300;
const OPENING_SEC = 60;

export function renderServer(
  service: Service,
  index: number,
  edition: number,
  path: DirectPath | undefined,
  timeouts: ConnectionTimeouts,
): string[] {
  const chains = serverChains(edition, service, index);
  const ending = [ends(service, index, timeouts), `goto ${chains.way}`];
  const known = [
    ...(mayBeTcp(service) ? [`tcp flags & (fin | rst) != 0 goto ${chains.ending}`] : []),
    ...goesOn(service, index, timeouts),
    `goto ${chains.way}`,
  ];
  const family = familyOf(service);
  return [
    ...chain(family, chains.way, wayOf(service, path)),
    ...(mayBeTcp(service) ? chain(family, chains.ending, ending) : []),
    ...chain(family, chains.known, known),
    ...chain(family, chains.fresh, [...begins(service, index, timeouts), `goto ${chains.way}`]),
  ];
}

function chain(family: DirectFamily, name: string, rules: readonly string[]): string[] {
  return [
    `add chain ${family} ${TABLE} ${name}`,
    ...rules.map(rule => `add rule ${family} ${TABLE} ${name} ${rule}`),
  ];
}

/**
 * A packet that has gone in a circle ends here; one for this host has no mark of ours any more. Behind the ingress a packet
 * cannot be sent on as it is, but a copy of it can.
 */
function wayOf(service: Service, path: DirectPath | undefined): string[] {
  if (path === undefined) return ['drop'];
  if (path.kind === 'local') return [`${markAsItCame(service)} accept`];
  const left = service.family === 4 ? 'ip ttl' : 'ip6 hoplimit';
  const to = `to ${path.via} device "${path.device}"`;
  const send =
    familyOf(service) === 'netdev' ? `fwd ${addressWord(service.family)} ${to}` : `meta mark set 0 dup ${to}`;
  return [`${left} > 1 ${send}`, 'drop'];
}

/** Where there is no room among those that end it stays with the others. */
function ends(service: Service, index: number, { tcpfin = ENDING_SEC }: ConnectionTimeouts): string {
  const remembered = remember('update', endingOf(service), service, index, tcpfin);
  return `${remembered} delete @${flowsOf(service)} { ${element(service, index)} }`;
}

function goesOn(service: Service, index: number, timeouts: ConnectionTimeouts): string[] {
  return protocolsOf(service).map(([protocol, match]) => {
    const longer = remember('update', flowsOf(service), service, index, idleSec(protocol, timeouts));
    return `${match}${protocol === 'tcp' ? 'tcp flags & syn == 0 ' : ''}${longer}`;
  });
}

function begins(service: Service, index: number, timeouts: ConnectionTimeouts): string[] {
  const { persistence } = service;
  const clients = directClientsOf(service, index);
  // what may be left of an earlier flow of the same ports
  const before = [flowsOf(service), ...(mayBeTcp(service) ? [endingOf(service)] : [])];
  return [
    ...(persistence === undefined
      ? []
      : [`update @${clients} { ${clientOf(service)} timeout ${persistence.timeoutSec}s }`]),
    ...before.map(map => remember('delete', map, service, index)),
    ...protocolsOf(service).map(([protocol, match]) => {
      const seconds = protocol === 'tcp' ? OPENING_SEC : idleSec(protocol, timeouts);
      return `${match}${remember('update', flowsOf(service), service, index, seconds)}`;
    }),
  ];
}

/** With what tells one from the others, where a service has all of them. */
function protocolsOf({ protocol }: Service): (readonly [Protocol, string])[] {
  if (protocol !== undefined) return [[protocol, '']];
  return EVERY_PROTOCOL.map(one => [one, `${protocolMatch(one)} `]);
}

function idleSec(protocol: Protocol, { tcp = TCP_SEC, udp = UDP_SEC }: ConnectionTimeouts): number {
  return protocol === 'udp' ? udp : tcp;
}

function remember(
  verb: 'update' | 'delete',
  map: string,
  service: Service,
  index: number,
  seconds?: number,
): string {
  return `${flowOf(service).first}${verb} @${map} { ${element(service, index, seconds)} }`;
}

function element(service: Service, index: number, seconds?: number): string {
  const limit = seconds === undefined ? '' : ` timeout ${seconds}s`;
  return `${flowOf(service).key}${limit} : ${numberOf(service, index)}`;
}
