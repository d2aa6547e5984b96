/**
 * Records of a handshake on their way between the peer and OpenSSL: cuts what comes into single ones, and notes what the
 * keys behind it need, the number of records that were sealed since and the random bytes of both hellos.
 */
import {
  ALERT,
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  HANDSHAKE,
  HEADER_BYTES,
  MOST_RECORD,
} from './record-cipher.ts';

const NOTHING = Buffer.alloc(0);
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
/** Of a HelloRetryRequest, which is no hello yet (RFC 8446, section 4.1.3). */
const OF_RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');
/** Behind the header of the record, type and length of the message, and the version. */
const RANDOM_AT = HEADER_BYTES + 6;
const RANDOM_BYTES = 32;

export interface HelloRandoms {
  readonly clientRandom: Buffer | undefined;
  readonly serverRandom: Buffer | undefined;
}

export class HandshakeRecords implements HelloRandoms {
  /** OpenSSL has sent so many encrypted records since it was shown the last one (those of TLS 1.3). */
  sealed = 0;
  clientRandom: Buffer | undefined = undefined;
  serverRandom: Buffer | undefined = undefined;
  /** What came is no TLS: OpenSSL is to say so. */
  isOther = false;
  #inbox: Buffer = NOTHING;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerLength = 0;
  #bodyLeft = 0;

  received(bytes: Buffer): void {
    this.#inbox = this.#inbox.length === 0 ? bytes : Buffer.concat([this.#inbox, bytes]);
  }

  /** The next whole record; where there are none to be told apart, all that is there. */
  next(): Buffer | undefined {
    const inbox = this.#inbox;
    if (inbox.length > 0 && !this.isOther) this.isOther = !beginsRecord(inbox);
    if (this.isOther) return this.#cut(inbox.length);
    const length = inbox.length < HEADER_BYTES ? Infinity : HEADER_BYTES + inbox.readUInt16BE(3);
    return length > inbox.length ? undefined : this.#cut(length);
  }

  /** What next() has not given. */
  rest(): Buffer {
    const rest = this.#inbox;
    this.#inbox = NOTHING;
    return rest;
  }

  /** Either way. Where the server's is not seen, TLS 1.2 is left to OpenSSL. */
  noteHello(record: Buffer): void {
    if (record[0] !== HANDSHAKE || record.length < RANDOM_AT + RANDOM_BYTES) return;
    const random = record.subarray(RANDOM_AT, RANDOM_AT + RANDOM_BYTES);
    const type = record[HEADER_BYTES];
    if (type === CLIENT_HELLO) this.clientRandom ??= Buffer.from(random);
    else if (type === SERVER_HELLO && !random.equals(OF_RETRY)) this.serverRandom ??= Buffer.from(random);
  }

  /** A write of OpenSSL's may end within a record. */
  sent(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#bodyLeft === 0) {
        this.#header[this.#headerLength++] = bytes[at++] as number;
        if (this.#headerLength < HEADER_BYTES) continue;
        this.#headerLength = 0;
        this.#bodyLeft = this.#header.readUInt16BE(3);
        if (this.#header[0] === APPLICATION_DATA) this.sealed++;
      } else {
        const skipped = Math.min(this.#bodyLeft, bytes.length - at);
        this.#bodyLeft -= skipped;
        at += skipped;
      }
    }
  }

  #cut(length: number): Buffer | undefined {
    if (length === 0) return undefined;
    const cut = this.#inbox.subarray(0, length);
    this.#inbox = this.#inbox.subarray(length);
    return cut;
  }
}

/** Encrypted records of TLS 1.3 among the whole ones of a flight. */
export function sealedIn(flight: Buffer): number {
  let sealed = 0;
  for (let at = 0; at + HEADER_BYTES <= flight.length; at += HEADER_BYTES + flight.readUInt16BE(at + 3))
    if (flight[at] === APPLICATION_DATA) sealed++;
  return sealed;
}

function beginsRecord(bytes: Buffer): boolean {
  const [type = HANDSHAKE, major = 3, , high = 0, low = 0] = bytes;
  const isKnown = [CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA].includes(type);
  return isKnown && major === 3 && HEADER_BYTES + (high << 8) + low <= MOST_RECORD;
}
