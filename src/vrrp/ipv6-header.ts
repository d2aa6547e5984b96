/** The IPv6 header in front of an advert that we send (RFC 8200 3). */
import type { IpAddress } from '../base/ip-address.ts';
import { bytesOfIp } from './ip-bytes.ts';
import { VRRP_PROTOCOL } from './packet.ts';

const LENGTH = 40;
/** Version 6, traffic class 0xc0: internetwork control. */
const FIRST_WORD = 0x6c00_0000;

export function withIpv6Header(
  payload: Buffer,
  source: IpAddress,
  destination: IpAddress,
  hopLimit: number,
): Buffer {
  const header = Buffer.alloc(LENGTH);
  header.writeUInt32BE(FIRST_WORD, 0);
  header.writeUInt16BE(payload.length, 4);
  header[6] = VRRP_PROTOCOL;
  header[7] = hopLimit;
  bytesOfIp(source).copy(header, 8);
  bytesOfIp(destination).copy(header, 24);
  return Buffer.concat([header, payload]);
}
