/**
 * How many connections each server has: of translated services those that the kernel tracks, of directly routed ones the flows
 * that our own maps remember (direct.ts). Called by nft-driver.ts.
 */
import { ipToBytes, parseIp } from '../../base/ip-address.ts';
import { encodeAttribute, text } from '../../vrrp/netlink-message.ts';
import { familyOf, flowsOf, numberOf, type DirectFamily } from '../direct-words.ts';
import { TABLE } from '../nft-words.ts';
import type { Family, Protocol, Service, Target } from '../service.ts';
import { attributeIn, attributesOf } from './attribute.ts';
import { NetfilterSocket } from './netfilter-socket.ts';
import { LIST_TRACKED, readTracked, type TrackedConnection } from './tracked-connection.ts';

/** NFT_MSG_GETSETELEM of NFNL_SUBSYS_NFTABLES, and its attributes (linux/netfilter/nf_tables.h). */
const LIST_ELEMENTS = 0xa0d;
const LIST_TABLE = 1;
const LIST_SET = 2;
const LIST_ENTRIES = 3;
const ELEMENT_DATA = 2;
const DATA_VALUE = 1;
const SOCKET_FAMILIES = { 4: 2, 6: 10 } as const;
const TABLE_FAMILIES: Readonly<Record<DirectFamily, number>> = { netdev: 5, ip: 2, ip6: 10 };
const PROTOCOL_NUMBERS: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17, sctp: 132 };

/** By server of a service. */
export type Counts = ReadonlyMap<Service, readonly number[]>;

/** A server of a service, among others of the same address and port. */
interface Place {
  readonly counts: number[];
  readonly index: number;
  readonly isAsked: (connection: TrackedConnection) => boolean;
}

/** Resolves to what is wrong where the kernel does not tell. */
export async function countConnections(services: readonly Service[]): Promise<Counts | string> {
  const counts = new Map(services.map(service => [service, service.servers.map(() => 0)]));
  let socket: NetfilterSocket | undefined;
  try {
    socket = new NetfilterSocket();
    for (const family of [4, 6] as const) {
      const trouble = await countTracked(socket, family, counts);
      if (trouble !== undefined) return trouble;
    }
    for (const [service, ofService] of counts) await countFlows(socket, service, ofService);
    return counts;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    socket?.close();
  }
}

async function countTracked(
  socket: NetfilterSocket,
  family: Family,
  counts: ReadonlyMap<Service, number[]>,
): Promise<string | undefined> {
  const places = placesOf(family, counts);
  if (places.size === 0) return undefined;
  return socket.list(LIST_TRACKED, SOCKET_FAMILIES[family], [], entry => {
    const connection = readTracked(entry, family);
    if (connection === undefined) return;
    const { protocol, serverAddress, serverPort } = connection;
    const place =
      places.get(keyOf(protocol, serverAddress, serverPort))?.find(one => one.isAsked(connection)) ??
      places.get(keyOf(protocol, serverAddress, 0))?.find(one => one.isAsked(connection));
    if (place !== undefined) place.counts[place.index] = (place.counts[place.index] ?? 0) + 1;
  });
}

/** By what connections to them have in common; services by mark, which nothing in a connection tells, behind the others. */
function placesOf(family: Family, counts: ReadonlyMap<Service, number[]>): ReadonlyMap<string, Place[]> {
  const places = new Map<string, Place[]>();
  const byMark = ({ targets }: Service): number => (targets.some(({ kind }) => kind === 'mark') ? 1 : 0);
  const services = [...counts].toSorted(([one], [other]) => byMark(one) - byMark(other));
  for (const [service, ofService] of services) {
    if (service.method !== 'NAT' || service.family !== family) continue;
    const isAsked = askedBy(service);
    const protocols =
      service.protocol === undefined ? Object.values(PROTOCOL_NUMBERS) : [PROTOCOL_NUMBERS[service.protocol]];
    for (const [index, { address, port }] of service.servers.entries())
      for (const protocol of protocols) {
        const key = keyOf(protocol, bytesOf(address), port);
        const same = places.get(key) ?? [];
        if (!same.some(one => one.counts === ofService))
          places.set(key, [...same, { counts: ofService, index, isAsked }]);
      }
  }
  return places;
}

function keyOf(protocol: number, address: string, port: number): string {
  return `${protocol} ${port} ${address}`;
}

function askedBy({ targets }: Service): Place['isAsked'] {
  const tests = targets.map(testOf);
  return connection => tests.some(test => test(connection));
}

function testOf(target: Target): Place['isAsked'] {
  if (target.kind === 'mark') return () => true;
  const [first, last, port] = [bytesOf(target.first), bytesOf(target.last), target.port];
  return ({ askedAddress, askedPort }) =>
    askedAddress >= first && askedAddress <= last && (port === 0 || port === askedPort);
}

function bytesOf(address: string): string {
  const ip = parseIp(address);
  return ip === undefined ? '' : ipToBytes(ip);
}

/** Where its map is not there yet nothing is counted. */
async function countFlows(socket: NetfilterSocket, service: Service, counts: number[]): Promise<void> {
  if (service.method !== 'DR') return;
  const servers = new Map(service.servers.map((_, index) => [Number(numberOf(service, index)), index]));
  const map = [encodeAttribute(LIST_TABLE, text(TABLE)), encodeAttribute(LIST_SET, text(flowsOf(service)))];
  await socket.list(LIST_ELEMENTS, TABLE_FAMILIES[familyOf(service)], map, message => {
    for (const element of attributesOf(attributeIn(message, LIST_ENTRIES))) {
      const value = attributeIn(attributeIn(element, ELEMENT_DATA), DATA_VALUE);
      const index = value?.length === 4 ? servers.get(value.readUInt32LE(0)) : undefined;
      if (index !== undefined) counts[index] = (counts[index] ?? 0) + 1;
    }
  });
}
