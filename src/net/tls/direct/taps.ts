/**
 * What OpenSSL asks and tells in the middle of a handshake: the protocol to agree on, keys of tickets, lines of the key log,
 * what is wrong with the client's certificate, the response to staple. It calls on the stack of Ssl.step(), so that the one at work is known.
 */
import { addressOf } from '../../memory-address.ts';
import { loadKoffi } from '../../system-calls.ts';
import { NOT_OPENED, type TicketKeySource } from '../tls-handle.ts';
import type { VerificationError } from '../verification.ts';
import { derOf } from './encoded.ts';
import type { SslCalls } from './ssl-calls.ts';
import { answerTicket } from './ticket-tap.ts';

/** A handshake that is at work. */
export interface Tapped {
  /** To agree on if the client offers protocols; undefined: none. */
  readonly protocol: string | undefined;
  /** Undefined: the context has its one. */
  readonly ticketKeys: TicketKeySource | undefined;
  keyLine(line: string): void;
  /** Whether the handshake goes on; `der` gives the client's certificate. */
  excuses(error: VerificationError, der: () => Buffer | undefined): boolean;
  /** An OCSP response of the certificate that is presented. */
  staple(): Buffer | undefined;
  /** Whether early data is accepted, against which OpenSSL has nothing. */
  acceptsEarly(): boolean;
}

/** Addresses of functions, for contexts. */
export interface Taps {
  readonly keyLog: number;
  readonly protocols: number;
  readonly tickets: number;
  readonly certificates: number;
  readonly staples: number;
  readonly early: number;
}

/** SSL_TLSEXT_ERR_OK, SSL_TLSEXT_ERR_NOACK */
const AGREED = 0;
const NOT_AGREED = 3;
/** SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP */
const SET_RESPONSE = 71;
const POINTER_BYTES = 8;

let atWork: Tapped | undefined;
let made: Taps | undefined;

export function beAtWork(handshake: Tapped | undefined): void {
  atWork = handshake;
}

/** Of this thread, made once: they are called for as long as it lives. */
export function tapsOf(calls: SslCalls): Taps {
  made ??= {
    keyLog: register('void KeyLine(uintptr_t ssl, const char *line)', (_ssl: number, line: string) =>
      atWork?.keyLine(line),
    ),
    protocols: register(
      'int Protocol(uintptr_t ssl, uintptr_t name, uintptr_t length, uintptr_t offered, uint offeredLength, uintptr_t data)',
      (_ssl: number, nameAt: number, lengthAt: number) => answer(calls, nameAt, lengthAt),
    ),
    tickets: register(
      'int TicketKey(uintptr_t ssl, uintptr_t name, uintptr_t iv, uintptr_t cipher, uintptr_t mac, int isNew)',
      (_ssl: number, nameAt: number, ivAt: number, cipher: number, mac: number, isNew: number) => {
        const source = atWork?.ticketKeys;
        if (source === undefined) return NOT_OPENED;
        return answerTicket(calls, source, { nameAt, ivAt, cipher, mac, isNew: isNew === 1 });
      },
    ),
    certificates: register('int Certificate(int isGood, uintptr_t store)', (isGood: number, store: number) =>
      isGood === 1 ? 1 : Number(isExcused(calls, store)),
    ),
    staples: register('int Staple(uintptr_t ssl, uintptr_t data)', (ssl: number) => staple(calls, ssl)),
    early: register('int Early(uintptr_t ssl, uintptr_t data)', () =>
      Number(atWork?.acceptsEarly() === true),
    ),
  };
  return made;
}

function register(declaration: string, callback: (...values: never[]) => unknown): number {
  const koffi = loadKoffi();
  return Number(koffi.register(callback, koffi.pointer(koffi.proto(declaration))));
}

/** What others would take for an error of theirs does not stay. */
function isExcused(calls: SslCalls, store: number): boolean {
  const error = { depth: calls.storeDepth(store), code: calls.storeError(store) };
  const isGood = atWork?.excuses(error, () => derOf(calls, calls.storeCertificate(store))) === true;
  if (isGood) calls.clearErrors();
  return isGood;
}

/** OpenSSL frees what it is given. */
function staple(calls: SslCalls, ssl: number): number {
  const response = atWork?.staple();
  const memory = response === undefined ? 0 : calls.allocate(response.length, 0, 0);
  if (response === undefined || memory === 0) return NOT_AGREED;
  calls.copy(memory, addressOf(response), response.length);
  calls.control(ssl, SET_RESPONSE, response.length, memory);
  return AGREED;
}

interface Answer {
  /** The address of the name, then its length. */
  readonly memory: Buffer;
  readonly name: Buffer;
}

/** OpenSSL copies a name as soon as it has it; held all the same, as there are few. */
const answers = new Map<string, Answer>();

function answer(calls: SslCalls, nameAt: number, lengthAt: number): number {
  const protocol = atWork?.protocol;
  if (protocol === undefined) return NOT_AGREED;
  let known = answers.get(protocol);
  if (known === undefined) answers.set(protocol, (known = answerOf(protocol)));
  const from = addressOf(known.memory);
  calls.copy(nameAt, from, POINTER_BYTES);
  calls.copy(lengthAt, from + POINTER_BYTES, 1);
  return AGREED;
}

function answerOf(protocol: string): Answer {
  const name = Buffer.from(protocol, 'latin1');
  const words = new BigUint64Array([BigInt(addressOf(name))]);
  return { name, memory: Buffer.concat([Buffer.from(words.buffer), Buffer.from([name.length])]) };
}
