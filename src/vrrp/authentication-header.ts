/**
 * `auth_type AH`: adverts of version 2 behind an IP authentication header (RFC 2402) with HMAC-MD5-96 (RFC 2403), as
 * RFC 2338 5.3.6.3 had it and keepalived goes on doing: its own security association, whose index is the source address.
 *
 *   0        8        16       24      31
 *   |112     |4       | 0               |
 *   | source address                    |
 *   | sequence number                   |
 *   | first 12 bytes of the HMAC over the IP header without what changes on the way, this header and the advert
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { sameIp, type IpAddress } from '../base/ip-address.ts';
import { bytesOfIp, readIp } from './ip-bytes.ts';
import { VRRP_PROTOCOL, type Envelope } from './packet.ts';

export const AH_PROTOCOL = 51;
export const AH_LENGTH = 24;
/** In 32-bit words, less two. */
const AH_WORDS = AH_LENGTH / 4 - 2;
const INDEX_AT = 4;
const SEQUENCE_AT = 8;
const DIGEST_AT = 12;
const KEY_LENGTH = 8;
const MOST = 0xffff_ffff;

/** The numbers of an instance's packets, sent or heard: what is not above the last one has been seen. */
export class SequenceNumbers {
  #last = 0;

  next(): number {
    this.#last = Math.min(this.#last + 1, MOST);
    return this.#last;
  }

  /** True: it is new. */
  take(number: number): boolean {
    const isNew = number > this.#last;
    if (isNew) this.#last = number;
    return isNew;
  }
}

/** What the sender puts in front of an advert, and how it closes the packet. */
export interface Seal {
  readonly key: string;
  readonly sequence: number;
  /** The time-to-live is not part of the digest. */
  readonly unicast: boolean;
}

/** The header, still open. */
export function openHeader(source: IpAddress, { sequence }: Seal): Buffer {
  const header = Buffer.alloc(AH_LENGTH);
  header[0] = VRRP_PROTOCOL;
  header[1] = AH_WORDS;
  bytesOfIp(source).copy(header, INDEX_AT);
  header.writeUInt32BE(sequence, SEQUENCE_AT);
  return header;
}

/** Writes the digest into a whole packet whose authentication header is open. */
export function close(packet: Buffer, { key, unicast }: Seal): Buffer {
  digestOf(packet, key, unicast).copy(packet, ipHeaderLength(packet) + DIGEST_AT);
  return packet;
}

/** The advert behind the header, and the packet for `isSealed`; undefined: there is not even a header. */
export function opened(
  packet: Buffer,
  { envelope, payload }: { readonly envelope: Envelope; readonly payload: Buffer },
): { readonly envelope: Envelope; readonly payload: Buffer } | undefined {
  if (payload.length < AH_LENGTH) return undefined;
  const sealed = packet.subarray(0, ipHeaderLength(packet) + payload.length);
  return { envelope: { ...envelope, sealed }, payload: payload.subarray(AH_LENGTH) };
}

/** Whoever sent it knows the key, and has the address it came from. */
export function isSealed(packet: Buffer, key: string, source: IpAddress, unicast: boolean): boolean {
  const header = ipHeaderLength(packet);
  const digest = digestOf(packet, key, unicast);
  const said = packet.subarray(header + DIGEST_AT, header + AH_LENGTH);
  return timingSafeEqual(digest, said) && sameIp(readIp(packet, header + INDEX_AT, 4), source);
}

export function sequenceOf(packet: Buffer): number {
  return packet.readUInt32BE(ipHeaderLength(packet) + SEQUENCE_AT);
}

function ipHeaderLength(packet: Buffer): number {
  return ((packet[0] ?? 0) & 15) * 4;
}

/** Over the packet as it was sent: routers change service type, fragments, checksum, and from afar the time-to-live. */
function digestOf(packet: Buffer, key: string, unicast: boolean): Buffer {
  const bytes = Buffer.from(packet);
  const header = ipHeaderLength(packet);
  bytes[1] = 0;
  bytes.fill(0, 6, 8);
  if (unicast) bytes[8] = 0;
  bytes.fill(0, 10, 12);
  bytes.fill(0, header + DIGEST_AT, header + AH_LENGTH);
  const padded = Buffer.alloc(KEY_LENGTH);
  padded.write(key, 'latin1');
  return createHmac('md5', padded)
    .update(bytes)
    .digest()
    .subarray(0, AH_LENGTH - DIGEST_AT);
}
