/** Addresses in network byte order inside packets, and their order as numbers (RFC 5798 6.4.3: "greater than"). */
import { IpAddress, ipToBytes, parseIp } from '../base/ip-address.ts';

export function readIp(bytes: Buffer, offset: number, family: 4 | 6): IpAddress {
  if (family === 4) return IpAddress.v4(bytes.readUInt32BE(offset));
  const word = (index: number): number => bytes.readUInt32BE(offset + 4 * index);
  return new IpAddress(6, word(0), word(1), word(2), word(3));
}

export function bytesOfIp(ip: IpAddress): Buffer {
  return Buffer.from(ipToBytes(ip), 'latin1');
}

/** The sum of its 16-bit words, for checksums. */
export function wordsOfIp({ family, w0, w1, w2, w3 }: IpAddress): number {
  const last = (w3 >>> 16) + (w3 & 0xffff);
  if (family === 4) return last;
  return (w0 >>> 16) + (w0 & 0xffff) + (w1 >>> 16) + (w1 & 0xffff) + (w2 >>> 16) + (w2 & 0xffff) + last;
}

/** For addresses that configuration or kernel gave, known to be well formed. */
export function ipOf(text: string): IpAddress {
  const ip = parseIp(text.split('%')[0] ?? text);
  if (ip === undefined) throw new Error(`not an IP address: ${text}`);
  return ip;
}

/** Negative, 0 or positive, as sort wants it. */
export function compareIp(one: IpAddress, other: IpAddress): number {
  return one.w0 - other.w0 || one.w1 - other.w1 || one.w2 - other.w2 || one.w3 - other.w3;
}
