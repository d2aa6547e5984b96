/**
 * Receives VRRP packets of one family on one interface for all instances there, on two raw sockets: the kernel sorts
 * packets that may be good from the rest (advert-filter.ts). The rest is read now and then only, to be counted.
 */
import { loadKoffi } from '../net/system-calls.ts';
import { compileFilter, type AdvertFilter } from './advert-filter.ts';
import { AH_PROTOCOL, opened } from './authentication-header.ts';
import { AdvertQueue, type QueueEvents, type QueuePace } from './advert-queue.ts';
import type { Clock } from './clock.ts';
import { bytesOfIp, ipOf, readIp } from './ip-bytes.ts';
import { splitIpv4 } from './ipv4-header.ts';
import { SOL_SOCKET, SO_BINDTODEVICE } from './kernel-calls.ts';
import { VRRP_PROTOCOL, type Envelope } from './packet.ts';
import type { RawSocket } from './raw-socket.ts';

const IPPROTO_IP = 0;
const IP_ADD_MEMBERSHIP = 35;
const IP_MULTICAST_ALL = 49;
const IPPROTO_IPV6 = 41;
const IPV6_JOIN_GROUP = 20;
const IPV6_MULTICAST_ALL = 29;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;
const QUEUE_BYTES = 1 << 20;
/** Two thousand adverts a second are read as they come. A pause is short beside the shortest interval. */
const GOOD_PACE: QueuePace = { freePackets: 200, pauseMs: 2 };
/** Nobody waits for the rest. */
const REST_PACE: QueuePace = { freePackets: 0, pauseMs: 20 };

export interface ReceiverOptions extends AdvertFilter {
  /** Missing: every interface (unicast without interface). */
  readonly device?: { readonly name: string; readonly index: number };
  readonly groups: readonly string[];
  readonly receiveBuffer?: number;
}

export interface ReceiverEvents {
  packet(payload: Buffer, envelope: Envelope): void;
  /** Not for us, or bad in a way that the kernel has seen. IPv6: also a wrong hop limit. */
  rest(payload: Buffer, envelope: Envelope): void;
  /** Not an IP packet in one piece. */
  broken(): void;
  error(error: Error): void;
}

export interface AdvertReceiver {
  /** Packets that came faster than they are read. */
  readonly dropped: number;
  /** Packets that may be good, now, even while reading pauses. */
  readWaiting(): void;
  close(): void;
}

export function openReceiver(options: ReceiverOptions, events: ReceiverEvents, clock: Clock): AdvertReceiver {
  const good = open(options, true, events, clock);
  const rest = open(options, false, events, clock);
  return {
    get dropped() {
      return good.dropped + rest.dropped;
    },
    readWaiting: () => good.readWaiting(),
    close: () => {
      good.close();
      rest.close();
    },
  };
}

/** An IPv4 raw socket hands over the IP header, an IPv6 one does not. */
function readerOf(
  { family, sealed }: ReceiverOptions,
  events: ReceiverEvents,
  take: (payload: Buffer, envelope: Envelope) => void,
): QueueEvents['packet'] {
  if (family === 6)
    return (payload, source) =>
      take(payload, { family, source: readIp(source, 0, 6), destinations: [], ttl: undefined });
  return packet => {
    const whole = splitIpv4(packet);
    const split = whole !== undefined && sealed === true ? opened(packet, whole) : whole;
    if (split === undefined) events.broken();
    else take(split.payload, split.envelope);
  };
}

function open(
  options: ReceiverOptions,
  takeGood: boolean,
  events: ReceiverEvents,
  clock: Clock,
): AdvertQueue {
  const { family, device } = options;
  const packet = readerOf(options, events, (payload, envelope) =>
    takeGood ? events.packet(payload, envelope) : events.rest(payload, envelope),
  );
  const pace = takeGood ? GOOD_PACE : REST_PACE;
  const queue = new AdvertQueue(
    family,
    options.sealed === true ? AH_PROTOCOL : VRRP_PROTOCOL,
    pace,
    { packet, error: error => events.error(error) },
    clock,
  );
  const { socket } = queue;
  attachFilter(socket, compileFilter(options, takeGood));
  if (!takeGood) queue.forgetWaiting();
  if (device !== undefined) {
    const name = Buffer.from(`${device.name}\0`);
    socket.setOption(SOL_SOCKET, SO_BINDTODEVICE, name, name.length);
  }
  socket.setOption(SOL_SOCKET, SO_RCVBUFFORCE, (takeGood ? options.receiveBuffer : undefined) ?? QUEUE_BYTES);
  socket.setOption(
    family === 4 ? IPPROTO_IP : IPPROTO_IPV6,
    family === 4 ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL,
    0,
  );
  for (const group of options.groups) join(socket, family, group, device?.index ?? 0);
  return queue;
}

/** struct ip_mreqn, struct ipv6_mreq. */
function join(socket: RawSocket, family: 4 | 6, group: string, index: number): void {
  const membership = Buffer.alloc(family === 4 ? 12 : 20);
  bytesOfIp(ipOf(group)).copy(membership);
  membership.writeInt32LE(index, membership.length - 4);
  if (family === 4) socket.setOption(IPPROTO_IP, IP_ADD_MEMBERSHIP, membership, membership.length);
  else socket.setOption(IPPROTO_IPV6, IPV6_JOIN_GROUP, membership, membership.length);
}

function attachFilter(socket: RawSocket, code: Buffer): void {
  const koffi = loadKoffi();
  const memory = koffi.alloc('uint8_t', code.length) as unknown;
  try {
    koffi.encode(memory, 'uint8_t', [...code], code.length);
    const program = Buffer.alloc(16);
    program.writeUInt16LE(code.length / 8, 0);
    program.writeBigUInt64LE(koffi.address(memory), 8);
    // the kernel copies the program during the call
    socket.setOption(SOL_SOCKET, SO_ATTACH_FILTER, program, program.length);
  } finally {
    koffi.free(memory);
  }
}
