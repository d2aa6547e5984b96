/**
 * Socket addresses as the kernel writes them (struct sockaddr_in, sockaddr_in6, sockaddr_un), to and from Endpoint.
 *
 *   in    family:2  port:2be  address:4   zero:8
 *   in6   family:2  port:2be  flow:4be    address:16  scope:4
 *   un    family:2  path, ended by NUL; or NUL and a name in the abstract namespace, ended by the length
 */
import { networkInterfaces } from 'node:os';
import { IpAddress, parseIpv6 } from '../base/ip-address.ts';
import type { Endpoint } from './connection.ts';
import { AF_INET, AF_INET6, AF_UNIX } from './system-calls.ts';

/** Room for any of them. */
export const ADDRESS_SIZE = 128;
const PATH_SIZE = 108;

export function encodeIp(family: 4 | 6, host: string, port: number): Buffer {
  return family === 4 ? encodeIpv4(host, port) : encodeIpv6(host, port);
}

function encodeIpv4(host: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  writeIpv4(bytes, 4, host);
  return bytes;
}

function encodeIpv6(host: string, port: number): Buffer {
  const bytes = Buffer.alloc(28);
  const [address = '::', zone] = host.split('%');
  bytes.writeUInt16LE(AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  writeIpv6(bytes, 8, address);
  if (zone !== undefined) bytes.writeUInt32LE(scopeOf(zone), 24);
  return bytes;
}

export function writeIpv4(into: Buffer, offset: number, host: string): void {
  const parts = host.split('.');
  for (let i = 0; i < 4; i++) into[offset + i] = Number(parts[i]);
}

/** Any textual form, without a zone. */
export function writeIpv6(into: Buffer, offset: number, host: string): void {
  const ip = parseIpv6(host);
  for (const [i, word] of [ip?.w0, ip?.w1, ip?.w2, ip?.w3].entries())
    into.writeUInt32BE(word ?? 0, offset + 4 * i);
}

function scopeOf(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone);
  const found = networkInterfaces()[zone]?.find(entry => entry.family === 'IPv6' && entry.scopeid !== 0);
  return found !== undefined && 'scopeid' in found ? found.scopeid : 0;
}

/** `path` begins with NUL for a name in the abstract namespace; undefined: longer than the kernel takes. */
export function encodeUnix(path: string): Buffer | undefined {
  const name = Buffer.from(path);
  const abstract = name[0] === 0;
  if (name.length > PATH_SIZE - (abstract ? 0 : 1)) return undefined;
  const bytes = Buffer.alloc(2 + name.length + (abstract ? 0 : 1));
  bytes.writeUInt16LE(AF_UNIX, 0);
  name.copy(bytes, 2);
  return bytes;
}

export function decodeAddress(bytes: Buffer, length: number): Endpoint {
  const family = length < 2 ? 0 : bytes.readUInt16LE(0);
  if (family === AF_INET) return { family: 4, host: readIpv4(bytes, 4), port: bytes.readUInt16BE(2) };
  if (family === AF_INET6) return { family: 6, host: readIpv6(bytes, 8), port: bytes.readUInt16BE(2) };
  const end = bytes[2] === 0 ? length : bytes.indexOf(0, 2);
  return { family: 0, host: length <= 2 ? '' : bytes.toString('utf8', 2, end < 2 ? length : end), port: 0 };
}

export function readIpv4(bytes: Buffer, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

export function readIpv6(bytes: Buffer, offset: number): string {
  const word = (i: number): number => bytes.readUInt32BE(offset + 4 * i);
  return new IpAddress(6, word(0), word(1), word(2), word(3)).toString();
}
