/**
 * The chains of one server of direct routing: what is remembered of a flow that goes there, and how its packets leave. Pure;
 * called by direct.ts.
 */
import type { DirectPath } from './direct-path.ts';
import { directClientsOf, endingOf, flowOf, flowsOf, numberOf, serverChains } from './direct-words.ts';
import { addressWord, clientOf, TABLE } from './nft-words.ts';
import type { ConnectionTimeouts, Service } from './service.ts';

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
  const isTcp = service.protocol === 'tcp';
  return [
    ...chain(chains.way, wayOf(service, path)),
    ...(isTcp ? chain(chains.ending, [ends(service, index, timeouts), `goto ${chains.way}`]) : []),
    ...chain(chains.known, [
      ...(isTcp ? [`tcp flags & (fin | rst) != 0 goto ${chains.ending}`] : []),
      goesOn(service, index, timeouts),
      `goto ${chains.way}`,
    ]),
    ...chain(chains.fresh, [...begins(service, index, timeouts), `goto ${chains.way}`]),
  ];
}

function chain(name: string, rules: readonly string[]): string[] {
  return [
    `add chain netdev ${TABLE} ${name}`,
    ...rules.map(rule => `add rule netdev ${TABLE} ${name} ${rule}`),
  ];
}

/** A packet that has gone in a circle ends here; one for this host has no mark of ours any more. */
function wayOf({ family }: Service, path: DirectPath | undefined): string[] {
  if (path === undefined) return ['drop'];
  if (path.kind === 'local') return ['meta mark set 0 accept'];
  const word = addressWord(family);
  const left = family === 4 ? 'ip ttl' : 'ip6 hoplimit';
  return [`${left} > 1 fwd ${word} to ${path.via} device "${path.device}"`, 'drop'];
}

/** Where there is no room among those that end it stays with the others. */
function ends(service: Service, index: number, { tcpfin = ENDING_SEC }: ConnectionTimeouts): string {
  const remembered = remember('update', endingOf(service), service, index, tcpfin);
  return `${remembered} delete @${flowsOf(service)} { ${element(service, index)} }`;
}

function goesOn(service: Service, index: number, timeouts: ConnectionTimeouts): string {
  const longer = remember('update', flowsOf(service), service, index, idleSec(service, timeouts));
  return service.protocol === 'tcp' ? `tcp flags & syn == 0 ${longer}` : longer;
}

function begins(service: Service, index: number, timeouts: ConnectionTimeouts): string[] {
  const { persistence, protocol } = service;
  const isTcp = protocol === 'tcp';
  const clients = directClientsOf(service, index);
  // what may be left of an earlier flow of the same ports
  const before = [flowsOf(service), ...(isTcp ? [endingOf(service)] : [])];
  return [
    ...(persistence === undefined
      ? []
      : [`update @${clients} { ${clientOf(service)} timeout ${persistence.timeoutSec}s }`]),
    ...before.map(map => remember('delete', map, service, index)),
    remember('update', flowsOf(service), service, index, isTcp ? OPENING_SEC : idleSec(service, timeouts)),
  ];
}

function idleSec({ protocol }: Service, { tcp = TCP_SEC, udp = UDP_SEC }: ConnectionTimeouts): number {
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
