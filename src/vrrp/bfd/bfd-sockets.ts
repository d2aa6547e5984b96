/**
 * The sockets of BFD over UDP: one a family hears all neighbours on port 3784 (RFC 5881), another those that routers lie
 * before on port 4784 (RFC 5883). Each session has one of its own to speak from, whose port is its sign of identity. Sending is synchronous, as for adverts.
 */
import { createSocket } from 'node:dgram';
import { encodeIp } from '../../net/socket-address.ts';
import { AF_INET, AF_INET6, bindSocket, closeDescriptor, setOption } from '../../net/system-calls.ts';
import { errorText, openRawSocket, sendTo, SOCK_DGRAM } from '../kernel-calls.ts';

const PORT = 3784;
const MULTIHOP_PORT = 4784;
/** RFC 5881 4. */
const FIRST_SOURCE_PORT = 49_152;
const SOURCE_PORTS = 65_536 - FIRST_SOURCE_PORT;
const TRIES = 20;
const IPPROTO_IP = 0;
const IP_TTL = 2;
const IP_MINTTL = 21;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_V6ONLY = 26;
const IPV6_MINHOPCOUNT = 73;

export interface BfdSocket {
  close(): void;
}

export interface BfdSender extends BfdSocket {
  /** 0 or a negative errno. */
  send(packet: Buffer): number;
}

/** Neighbours of a kind. */
export interface BfdReach {
  readonly family: 4 | 6;
  readonly multihop: boolean;
}

/** Throws with the reason. What has come further than `leastTtl` allows the kernel drops (RFC 5881 5). */
export function openBfdReceiver(
  { family, multihop }: BfdReach,
  leastTtl: number,
  hear: (packet: Buffer, source: string) => void,
): BfdSocket {
  const fd = orThrow(openRawSocket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0));
  try {
    if (family === 6) setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (family === 4) setOption(fd, IPPROTO_IP, IP_MINTTL, leastTtl);
    else setOption(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, leastTtl);
    orThrow(bindSocket(fd, encodeIp(family, family === 4 ? '0.0.0.0' : '::', portOf(multihop))));
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  socket.on('message', (packet, { address }) => hear(packet, address.split('%')[0] ?? ''));
  // what a neighbour's host has against our packets is no news: the session tells
  socket.on('error', () => {});
  socket.bind({ fd });
  return { close: () => void socket.close() };
}

/** Bound to `source`, which may not be there yet: then a later packet tries again. */
export function openBfdSender(
  { family, multihop }: BfdReach,
  source: string | undefined,
  neighbor: string,
  ttl: number,
): BfdSender {
  let fd = -1;
  const target = encodeIp(family, neighbor, portOf(multihop));
  return {
    send: packet => {
      if (fd < 0) fd = openSource(family, source ?? (family === 4 ? '0.0.0.0' : '::'), ttl);
      return fd < 0 ? fd : Math.min(0, sendTo(fd, packet, target));
    },
    close: () => {
      if (fd >= 0) closeDescriptor(fd);
      fd = -1;
    },
  };
}

function portOf(multihop: boolean): number {
  return multihop ? MULTIHOP_PORT : PORT;
}

function openSource(family: 4 | 6, source: string, ttl: number): number {
  const fd = openRawSocket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
  if (fd < 0) return fd;
  if (family === 4) setOption(fd, IPPROTO_IP, IP_TTL, ttl);
  else setOption(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
  let bound = -1;
  for (let tries = 0; bound < 0 && tries < TRIES; tries++) {
    const port = FIRST_SOURCE_PORT + Math.floor(Math.random() * SOURCE_PORTS);
    bound = bindSocket(fd, encodeIp(family, source, port));
  }
  if (bound >= 0) return fd;
  closeDescriptor(fd);
  return bound;
}

function orThrow(result: number): number {
  if (result < 0) throw new Error(errorText(result));
  return result;
}
