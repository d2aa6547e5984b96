/**
 * Receives VRRP packets of one family on one interface for all instances there. An IPv4 raw socket hands over the IP
 * header; an IPv6 one does not, so two sockets with a kernel filter on the hop limit share the work: one for
 * packets that may be good, one that counts those whose hop limit is wrong.
 */
import { loadKoffi } from '../net/system-calls.ts';
import { bytesOfIp, ipOf } from './ip-bytes.ts';
import { splitIpv4 } from './ipv4-header.ts';
import { SOL_SOCKET, SO_BINDTODEVICE } from './kernel-calls.ts';
import { VRRP_PROTOCOL, type Envelope } from './packet.ts';
import { createRawSocket, type RawSocket } from './raw-socket.ts';

const IPPROTO_IP = 0;
const IP_ADD_MEMBERSHIP = 35;
const IP_MULTICAST_ALL = 49;
const IPPROTO_IPV6 = 41;
const IPV6_JOIN_GROUP = 20;
const IPV6_MULTICAST_ALL = 29;
const SO_RCVBUF = 8;
const SO_ATTACH_FILTER = 26;
/** Largest packet: 255 IPv6 addresses. */
const BUFFER_SIZE = 8192;

export interface ReceiverOptions {
  readonly family: 4 | 6;
  /** Missing: every interface (unicast without interface). */
  readonly device?: { readonly name: string; readonly index: number };
  readonly groups: readonly string[];
  /** IPv6: hop limits below are counted, not read. */
  readonly leastHopLimit: number;
  readonly receiveBuffer?: number;
}

export interface ReceiverEvents {
  packet(payload: Buffer, envelope: Envelope): void;
  /** Not an IP packet in one piece, or an IPv6 packet from afar. */
  bad(kind: 'length' | 'ttl', payload: Buffer): void;
  error(error: Error): void;
}

export interface AdvertReceiver {
  close(): void;
}

export function openReceiver(options: ReceiverOptions, events: ReceiverEvents): AdvertReceiver {
  const sockets = options.family === 4 ? [openIpv4(options, events)] : openIpv6(options, events);
  return {
    close: () => {
      for (const socket of sockets) socket.close();
    },
  };
}

function open(options: ReceiverOptions, events: ReceiverEvents): RawSocket {
  const { family, device, receiveBuffer } = options;
  const socket = createRawSocket(family, VRRP_PROTOCOL, BUFFER_SIZE);
  socket.on('error', error => events.error(error));
  if (device !== undefined) {
    const name = Buffer.from(`${device.name}\0`);
    socket.setOption(SOL_SOCKET, SO_BINDTODEVICE, name, name.length);
  }
  if (receiveBuffer !== undefined) socket.setOption(SOL_SOCKET, SO_RCVBUF, receiveBuffer);
  return socket;
}

function openIpv4(options: ReceiverOptions, events: ReceiverEvents): RawSocket {
  const socket = open(options, events);
  socket.setOption(IPPROTO_IP, IP_MULTICAST_ALL, 0);
  for (const group of options.groups) {
    const membership = Buffer.alloc(12);
    bytesOfIp(ipOf(group)).copy(membership);
    membership.writeInt32LE(options.device?.index ?? 0, 8);
    socket.setOption(IPPROTO_IP, IP_ADD_MEMBERSHIP, membership, membership.length);
  }
  socket.on('message', packet => {
    const split = splitIpv4(packet);
    if (split === undefined) events.bad('length', packet);
    else events.packet(split.payload, split.envelope);
  });
  return socket;
}

function openIpv6(options: ReceiverOptions, events: ReceiverEvents): RawSocket[] {
  const good = open(options, events);
  const far = open(options, events);
  attachFilter(good, options.leastHopLimit, true);
  attachFilter(far, options.leastHopLimit, false);
  for (const socket of [good, far]) {
    socket.setOption(IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    for (const group of options.groups) {
      const membership = Buffer.alloc(20);
      bytesOfIp(ipOf(group)).copy(membership);
      membership.writeInt32LE(options.device?.index ?? 0, 16);
      socket.setOption(IPPROTO_IPV6, IPV6_JOIN_GROUP, membership, membership.length);
    }
  }
  good.on('message', (payload, source) => {
    events.packet(payload, { family: 6, source: ipOf(source), destinations: [], ttl: undefined });
  });
  far.on('message', payload => events.bad('ttl', payload));
  return [good, far];
}

const BPF_LOAD_BYTE = 0x30;
const BPF_JUMP_GE = 0x35;
const BPF_RETURN = 0x06;
/** SKF_NET_OFF: counts from the network header, which a raw IPv6 socket has already cut off. */
const HOP_LIMIT_OFFSET = 0xfff0_0000 + 7;
const WHOLE_PACKET = 0x4_0000;

/** Classic BPF (linux/filter.h): hop limit >= least ? take it : drop it; the other way round for `far`. */
function attachFilter(socket: RawSocket, least: number, takeNear: boolean): void {
  const instructions: readonly (readonly [number, number, number, number])[] = [
    [BPF_LOAD_BYTE, 0, 0, HOP_LIMIT_OFFSET],
    [BPF_JUMP_GE, 0, 1, least],
    [BPF_RETURN, 0, 0, takeNear ? WHOLE_PACKET : 0],
    [BPF_RETURN, 0, 0, takeNear ? 0 : WHOLE_PACKET],
  ];
  const code = Buffer.alloc(instructions.length * 8);
  for (const [index, [operation, jumpTrue, jumpFalse, value]] of instructions.entries()) {
    code.writeUInt16LE(operation, index * 8);
    code[index * 8 + 2] = jumpTrue;
    code[index * 8 + 3] = jumpFalse;
    code.writeUInt32LE(value, index * 8 + 4);
  }
  const koffi = loadKoffi();
  const memory = koffi.alloc('uint8_t', code.length) as unknown;
  try {
    koffi.encode(memory, 'uint8_t', [...code], code.length);
    const program = Buffer.alloc(16);
    program.writeUInt16LE(instructions.length, 0);
    program.writeBigUInt64LE(koffi.address(memory), 8);
    // the kernel copies the program during the call
    socket.setOption(SOL_SOCKET, SO_ATTACH_FILTER, program, program.length);
  } finally {
    koffi.free(memory);
  }
}
