/** Where a server's places on the ring of consistent hashing begin (manual, section 5.2, `hash-key`). */
import { avalanche, xxh32 } from '../base/hash.ts';
import { ipToBytes, parseIp, type IpAddress } from '../base/ip-address.ts';
import type { Server } from '../model/server.ts';

/** Places reserved for each identifier: the highest weight times the scale of weights. */
const PLACES = 4096;

export function serverSeed(server: Server): number {
  const { hashKey, address, guid } = server;
  if (hashKey === 'addr' || hashKey === 'addr-port') {
    const ip = address.kind === 'ip' ? parseIp(address.host) : undefined;
    const port = address.kind === 'ip' ? address.port : 0;
    if (ip !== undefined) return addressSeed(ip, hashKey === 'addr-port' ? avalanche(port) : 0);
  }
  if (hashKey === 'id32') return avalanche(swapBytes(server.id));
  if (hashKey === 'guid' && guid !== undefined) return xxh32(guid, 0);
  return Math.imul(server.id, PLACES) >>> 0;
}

/** HAProxy reads the four bytes of an IPv4 address as a little-endian number. */
function addressSeed(ip: IpAddress, seed: number): number {
  return ip.family === 4 ? avalanche((seed + swapBytes(ip.w3)) | 0) : xxh32(ipToBytes(ip), seed);
}

function swapBytes(bits: number): number {
  return ((bits & 255) << 24) | ((bits & 0xff00) << 8) | ((bits >>> 8) & 0xff00) | (bits >>> 24);
}
