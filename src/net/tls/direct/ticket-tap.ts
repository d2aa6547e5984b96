/**
 * Gives OpenSSL the key of a ticket, where there are several (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)): AES-128-CBC and
 * HMAC-SHA256, as Node has it. OpenSSL copies keys, so that they are held for the time of a call.
 */
import { randomFillSync } from 'node:crypto';
import { addressOf } from '../../memory-address.ts';
import {
  GOOD,
  GOOD_BUT_OLD,
  IV_BYTES,
  NOT_OPENED,
  type TicketKey,
  type TicketKeySource,
} from '../tls-handle.ts';
import type { SslCalls } from './ssl-calls.ts';

/** What OpenSSL gives: where the ticket's name and IV are, or are to be, and what keys go into. */
interface TicketRequest {
  readonly nameAt: number;
  readonly ivAt: number;
  readonly cipher: number;
  readonly mac: number;
  readonly isNew: boolean;
}

const FAILED = -1;
const NONE = 0;
const NAME_BYTES = 16;
/** OSSL_PARAM(3): name, type, data, its length, and what was made of it. */
const WORDS_OF_PARAMETER = 5;
const UTF8_STRING = 4n;
const OCTET_STRING = 5n;
const UNTOUCHED = 0xffff_ffff_ffff_ffffn;

const name = Buffer.alloc(NAME_BYTES);
const iv = Buffer.alloc(IV_BYTES);
const [KEY, DIGEST, SHA256] = ['key\0', 'digest\0', 'SHA256\0'].map(text => Buffer.from(text)) as [
  Buffer,
  Buffer,
  Buffer,
];
/** `key`, `digest`, and the end of the list. */
const words = new BigUint64Array(3 * WORDS_OF_PARAMETER);
const parameters = Buffer.from(words.buffer);

/** The answer, as OpenSSL wants it. */
export function answerTicket(calls: SslCalls, source: TicketKeySource, request: TicketRequest): number {
  const { nameAt, ivAt, isNew } = request;
  const sealer = source.seal();
  if (isNew) {
    calls.copy(nameAt, addressOf(sealer.name), NAME_BYTES);
    calls.copy(ivAt, addressOf(randomFillSync(iv)), IV_BYTES);
    return arm(calls, sealer, request) ? GOOD : FAILED;
  }
  calls.copy(addressOf(name), nameAt, NAME_BYTES);
  const key = source.open(name);
  if (key === undefined) return NOT_OPENED;
  if (!arm(calls, key, request)) return FAILED;
  return key === sealer ? GOOD : GOOD_BUT_OLD;
}

function arm(calls: SslCalls, { aes, mac }: TicketKey, request: TicketRequest): boolean {
  const { cipher, ivAt, isNew } = request;
  words.set(parameter(KEY, OCTET_STRING, mac, mac.length));
  words.set(parameter(DIGEST, UTF8_STRING, SHA256, SHA256.length - 1), WORDS_OF_PARAMETER);
  return (
    calls.setCipher(cipher, calls.aes128Cbc(), NONE, addressOf(aes), ivAt, Number(isNew)) === 1 &&
    calls.setMac(request.mac, addressOf(parameters)) === 1
  );
}

function parameter(named: Buffer, type: bigint, data: Buffer, length: number): bigint[] {
  return [BigInt(addressOf(named)), type, BigInt(addressOf(data)), BigInt(length), UNTOUCHED];
}
