/** The IPv4 header in front of an advert: read from what a raw socket receives, written for what one sends. */
import type { IpAddress } from '../base/ip-address.ts';
import { addWords, foldChecksum } from './checksum.ts';
import { bytesOfIp, readIp } from './ip-bytes.ts';
import { VRRP_PROTOCOL, type Envelope } from './packet.ts';

const LENGTH = 20;
/** Internetwork control: as routing protocols use it. */
const TOS = 0xc0;
/**
 * Our own: a master that keeps its connections when it gives up (handover/). The same service class with the bit that
 * means "capable of ECN", which means nothing here. Adverts have no field to spare in version 2; whoever does not know
 * it, or gets it changed on the way, loses nothing but those connections.
 */
const TOS_KEEPS_CONNECTIONS = 0xc2;

/** undefined: not a whole IPv4 packet. */
export function splitIpv4(
  packet: Buffer,
): { readonly envelope: Envelope; readonly payload: Buffer } | undefined {
  const first = packet[0] ?? 0;
  const headerLength = (first & 15) * 4;
  if (first >> 4 !== 4 || headerLength < LENGTH || packet.length < headerLength) return undefined;
  const total = packet.readUInt16BE(2);
  if (total < headerLength || total > packet.length) return undefined;
  return {
    envelope: {
      family: 4,
      source: readIp(packet, 12, 4),
      destinations: [readIp(packet, 16, 4)],
      ttl: packet[8] ?? 0,
      keepsConnections: packet[1] === TOS_KEEPS_CONNECTIONS,
    },
    payload: packet.subarray(headerLength, total),
  };
}

export function withIpv4Header(
  payload: Buffer,
  source: IpAddress,
  destination: IpAddress,
  ttl: number,
  id: number,
  keepsConnections = false,
  protocol = VRRP_PROTOCOL,
): Buffer {
  const header = Buffer.alloc(LENGTH);
  header[0] = 0x45;
  header[1] = keepsConnections ? TOS_KEEPS_CONNECTIONS : TOS;
  header.writeUInt16BE(LENGTH + payload.length, 2);
  header.writeUInt16BE(id & 0xffff, 4);
  header[8] = ttl;
  header[9] = protocol;
  bytesOfIp(source).copy(header, 12);
  bytesOfIp(destination).copy(header, 16);
  header.writeUInt16BE(foldChecksum(addWords(0, header)), 10);
  return Buffer.concat([header, payload]);
}
