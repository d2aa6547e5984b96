/**
 * VRRP adverts <-> bytes: version 2 (RFC 3768 5.1) and 3 (RFC 5798 5.1, RFC 9568 5.1), over IPv4 and IPv6. Parsing
 * never throws: a packet is an advert or a kind of badness, which is counted and changes nothing.
 *
 *   version 2                                       version 3
 *   0        8        16       24      31           0        8        16       24      31
 *   |2  |1   | VRID   | prio   | count  |           |3  |1   | VRID   | prio   | count  |
 *   | auth   | secs   |    checksum     |           |0 | centisecs    |    checksum     |
 *   | addresses, 4 bytes each           |           | addresses, 4 or 16 bytes each     |
 *   | authentication data, 8 bytes      |
 */
import type { IpAddress } from '../base/ip-address.ts';
import type { Badness } from '../model/vrrp-snapshot.ts';
import { addWords, foldChecksum } from './checksum.ts';
import { bytesOfIp, readIp, wordsOfIp } from './ip-bytes.ts';

export const VRRP_PROTOCOL = 112;
const HEADER_LENGTH = 8;
const AUTH_LENGTH = 8;
/** Behind a signed advert (advert-signature.ts). */
export const TRAILER_LENGTH = 28;
const TYPE_ADVERTISEMENT = 1;
const AUTH_NONE = 0;
const AUTH_PASS = 1;
const AUTH_AH = 2;

export interface Advert {
  readonly source: IpAddress;
  readonly version: 2 | 3;
  readonly virtualRouterId: number;
  /** 0: the master gives up. */
  readonly priority: number;
  readonly advertIntMs: number;
  readonly addresses: readonly IpAddress[];
}

/** What the IP header says, or the socket where it does not hand headers over. */
export interface Envelope {
  readonly family: 4 | 6;
  readonly source: IpAddress;
  /** One of these was the destination: they go into the pseudo header. */
  readonly destinations: readonly IpAddress[];
  /** undefined: the kernel has checked it already. */
  readonly ttl: number | undefined;
  /** The sender goes on with the connections it began (handover/); never known for IPv6. */
  readonly keepsConnections?: boolean;
  /** From the IP header on, where an authentication header was in front of the advert (authentication-header.ts). */
  readonly sealed?: Buffer;
}

/** What an instance wants to see. */
export interface Expectation {
  readonly version: 2 | 3;
  readonly virtualRouterId: number;
  readonly authPass?: string;
  /** What is in `sealed` is checked by others. */
  readonly authKey?: string;
  /** A trailer may follow; it is checked by others. */
  readonly mayBeSigned?: boolean;
  /** Range of time-to-live values. */
  readonly ttl: readonly [number, number];
  /** Version 3 without pseudo header, as very old keepalived. */
  readonly v3ChecksumAsV2: boolean;
}

export type Parsed =
  /** `signed`: advert and trailer, where there is one. */
  | { readonly advert: Advert; readonly signed?: Buffer; readonly bad?: undefined }
  | { readonly bad: Badness; readonly advert?: undefined };

/** Checks in the order of RFC 5798 7.1; `payload` starts with the VRRP header. */
export function parseAdvert(payload: Buffer, envelope: Envelope, wanted: Expectation): Parsed {
  const { ttl, family } = envelope;
  if (ttl !== undefined && (ttl < wanted.ttl[0] || ttl > wanted.ttl[1])) return { bad: 'ttl' };
  if (payload.length < HEADER_LENGTH) return { bad: 'length' };
  const [versionAndType = 0, virtualRouterId = 0, priority = 0, count = 0, authType = 0] = payload;
  if (versionAndType >> 4 !== wanted.version) return { bad: 'version' };
  if ((versionAndType & 15) !== TYPE_ADVERTISEMENT) return { bad: 'type' };
  const addressLength = family === 4 ? 4 : 16;
  const length = HEADER_LENGTH + count * addressLength + (wanted.version === 2 ? AUTH_LENGTH : 0);
  const isSigned = wanted.mayBeSigned === true && payload.length === length + TRAILER_LENGTH;
  if (!isSigned && !isWhole(payload, length)) return { bad: 'length' };
  // that of IPv6 is computed over all there is (RFC 8200 8.1)
  const summed = isSigned && family === 6 ? payload.length : length;
  if (!checksumIsFine(payload, summed, envelope, wanted)) return { bad: 'checksum' };
  if (virtualRouterId !== wanted.virtualRouterId) return { bad: 'vrid' };
  const refused = wanted.version === 2 ? checkAuth(payload, length, authType, wanted) : undefined;
  if (refused !== undefined) return { bad: refused };
  const advertIntMs =
    wanted.version === 2 ? (payload[5] ?? 0) * 1000 : (payload.readUInt16BE(4) & 0xfff) * 10;
  const addresses = Array.from({ length: count }, (_, index) =>
    readIp(payload, HEADER_LENGTH + index * addressLength, family),
  );
  return {
    advert: {
      source: envelope.source,
      version: wanted.version,
      virtualRouterId,
      priority,
      advertIntMs,
      addresses,
    },
    ...(isSigned ? { signed: payload } : {}),
  };
}

/** Short frames arrive padded to the 46 bytes Ethernet wants; nothing else may follow. */
function isWhole(payload: Buffer, length: number): boolean {
  return payload.length === length || (payload.length > length && payload.length <= 46);
}

function checkAuth(
  payload: Buffer,
  length: number,
  authType: number,
  wanted: Expectation,
): Badness | undefined {
  const { authPass } = wanted;
  if (authType !== authTypeOf(wanted)) return 'authType';
  if (authPass === undefined) return undefined;
  return payload.subarray(length - AUTH_LENGTH, length).equals(authData(authPass)) ? undefined : 'authPass';
}

function authTypeOf({ authPass, authKey }: Pick<Expectation, 'authPass' | 'authKey'>): number {
  if (authKey !== undefined) return AUTH_AH;
  return authPass === undefined ? AUTH_NONE : AUTH_PASS;
}

function authData(authPass: string): Buffer {
  const data = Buffer.alloc(AUTH_LENGTH);
  data.write(authPass, 'latin1');
  return data;
}

function checksumIsFine(payload: Buffer, length: number, envelope: Envelope, wanted: Expectation): boolean {
  const sum = addWords(0, payload, 0, length);
  if (wanted.version === 2) return foldChecksum(sum) === 0;
  // keepalived takes either form once it is told to compute the old one
  if (wanted.v3ChecksumAsV2 && envelope.family === 4 && foldChecksum(sum) === 0) return true;
  return envelope.destinations.some(
    destination => foldChecksum(sum + pseudoHeader(envelope.source, destination, length)) === 0,
  );
}

/** RFC 2460 8.1 for IPv6, its likeness for IPv4 (RFC 5798 5.2.8). */
function pseudoHeader(source: IpAddress, destination: IpAddress, length: number): number {
  return VRRP_PROTOCOL + length + wordsOfIp(source) + wordsOfIp(destination);
}

export interface AdvertToSend {
  readonly version: 2 | 3;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly advertIntMs: number;
  readonly addresses: readonly IpAddress[];
  readonly authPass?: string;
  readonly authKey?: string;
  readonly v3ChecksumAsV2: boolean;
}

/** The VRRP part of a packet. Source and destination go into the checksum of version 3. */
export function encodeAdvert(
  advert: AdvertToSend,
  source: IpAddress,
  destination: IpAddress,
  trailer?: Buffer,
): Buffer {
  const body = advertWithoutChecksum(advert);
  const packet = trailer === undefined ? body : Buffer.concat([body, trailer]);
  const plain = advert.version === 2 || (advert.v3ChecksumAsV2 && source.family === 4);
  const summed = source.family === 6 ? packet.length : body.length;
  const pseudo = plain ? 0 : pseudoHeader(source, destination, summed);
  packet.writeUInt16BE(foldChecksum(addWords(pseudo, packet, 0, summed)), 6);
  return packet;
}

/** With zeros in its place: what a trailer is computed over. */
export function advertWithoutChecksum(advert: AdvertToSend): Buffer {
  const addresses = Buffer.concat(advert.addresses.map(bytesOfIp));
  const header = Buffer.alloc(HEADER_LENGTH);
  header[0] = (advert.version << 4) | TYPE_ADVERTISEMENT;
  header[1] = advert.virtualRouterId;
  header[2] = advert.priority;
  header[3] = advert.addresses.length;
  if (advert.version === 2) {
    header[4] = authTypeOf(advert);
    header[5] = advert.advertIntMs / 1000;
  } else header.writeUInt16BE(advert.advertIntMs / 10, 4);
  const password = advert.version === 2 ? [authData(advert.authPass ?? '')] : [];
  return Buffer.concat([header, addresses, ...password]);
}
