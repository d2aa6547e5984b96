/**
 * Where a client wanted to go: netfilter may have changed the destination of its connection on the way here (DNAT,
 * REDIRECT), and keeps what it was. As in HAProxy for IPv4, and not for sockets in transparent mode: they have the
 * client's destination already.
 */
import type { Endpoint } from './connection.ts';
import { ADDRESS_SIZE, decodeAddress } from './socket-address.ts';
import { IPPROTO_IP, IP_TRANSPARENT } from './socket-options.ts';
import { AF_INET, getOption, socketName } from './system-calls.ts';

const SO_ORIGINAL_DST = 80;

const address = Buffer.alloc(ADDRESS_SIZE);
const flag = Buffer.alloc(4);

/** The destination of an accepted connection; undefined: the descriptor is closed. */
export function destinationOf(fd: number): Endpoint | undefined {
  const length = fd < 0 ? -1 : socketName(fd, address);
  if (length < 0) return undefined;
  if (length >= 2 && address.readUInt16LE(0) === AF_INET && !isTransparent(fd)) {
    const own = decodeAddress(address, length);
    const original = getOption(fd, IPPROTO_IP, SO_ORIGINAL_DST, address);
    return original < 0 ? own : decodeAddress(address, original);
  }
  return decodeAddress(address, length);
}

function isTransparent(fd: number): boolean {
  return getOption(fd, IPPROTO_IP, IP_TRANSPARENT, flag) >= 0 && flag.readInt32LE() !== 0;
}
