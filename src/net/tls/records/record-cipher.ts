/**
 * Seals or opens the records of one direction of a connection (RFC 8446, section 5; RFC 5246, section 6.2.3.3 with RFC 5288
 * and RFC 7905), where they lie:
 *
 *   header (5)  ·  explicit nonce (0 or 8)  ·  content  ·  its type (TLS 1.3)  ·  tag (16)
 */
import { addressOf } from '../../memory-address.ts';
import type { RecordKeys } from './key-schedule.ts';
import type { OpenSsl } from './openssl.ts';
import type { Suite } from './suites.ts';

export const HEADER_BYTES = 5;
export const CHANGE_CIPHER_SPEC = 20;
export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;
/** RFC 8446, section 5.1: of content. */
export const MOST_CONTENT = 16_384;
/** What TLS 1.2 allows a record to grow by, header and all; TLS 1.3 allows 256. */
export const MOST_RECORD = HEADER_BYTES + MOST_CONTENT + 2048;
/** A sealed record is longer than its content by no more than this. */
export const MOST_OVERHEAD = HEADER_BYTES + 8 + 1 + 16;

const TAG_BYTES = 16;
const NONCE_BYTES = 12;
/** In a record, whatever was agreed on (RFC 8446, section 5.1). */
const VERSION = 0x0303;
/** EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_TAG */
const GET_TAG = 0x10;
const SET_TAG = 0x11;
const KEEP = -1;
const NONE = 0;
const U32 = 4_294_967_296;

/** What a call reads or leaves: of the thread, one call at a time. */
const scratch = Buffer.alloc(80);
const NONCE = 0;
const AAD = 16;
const AAD_BYTES = 13;
const LENGTH = 32;
const KEY = 40;

/** What comes of a handshake. */
export interface RecordKeyring {
  readonly suite: Suite;
  readonly opener: RecordCipher;
  readonly sealer: RecordCipher;
  /** Of TLS 1.3, for the keys behind these. */
  readonly secrets: { incoming: Buffer; outgoing: Buffer } | undefined;
}

export class RecordCipher {
  readonly #openSsl: OpenSsl;
  readonly #suite: Suite;
  readonly #seals: boolean;
  readonly #scratch: number;
  #context: number;
  #iv: Buffer;
  /** Records sealed or opened with these keys. */
  #sequence = 0;

  /** `sequence`: of the next record. */
  constructor(openSsl: OpenSsl, suite: Suite, keys: RecordKeys, seals: boolean, sequence: number) {
    this.#openSsl = openSsl;
    this.#suite = suite;
    this.#seals = seals;
    this.#scratch = addressOf(scratch);
    this.#context = openSsl.newContext();
    this.#iv = keys.iv;
    this.#setKey(openSsl.ciphers[suite.cipher], keys);
    this.#sequence = sequence;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** From the next record on. */
  exchangeKeys(keys: RecordKeys): void {
    this.#setKey(NONE, keys);
    this.#sequence = 0;
  }

  /** No record any more. */
  free(): void {
    this.#openSsl.freeContext(this.#context);
    this.#context = NONE;
  }

  /** Where content lies in a record. */
  get contentAt(): number {
    return HEADER_BYTES + this.#suite.explicitBytes;
  }

  /** Writes a record of the input's bytes to `output` at `at`. Gives its length. */
  seal(type: number, input: Buffer, from: number, length: number, output: Buffer, at: number): number {
    const isInner = this.#suite.version === 'TLSv1.3';
    const { explicitBytes } = this.#suite;
    const sealed = length + (isInner ? 1 : 0);
    const bodyBytes = explicitBytes + sealed + TAG_BYTES;
    output[at] = isInner ? APPLICATION_DATA : type;
    output.writeUInt16BE(VERSION, at + 1);
    output.writeUInt16BE(bodyBytes, at + 3);
    const record = addressOf(output) + at;
    this.#setNonce();
    if (explicitBytes > 0) scratch.copy(output, at + HEADER_BYTES, NONCE + 4, NONCE + NONCE_BYTES);
    const { update, finish, control } = this.#openSsl;
    const context = this.#context;
    const lengthAt = this.#scratch + LENGTH;
    const content = record + HEADER_BYTES + explicitBytes;
    this.#begin(type, length, record, isInner);
    update(context, content, lengthAt, addressOf(input) + from, length);
    if (isInner) {
      output[at + HEADER_BYTES + length] = type;
      update(context, content + length, lengthAt, content + length, 1);
    }
    finish(context, content + sealed, lengthAt);
    control(context, GET_TAG, TAG_BYTES, content + sealed);
    this.#sequence++;
    return HEADER_BYTES + bodyBytes;
  }

  /**
   * Decrypts a whole record where it lies. Gives the length of what is in it (from contentAt on), with TLS 1.3 also of its
   * padding and its type behind; -1: it is not what was sealed.
   */
  open(record: Buffer, at: number, recordLength: number): number {
    const { explicitBytes, version } = this.#suite;
    const length = recordLength - HEADER_BYTES - explicitBytes - TAG_BYTES;
    if (length < 0) return -1;
    const { update, finish, control } = this.#openSsl;
    const context = this.#context;
    const address = addressOf(record) + at;
    const content = address + HEADER_BYTES + explicitBytes;
    const lengthAt = this.#scratch + LENGTH;
    this.#setNonce();
    if (explicitBytes > 0)
      record.copy(scratch, NONCE + 4, at + HEADER_BYTES, at + HEADER_BYTES + explicitBytes);
    this.#begin(record[at] as number, length, address, version === 'TLSv1.3');
    const isGood =
      update(context, content, lengthAt, content, length) === 1 &&
      control(context, SET_TAG, TAG_BYTES, content + length) === 1 &&
      finish(context, content + length, lengthAt) === 1;
    this.#sequence++;
    return isGood ? length : -1;
  }

  #begin(type: number, length: number, record: number, isHeaderBound: boolean): void {
    const { init, update } = this.#openSsl;
    const context = this.#context;
    const at = this.#scratch;
    init(context, NONE, NONE, NONE, at + NONCE, KEEP);
    if (isHeaderBound) update(context, NONE, at + LENGTH, record, HEADER_BYTES);
    else {
      this.#writeSequence(AAD);
      scratch[AAD + 8] = type;
      scratch.writeUInt16BE(VERSION, AAD + 9);
      scratch.writeUInt16BE(length, AAD + 11);
      update(context, NONE, at + LENGTH, at + AAD, AAD_BYTES);
    }
  }

  /** The key's bytes with the number of the record: in it, or behind the four that are shared. */
  #setNonce(): void {
    this.#writeSequence(NONCE + 4);
    const iv = this.#iv;
    for (let i = 0; i < iv.length; i++)
      scratch[i] = i < 4 ? (iv[i] as number) : (scratch[i] as number) ^ (iv[i] as number);
  }

  #writeSequence(at: number): void {
    const sequence = this.#sequence;
    scratch.writeUInt32BE(sequence < U32 ? 0 : Math.floor(sequence / U32), at);
    scratch.writeUInt32BE(sequence < U32 ? sequence : sequence % U32, at + 4);
  }

  #setKey(cipher: number, { key, iv }: RecordKeys): void {
    key.copy(scratch, KEY);
    this.#iv = iv;
    const isSet = this.#openSsl.init(
      this.#context,
      cipher,
      NONE,
      this.#scratch + KEY,
      NONE,
      cipher === NONE ? KEEP : Number(this.#seals),
    );
    scratch.fill(0, KEY);
    if (isSet !== 1) throw new Error(`OpenSSL does not take a key for ${this.#suite.cipher}`);
  }
}
