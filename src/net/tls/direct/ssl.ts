/**
 * One TLS connection of OpenSSL's, on either side, between two pipes in memory. Its address never leaves this object,
 * and is forgotten when it is freed: whoever asks later is told nothing. OpenSSL's own counting keeps the context for as long
 * as this is there; the object holds Node's as well, which callbacks of the context refer to. Memory that OpenSSL reads or
 * writes is held by the caller until the call returns: no call goes on behind it.
 */
import type { SecureContext } from 'node:tls';
import { addressOf } from '../../memory-address.ts';
import type { TlsError } from '../tls-facts.ts';
import { derOf, encoded } from './encoded.ts';
import type { SslCalls } from './ssl-calls.ts';
import { beAtWork, type Tapped } from './taps.ts';

type Side = 'server' | 'client';
export type Step = 'done' | 'more' | 'failed';
/** A piece of early data, or that there is none any more: the handshake goes on by step(). */
type EarlyStep = Buffer | 'over' | 'more' | 'failed';

/** What connections are made of. */
export interface SslContext {
  readonly calls: SslCalls;
  readonly address: number;
  readonly node: SecureContext;
  /** Its key log is on. */
  isLogged: boolean;
  /** Early data can be accepted. */
  readonly takesEarly: boolean;
}

const NONE = 0;
/** SSL_CTRL_SET_TLSEXT_HOSTNAME */
const SET_HOST_NAME = 55;
/** SSL_ERROR_WANT_READ */
const WANTS_MORE = 2;
/** SSL_READ_EARLY_DATA_SUCCESS, SSL_READ_EARLY_DATA_FINISH, SSL_EARLY_DATA_ACCEPTED */
const HAS_READ = 1;
const HAS_ENDED = 2;
const ACCEPTED = 2;
const VERSIONS: Readonly<Record<number, string>> = {
  0x0300: 'SSLv3',
  0x0301: 'TLSv1',
  0x0302: 'TLSv1.1',
  0x0303: 'TLSv1.2',
  0x0304: 'TLSv1.3',
};
const RANDOM_BYTES = 32;
const MOST_SECRET_BYTES = 64;

/** What a call leaves: of the thread, one call at a time. */
const scratch = Buffer.alloc(17_408);
const NOTHING = Buffer.alloc(0);
const cipherNames = new Map<number, string>();
/** Where OpenSSL writes a length and an address: of the thread, one call at a time. */
const told = new BigUint64Array(2);
const toldBytes = Buffer.from(told.buffer);

export class Ssl {
  readonly #calls: SslCalls;
  /** Held for as long as this is. */
  readonly context: SslContext;
  readonly #in: number;
  readonly #out: number;
  #ssl: number;

  /** Undefined: OpenSSL makes none, for want of memory. */
  static of(context: SslContext, side: Side = 'server'): Ssl | undefined {
    const ssl = context.calls.newSsl(context.address);
    if (ssl !== NONE) return new Ssl(context, ssl, side);
    context.calls.clearErrors();
    return undefined;
  }

  private constructor(context: SslContext, ssl: number, side: Side) {
    const { calls } = context;
    this.#calls = calls;
    this.context = context;
    this.#ssl = ssl;
    const kind = calls.memoryPipe();
    this.#in = calls.newPipe(kind);
    this.#out = calls.newPipe(kind);
    calls.setPipes(ssl, this.#in, this.#out);
    if (side === 'server') calls.beServer(ssl);
    else calls.beClient(ssl);
  }

  /** Its memory, and that of the pipes. */
  free(): void {
    if (this.#ssl !== NONE) this.#calls.freeSsl(this.#ssl);
    this.#ssl = NONE;
  }

  // ── the handshake ──

  /** What the peer has sent; it is copied. */
  feed(bytes: Buffer, offset: number, length: number): void {
    if (this.#ssl !== NONE) this.#calls.writePipe(this.#in, addressOf(bytes) + offset, length);
  }

  /** As far as it goes with what was fed. */
  step(handshake: Tapped): Step {
    if (this.#ssl === NONE) return 'failed';
    const calls = this.#calls;
    beAtWork(handshake);
    const result = calls.shakeHands(this.#ssl);
    beAtWork(undefined);
    const isMore = result !== 1 && calls.errorOf(this.#ssl, result) === WANTS_MORE;
    if (result !== 1 && !isMore) return 'failed';
    // what is left there others would take for an error of theirs
    calls.clearErrors();
    return isMore ? 'more' : 'done';
  }

  /** In place of step(), from the first one on, until early data is over. */
  readEarly(handshake: Tapped): EarlyStep {
    if (this.#ssl === NONE) return 'failed';
    const calls = this.#calls;
    beAtWork(handshake);
    const result = calls.readEarly(this.#ssl, addressOf(scratch), scratch.length, addressOf(toldBytes));
    beAtWork(undefined);
    const isMore = result === 0 && calls.errorOf(this.#ssl, result) === WANTS_MORE;
    if (result === 0 && !isMore) return 'failed';
    calls.clearErrors();
    if (result === HAS_READ) return Buffer.from(scratch.subarray(0, Number(told[0])));
    return result === HAS_ENDED ? 'over' : 'more';
  }

  /** Whether early data was accepted in the first step. */
  get hasAcceptedEarly(): boolean {
    return this.#ssl !== NONE && this.#calls.earlyStatus(this.#ssl) === ACCEPTED;
  }

  /** Seals data for a peer that has not finished yet, no more than a record has. False: it failed. */
  writeEarly(handshake: Tapped, bytes: Buffer, offset: number, length: number): boolean {
    if (this.#ssl === NONE) return false;
    beAtWork(handshake);
    const result = this.#calls.writeEarly(this.#ssl, addressOf(bytes) + offset, length, addressOf(toldBytes));
    beAtWork(undefined);
    this.#calls.clearErrors();
    return result === 1 && Number(told[0]) === length;
  }

  /** What the peer is to be sent; its memory is the caller's. */
  output(): Buffer {
    return this.#drain(this.#out);
  }

  /** What was fed, and belongs to what comes behind the handshake. */
  rest(): Buffer {
    return this.#drain(this.#in);
  }

  /** Why the last step failed; nobody finds it in OpenSSL's list after that. */
  failure(): TlsError | undefined {
    const error = this.#error();
    this.#calls.clearErrors();
    return error.code === 0 ? undefined : error;
  }

  // ── what was agreed on ──

  get version(): string | undefined {
    return this.#ssl === NONE ? undefined : VERSIONS[this.#calls.version(this.#ssl)];
  }

  /** OpenSSL's name. */
  get cipher(): string | undefined {
    return this.#ssl === NONE ? undefined : this.#nameOf(this.#calls.cipher(this.#ssl));
  }

  /** From the first flight on. */
  get cipherToBe(): string | undefined {
    return this.#ssl === NONE ? undefined : this.#nameOf(this.#calls.cipherToBe(this.#ssl));
  }

  get isResumed(): boolean {
    return this.#ssl !== NONE && this.#calls.isResumed(this.#ssl) === 1;
  }

  /** Of TLS 1.2. */
  masterSecret(): { secret: Buffer; clientRandom: Buffer; serverRandom: Buffer } | undefined {
    const session = this.#session();
    if (session === NONE) return undefined;
    const { masterKey, clientRandom, serverRandom } = this.#calls;
    return {
      secret: taken(MOST_SECRET_BYTES, (at, length) => masterKey(session, at, length)),
      clientRandom: taken(RANDOM_BYTES, (at, length) => clientRandom(this.#ssl, at, length)),
      serverRandom: taken(RANDOM_BYTES, (at, length) => serverRandom(this.#ssl, at, length)),
    };
  }

  /** Of the client's hello, or of the server's. */
  random(ofPeer: boolean): Buffer | undefined {
    if (this.#ssl === NONE) return undefined;
    const { clientRandom, serverRandom } = this.#calls;
    const take = ofPeer ? clientRandom : serverRandom;
    return taken(RANDOM_BYTES, (at, length) => take(this.#ssl, at, length));
  }

  /** DER, as `TLSSocket.getSession()` gives it. */
  session(): Buffer | undefined {
    const session = this.#session();
    return session === NONE ? undefined : encoded(at => this.#calls.sessionBytes(session, at));
  }

  /** DER of the one that was presented, or is about to be. */
  certificate(): Buffer | undefined {
    return this.#ssl === NONE ? undefined : derOf(this.#calls, this.#calls.certificate(this.#ssl));
  }

  /** X509_V_ERR_*, 0: good, or there is no certificate. */
  get verifyResult(): number {
    return this.#ssl === NONE ? 0 : this.#calls.verifyResult(this.#ssl);
  }

  /** DER. */
  peerCertificate(): Buffer | undefined {
    return this.#ssl === NONE ? undefined : derOf(this.#calls, this.#calls.peerCertificate(this.#ssl));
  }

  /** DER of what the peer sent beside it. */
  peerChain(): readonly Buffer[] {
    const chain = this.#ssl === NONE ? NONE : this.#calls.peerChain(this.#ssl);
    const length = chain === NONE ? 0 : this.#calls.chainLength(chain);
    return Array.from({ length }, (_, index) => this.#inChain(chain, index) ?? NOTHING);
  }

  /** DER of what the verified chain ends in. */
  root(): Buffer | undefined {
    const chain = this.#ssl === NONE ? NONE : this.#calls.verifiedChain(this.#ssl);
    const length = chain === NONE ? 0 : this.#calls.chainLength(chain);
    return length > 0 ? this.#inChain(chain, length - 1) : undefined;
  }

  /** Finished, of this side or of the peer. */
  finished(ofPeer: boolean): Buffer | undefined {
    if (this.#ssl === NONE) return undefined;
    const { finished, peerFinished } = this.#calls;
    const take = ofPeer ? peerFinished : finished;
    return taken(MOST_SECRET_BYTES, (at, length) => take(this.#ssl, at, length));
  }

  /** A copy of OpenSSL's own memory of it. */
  memory(): Buffer {
    const length = this.#ssl === NONE ? 0 : this.#calls.sizeOf(this.#ssl);
    const memory = Buffer.alloc(length);
    if (length > 0) this.#calls.copy(addressOf(memory), this.#ssl, length);
    return memory;
  }

  /** `offset`: into that memory, where all connections have them. */
  bytesAt(offset: number, length: number): Buffer | undefined {
    if (this.#ssl === NONE) return undefined;
    this.#calls.copy(addressOf(scratch), this.#ssl + offset, length);
    return Buffer.from(scratch.subarray(0, length));
  }

  // ── what a client says before it begins ──

  /** A session in DER. Gives the bytes of early data that its ticket allows. */
  resume(bytes: Buffer): number {
    if (this.#ssl === NONE) return 0;
    const calls = this.#calls;
    told[0] = BigInt(addressOf(bytes));
    const session = calls.decodeSession(NONE, addressOf(toldBytes), bytes.length);
    const isSet = session !== NONE && calls.setSession(this.#ssl, session) === 1;
    const most = isSet ? calls.mostEarly(session) : 0;
    // the connection holds it, too
    if (session !== NONE) calls.freeSession(session);
    calls.clearErrors();
    return most;
  }

  offer(servername: string | undefined, protocols: readonly string[]): void {
    if (this.#ssl === NONE) return;
    if (servername !== undefined) {
      const name = Buffer.from(`${servername}\0`, 'latin1');
      this.#calls.control(this.#ssl, SET_HOST_NAME, 0, addressOf(name));
    }
    const names = Buffer.concat(
      protocols.flatMap(name => [Buffer.of(name.length), Buffer.from(name, 'latin1')]),
    );
    if (names.length > 0) this.#calls.offerProtocols(this.#ssl, addressOf(names), names.length);
  }

  /** By ALPN. */
  get alpn(): string | undefined {
    if (this.#ssl === NONE) return undefined;
    told.fill(0n);
    const at = addressOf(toldBytes);
    this.#calls.agreedProtocol(this.#ssl, at, at + 8);
    const length = Number(told[1]);
    if (length === 0) return undefined;
    const name = Buffer.alloc(length);
    this.#calls.copy(addressOf(name), Number(told[0]), length);
    return name.toString('latin1');
  }

  /** The session of a ticket that came in this record, the next one behind the handshake; undefined: there is none. */
  readTicket(record: Buffer): Buffer | undefined {
    if (this.#ssl === NONE) return undefined;
    this.feed(record, 0, record.length);
    const length = this.#calls.read(this.#ssl, addressOf(scratch), scratch.length);
    this.#calls.clearErrors();
    return length > 0 ? undefined : this.session();
  }

  // ── what tickets say of early data ──

  /** What was noted in the ticket that the session comes from; undefined: nothing, or it is not for early data. */
  note(): Buffer | undefined {
    const session = this.#session();
    if (session === NONE || this.#calls.mostEarly(session) === 0) return undefined;
    const at = addressOf(toldBytes);
    if (this.#calls.note(session, at, at + 8) !== 1) return undefined;
    const [from, length] = [Number(told[0]), Number(told[1])];
    const note = Buffer.alloc(length);
    if (length > 0) this.#calls.copy(addressOf(note), from, length);
    return note;
  }

  /** For tickets that are to come. */
  setNote(note: Buffer): void {
    const session = this.#session();
    if (session !== NONE) this.#calls.setNote(session, addressOf(note), note.length);
  }

  // ── its parts ──

  #session(): number {
    return this.#ssl === NONE ? NONE : this.#calls.session(this.#ssl);
  }

  #inChain(chain: number, index: number): Buffer | undefined {
    return derOf(this.#calls, this.#calls.chainAt(chain, index));
  }

  #error(): TlsError {
    const code = this.#calls.firstError();
    return { code, text: this.#calls.errorText(code, addressOf(scratch)) };
  }

  #drain(pipe: number): Buffer {
    let drained = NOTHING;
    if (this.#ssl === NONE) return drained;
    for (let goesOn = true; goesOn;) {
      const length = this.#calls.readPipe(pipe, addressOf(scratch), scratch.length);
      if (length > 0) drained = Buffer.concat([drained, scratch.subarray(0, length)]);
      goesOn = length === scratch.length;
    }
    return drained;
  }

  /** Ciphers are never freed. */
  #nameOf(cipher: number): string | undefined {
    if (cipher === NONE) return undefined;
    let name = cipherNames.get(cipher);
    if (name === undefined) cipherNames.set(cipher, (name = this.#calls.cipherName(cipher)));
    return name;
  }
}

/** `take` writes no more than that many bytes, and says how many there are. */
function taken(most: number, take: (at: number, length: number) => number): Buffer {
  const bytes = Buffer.alloc(most);
  return bytes.subarray(0, Math.min(take(addressOf(bytes), most), most));
}
