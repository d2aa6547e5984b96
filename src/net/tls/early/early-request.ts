/**
 * A connection to a server, of a session that is resumed, whose first bytes go out with the hello (RFC 8446, section 2.3). It is
 * there before its handshake is made, which begins with the first send:
 *
 *   send ──▶ hello · early data ──▶ the server's flight ──▶ Finished ──▶ a connection of records, to which all is passed
 *
 * What the server has refused is sent once more behind the handshake: it has not read any of it. If it does not resume the
 * session its certificate is verified before. A handshake that fails is a connection that fails; whether the server has acted
 * on early data is not known then.
 */
import { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import type { Cause } from '../../../base/failure.ts';
import type { Connection, ConnectionHandler, Engine, Waiting } from '../../connection.ts';
import { DirectFacts } from '../direct/direct-facts.ts';
import { DirectSecrets } from '../direct/direct-secrets.ts';
import { Ssl, type SslContext } from '../direct/ssl.ts';
import type { Tapped } from '../direct/taps.ts';
import type { KeyLog } from '../key-log.ts';
import type { RecordKeyring } from '../records/record-cipher.ts';
import { RecordConnection, type RecordOwner } from '../records/record-connection.ts';
import type { EarlyPhase, TlsFacts } from '../tls-facts.ts';
import { EarlyLayer } from './early-layer.ts';

interface EarlyRequestOptions {
  /** Verifies certificates where that is wanted. */
  readonly context: SslContext;
  /** DER. */
  readonly session: Buffer;
  /** SNI; undefined: none. */
  readonly servername: string | undefined;
  readonly alpn: readonly string[];
  /** Undefined: the certificate's names are good, or not to be looked at. */
  readonly checkNames: (certificate: PeerCertificate) => Error | undefined;
  readonly keepSession: (session: Buffer) => void;
  /** The session came to nothing. */
  readonly forgetSession: () => void;
  /** `tune.ssl.keylog` */
  readonly keyLog: KeyLog | undefined;
}

export class EarlyRequest
  extends EarlyLayer
  implements Connection, ConnectionHandler, RecordOwner, Tapped, Waiting
{
  readonly side = 'client';
  readonly hearsTickets = true;
  readonly protocol = undefined;
  readonly ticketKeys = undefined;
  tls: TlsFacts;
  readonly #engine: Pick<Engine, 'queue'>;
  readonly #options: EarlyRequestOptions;
  readonly #ssl: Ssl;
  readonly #secrets = new DirectSecrets();
  /** Bytes that may go ahead. */
  readonly #most: number;
  readonly #outbox: Buffer[] = [];
  #isBegun = false;
  #keyring: RecordKeyring | undefined;
  /** Early data, until it is known that nobody has to send it again. */
  #early: Buffer | undefined;
  #earlyOut = 0;
  /** It is on its way, for the first or the second time. */
  #sendsEarly = false;
  /** A send that waits for the handshake. */
  #waits: { readonly buffer: Buffer; readonly offset: number; readonly length: number } | undefined;
  #toShutDown = false;
  #failure: Cause | undefined;

  /** Undefined: the session is not for early data. The connection is not read from. */
  static over(
    plain: Connection,
    engine: Pick<Engine, 'queue'>,
    options: EarlyRequestOptions,
  ): EarlyRequest | undefined {
    const ssl = Ssl.of(options.context, 'client');
    const most = ssl?.resume(options.session) ?? 0;
    if (ssl !== undefined && most > 0) return new EarlyRequest(plain, engine, options, ssl, most);
    ssl?.free();
    return undefined;
  }

  private constructor(
    plain: Connection,
    engine: Pick<Engine, 'queue'>,
    options: EarlyRequestOptions,
    ssl: Ssl,
    most: number,
  ) {
    super(plain);
    this.#engine = engine;
    this.#options = options;
    this.#ssl = ssl;
    this.#most = most;
    ssl.offer(options.servername, options.alpn);
    this.tls = this.#facts(undefined);
    plain.handler = this;
  }

  get bytesIn(): number {
    return this.below?.bytesIn ?? 0;
  }

  get bytesOut(): number {
    return this.#earlyOut + (this.below?.bytesOut ?? 0);
  }

  protected override beginReceive(inBody: boolean): void {
    if (this.#failure !== undefined) this.#engine.queue(this);
    else this.below?.receive(inBody);
  }

  protected override beginSend(buffer: Buffer, offset: number, length: number): void {
    if (this.#failure !== undefined) return this.#engine.queue(this);
    const mayGo = this.below !== undefined && !this.#sendsEarly;
    if (mayGo) this.below?.send(buffer, offset, length);
    else if (this.#isBegun || length > this.#most) this.#waits = { buffer, offset, length };
    else this.#early = Buffer.from(buffer.subarray(offset, offset + length));
    if (!this.#isBegun) this.#begin();
  }

  shutdown(): void {
    this.#toShutDown = true;
    if (!this.#sendsEarly) this.below?.shutdown();
  }

  protected override left(): void {
    this.#early = this.#waits = undefined;
    if (this.below === undefined) this.#ssl.free();
  }

  /** From the engine's queue. */
  deliver(): void {
    if (this.closed || this.#failure === undefined || !(this.receiving || this.sending)) return;
    this.receiving = this.sending = false;
    this.handler.onFailed(this, this.#failure);
  }

  // ── the handshake ──

  #begin(): void {
    this.#isBegun = true;
    const early = this.#early;
    this.#sendsEarly = early !== undefined;
    const isGood = early === undefined || this.#ssl.writeEarly(this, early, 0, early.length);
    if (!isGood || this.#ssl.step(this) !== 'more') return this.#fail('refused');
    this.#say(this.#ssl.output());
    if (!this.closed) this.plain.receive();
  }

  #say(flight: Buffer): void {
    if (flight.length === 0) return;
    if (this.plain.sending) this.#outbox.push(flight);
    else this.plain.send(flight, 0, flight.length);
  }

  #goOn(): void {
    const step = this.#ssl.step(this);
    this.#say(this.#ssl.output());
    if (this.closed) return;
    if (step === 'more') this.plain.receive();
    else if (step === 'failed') this.#fail('reset');
    else this.#agree();
  }

  #agree(): void {
    if (!this.#hasGoodNames()) return this.#fail('refused');
    this.#keyring = this.#secrets.keyring(this.#ssl, this.side, 0);
    if (this.#keyring === undefined) this.#fail('refused');
    else if (!this.plain.sending) this.#finish(this.#keyring);
  }

  /** They were looked at when the session was made that is resumed. */
  #hasGoodNames(): boolean {
    if (this.#ssl.isResumed) return true;
    const der = this.#ssl.peerCertificate();
    if (der === undefined) return false;
    return this.#options.checkNames(new X509Certificate(der).toLegacyObject()) === undefined;
  }

  #finish(keyring: RecordKeyring): void {
    this.#keyring = undefined;
    const below = new RecordConnection(this.plain, keyring, this, this.#engine, this, 0);
    this.below = below;
    below.startWith(this.#ssl.rest());
    this.tls = this.#facts(this.#ssl.hasAcceptedEarly ? ACCEPTED : undefined);
    const early = this.#early;
    this.#sendsEarly = early !== undefined && !this.#ssl.hasAcceptedEarly;
    if (this.#sendsEarly) this.#earlyOut = 0;
    if (early !== undefined && this.#sendsEarly) below.send(early, 0, early.length);
    else this.#sendWaiting();
    if (this.receiving && !below.receiving) below.receive();
  }

  /** Behind early data, if that had to be sent again. */
  #sendWaiting(): void {
    const waits = this.#waits;
    this.#early = this.#waits = undefined;
    if (waits !== undefined) this.below?.send(waits.buffer, waits.offset, waits.length);
    if (this.#toShutDown) this.below?.shutdown();
  }

  #fail(cause: Cause): void {
    if (this.#failure !== undefined) return;
    this.#failure = cause;
    this.#options.forgetSession();
    this.tls = this.#facts(this.#early && FAILED);
    this.#ssl.free();
    this.#engine.queue(this);
  }

  #facts(early: EarlyPhase | undefined): TlsFacts {
    const { servername: sni, keyLog } = this.#options;
    const circumstances = {
      side: this.side,
      sni,
      hello: undefined,
      certificate: undefined,
      verification: undefined,
      keyLog,
    } as const;
    return new DirectFacts(this.#ssl, circumstances, this.#ssl.alpn, undefined, early);
  }

  // ── what the plain connection tells ──

  onReceived(from: Connection, buffer: Buffer, offset: number, length: number): void {
    if (from === this.below) {
      this.receiving = false;
      return this.handler.onReceived(this, buffer, offset, length);
    }
    if (this.closed || this.#failure !== undefined) return;
    this.#ssl.feed(buffer, offset, length);
    this.#goOn();
  }

  onEnd(from: Connection): void {
    if (from !== this.below) return this.#fail('ended');
    this.receiving = false;
    this.handler.onEnd(this);
  }

  onFailed(from: Connection, cause: Cause, code?: string): void {
    if (from !== this.below) return this.#fail(cause);
    this.receiving = this.sending = false;
    this.handler.onFailed(this, cause, code);
  }

  onSent(from: Connection): void {
    if (from === this.below) return this.#hasSentBelow();
    const next = this.#outbox.shift();
    if (next !== undefined) return this.plain.send(next, 0, next.length);
    const isEarly = this.#sendsEarly;
    this.#sendsEarly = false;
    if (isEarly) {
      this.#earlyOut += (this.#early as Buffer).length;
      this.sending = false;
      this.handler.onSent(this);
    }
    if (this.#keyring !== undefined && !this.plain.sending) this.#finish(this.#keyring);
  }

  #hasSentBelow(): void {
    if (this.#sendsEarly) {
      this.#sendsEarly = false;
      return this.#sendWaiting();
    }
    this.sending = false;
    this.handler.onSent(this);
  }

  // ── what OpenSSL and the connection of records tell ──

  keyLine(line: string): void {
    this.#secrets.note(line);
    this.#options.keyLog?.add(line);
  }

  excuses(): boolean {
    return false;
  }

  staple(): undefined {}

  acceptsEarly(): boolean {
    return false;
  }

  heardTicket(record: Buffer): void {
    const session = this.#ssl.readTicket(record);
    if (session !== undefined) this.#options.keepSession(session);
  }

  released(): void {
    this.#ssl.free();
  }
}

/** The server has it, and the handshake is over; or it may have it, and there was none. */
const ACCEPTED: EarlyPhase = { state: 'complete', whenOver: () => undefined };
const FAILED: EarlyPhase = { state: 'failed', whenOver: () => undefined };
