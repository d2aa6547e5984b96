/**
 * `auth_hmac`: adverts of either version end with a trailer by which a receiver knows that the sender has a key, and
 * that nobody sends an old advert again (keepalived.conf(5) of 2.4, auth_hmac).
 *
 *   0        8        16       24      31
 *   |scheme 1|key id  | 0               |
 *   | seconds since 1970                |
 *   | 1/65536 s       | counter         |
 *   | first 16 bytes of HMAC-SHA-256    |
 *
 * The digest is over family, version, router id and source (20 bytes), the advert with zeros as its checksum, and the
 * trailer with zeros as its digest.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IpAddress } from '../base/ip-address.ts';
import type { AdvertSignature } from '../model/vrrp-instance.ts';
import type { Badness } from '../model/vrrp-snapshot.ts';
import { bytesOfIp } from './ip-bytes.ts';
import { TRAILER_LENGTH } from './packet.ts';

const SCHEME = 1;
const KEY_ID_AT = 1;
const RESERVED_AT = 2;
const NUMBER_AT = 4;
const DIGEST_AT = 12;
const PSEUDO_HEADER = 20;
const CHECKSUM_AT = 6;
const CHECKSUM_END = 8;
/** Multicast senders that are remembered: more than a few at once are no routers. */
const MOST_SENDERS = 4;

/** The numbers of an instance's signed adverts, sent and heard: each is a time, and above the one before. */
export class SignedOrder {
  #sent = 0n;
  /** By source, the one heard last at the end. */
  readonly #heard = new Map<string, bigint>();

  /** `now`: milliseconds since 1970. */
  next(now: number, { windowSec }: AdvertSignature): bigint {
    const byClock = numberAt(now);
    const isStranded = windowSec !== undefined && secondsOf(this.#sent) - secondsOf(byClock) > windowSec;
    // a clock that was set back leaves us ahead of what others believe
    this.#sent = isAfter(byClock, this.#sent) || isStranded ? byClock : this.#sent + 1n;
    return this.#sent;
  }

  /** True: it is new. */
  take(source: string, number: bigint, now: number, { windowSec }: AdvertSignature): boolean {
    const last = this.#heard.get(source);
    const counts =
      last !== undefined &&
      (windowSec === undefined || Math.abs(secondsAt(now) - secondsOf(last)) <= windowSec);
    if (counts && !isAfter(number, last)) return false;
    this.#heard.delete(source);
    this.#heard.set(source, number);
    return true;
  }

  /** Of the senders to a group, those that were heard longest ago. */
  forgetOld(): void {
    for (const source of this.#heard.keys()) {
      if (this.#heard.size <= MOST_SENDERS) return;
      this.#heard.delete(source);
    }
  }
}

/** The trailer of an advert without its checksum. */
export function sign(advert: Buffer, source: IpAddress, signature: AdvertSignature, number: bigint): Buffer {
  const trailer = Buffer.alloc(TRAILER_LENGTH);
  trailer[0] = SCHEME;
  trailer[KEY_ID_AT] = signature.activeKey;
  trailer.writeBigUInt64BE(BigInt.asUintN(64, number), NUMBER_AT);
  const key = keyOf(signature, signature.activeKey);
  if (key !== undefined) digestOf(Buffer.concat([advert, trailer]), source, key).copy(trailer, DIGEST_AT);
  return trailer;
}

/** What a trailer says, when it is one of somebody who has a key: its number, or what is wrong. */
export function verify(
  signed: Buffer,
  source: IpAddress,
  signature: AdvertSignature,
  now: number,
): { readonly number: bigint; readonly bad?: undefined } | { readonly bad: Badness } {
  const trailer = signed.subarray(signed.length - TRAILER_LENGTH);
  if (trailer[0] !== SCHEME || trailer.readUInt16BE(RESERVED_AT) !== 0) return { bad: 'hmacMalformed' };
  const number = trailer.readBigUInt64BE(NUMBER_AT);
  // before the digest, so that old packets cost little
  if (signature.windowSec !== undefined && Math.abs(skewSec(number, now)) > signature.windowSec)
    return { bad: 'hmacStale' };
  const key = keyOf(signature, trailer[KEY_ID_AT]);
  if (key === undefined) return { bad: 'hmacUnknownKey' };
  const isRight = timingSafeEqual(trailer.subarray(DIGEST_AT), digestOf(signed, source, key));
  return isRight ? { number } : { bad: 'hmacInvalid' };
}

/** How many seconds the clock of the sender is behind ours. */
export function skewSec(number: bigint, now: number): number {
  return secondsAt(now) - secondsOf(number);
}

function keyOf({ keys }: AdvertSignature, id: number | undefined): Buffer | undefined {
  const key = keys.find(one => one.id === id);
  return key === undefined ? undefined : Buffer.from(key.hex, 'hex');
}

function digestOf(signed: Buffer, source: IpAddress, key: Buffer): Buffer {
  const bytes = Buffer.alloc(PSEUDO_HEADER + signed.length);
  const advert = bytes.subarray(PSEUDO_HEADER);
  signed.copy(advert);
  advert.fill(0, CHECKSUM_AT, CHECKSUM_END);
  advert.fill(0, signed.length - TRAILER_LENGTH + DIGEST_AT);
  bytes[0] = source.family;
  bytes[1] = (advert[0] ?? 0) >> 4;
  bytes[2] = advert[1] ?? 0;
  bytesOfIp(source).copy(bytes, 4);
  return createHmac('sha256', key)
    .update(bytes)
    .digest()
    .subarray(0, TRAILER_LENGTH - DIGEST_AT);
}

function numberAt(now: number): bigint {
  return (BigInt(secondsAt(now)) << 32n) | (BigInt(Math.floor(((now % 1000) * 65_536) / 1000)) << 16n);
}

function secondsAt(now: number): number {
  return Math.floor(now / 1000);
}

function secondsOf(number: bigint): number {
  return Number(number >> 32n);
}

/** RFC 1982: the numbers go round. */
function isAfter(one: bigint, other: bigint): boolean {
  return BigInt.asIntN(64, one - other) > 0n;
}
