/**
 * A handshake with a client that OpenSSL makes without Node: what the plain connection receives is fed to it, what it has to
 * say is sent, and behind it the records are made here, as behind Node's (handshake-wire.ts).
 *
 *   plain connection ◀──▶ Ssl                  handshake
 *   plain connection ◀──▶ RecordConnection     data; the Ssl is kept for what it knows
 *
 * Where early data is accepted the client's connection is there before the handshake is over (early/early-connection.ts), and
 * its data goes through the Ssl. One alone seals with the keys of what a server sends: OpenSSL until it says that the handshake
 * is over, then the records here, whose numbers begin behind all that OpenSSL has sealed with them.
 *
 * As long as nothing was sent, nothing is lost: what OpenSSL refuses at once, and what it agrees on that records/ does not
 * know, is begun anew by Node, with the same hello.
 */
import type { Cause } from '../../../base/failure.ts';
import type { Connection, ConnectionHandler, Engine } from '../../connection.ts';
import { UNSET } from '../../engines/unset-handler.ts';
import { FAILED, type HandshakeFailure } from '../handshake-failure.ts';
import { EarlyConnection, type EarlyWire } from '../early/early-connection.ts';
import type { EarlyGuard, EarlyTerms } from '../early/early-guard.ts';
import { sealedIn } from '../records/handshake-records.ts';
import { RecordConnection, type RecordOwner } from '../records/record-connection.ts';
import { suiteOf } from '../records/suites.ts';
import { MOST_CONTENT, type RecordKeyring } from '../records/record-cipher.ts';
import type { TicketKeySource } from '../tls-handle.ts';
import type { TlsError, TlsFacts } from '../tls-facts.ts';
import type { VerificationError } from '../verification.ts';
import { type DirectCircumstances, DirectFacts } from './direct-facts.ts';
import { DirectSecrets } from './direct-secrets.ts';
import { Ssl, type SslContext, type Step } from './ssl.ts';
import type { Tapped } from './taps.ts';

/** Hears of its end exactly once. */
export interface DirectWatcher {
  /** Its handler is still to be set; it does not read before receive(). */
  connected(connection: Connection, facts: TlsFacts): void;
  /** The connection is still open. */
  failed(failure: HandshakeFailure, facts: TlsFacts): void;
}

interface DirectOptions extends DirectCircumstances {
  readonly context: SslContext;
  /** What ALPN agrees on; undefined: nothing. */
  readonly protocol: string | undefined;
  readonly ticketKeys: TicketKeySource | undefined;
  /** Bytes of a record's content, 0: as many as TLS allows. */
  readonly maxRecordBytes: number;
  /** An OCSP response of one of the certificates, which is given in DER. */
  readonly stapleOf: (certificate: Buffer) => Buffer | undefined;
  /** Undefined: no early data is accepted, neither now nor with the tickets that are given. */
  readonly guard: EarlyGuard | undefined;
  /** Of a hello that early data follows. */
  readonly binder: Buffer | undefined;
}

const TLS13 = 'TLSv1.3';

export class DirectHandshake implements ConnectionHandler, RecordOwner, Tapped, EarlyWire {
  readonly side = 'server';
  readonly hearsTickets = false;
  readonly protocol: string | undefined;
  readonly ticketKeys: TicketKeySource | undefined;
  readonly #plain: Connection;
  readonly #engine: Pick<Engine, 'queue'>;
  readonly #options: DirectOptions;
  readonly #ssl: Ssl;
  readonly #secrets = new DirectSecrets();
  readonly #outbox: Buffer[] = [];
  /** Undefined: it knows, or wants to know no more. */
  #watcher: DirectWatcher | undefined;
  #isOver = false;
  /** Early data may still come. */
  #readsEarly: boolean;
  readonly #pieces: Buffer[] = [];
  #early: EarlyConnection | undefined;
  /** Records that OpenSSL has sealed with the keys of data. */
  #sealed = 0;
  /** OpenSSL has said all it wants to: it is over when the last of that is under way. */
  #keyring: RecordKeyring | undefined;

  /** Undefined: Node is to begin it with the same `hello`, which is all that was read. Nobody hears of it before start(). */
  static begin(
    plain: Connection,
    engine: Pick<Engine, 'queue'>,
    options: DirectOptions,
    hello: Buffer,
    watcher: DirectWatcher,
  ): DirectHandshake | undefined {
    const ssl = Ssl.of(options.context);
    const handshake = ssl && new DirectHandshake(plain, engine, options, ssl, watcher);
    return handshake !== undefined && handshake.#agreesOn(hello) ? handshake : undefined;
  }

  private constructor(
    plain: Connection,
    engine: Pick<Engine, 'queue'>,
    options: DirectOptions,
    ssl: Ssl,
    watcher: DirectWatcher,
  ) {
    this.#plain = plain;
    this.#engine = engine;
    this.#options = options;
    this.protocol = options.protocol;
    this.ticketKeys = options.ticketKeys;
    this.#watcher = watcher;
    this.#ssl = ssl;
    this.#readsEarly = options.guard !== undefined && options.binder !== undefined;
  }

  #agreesOn(hello: Buffer): boolean {
    const ssl = this.#ssl;
    ssl.feed(hello, 0, hello.length);
    if (this.#step() === 'more' && suiteOf(ssl.version, ssl.cipherToBe) !== undefined) {
      const { guard } = this.#options;
      if (guard !== undefined && ssl.version === TLS13) ssl.setNote(guard.noteOf(this.#terms()));
      return true;
    }
    ssl.failure();
    ssl.free();
    return false;
  }

  start(): void {
    this.#plain.handler = this;
    this.#say(this.#ssl.output());
    if (this.#options.binder !== undefined && this.#ssl.hasAcceptedEarly) this.#beginEarly();
    if (!this.#isOver) this.#plain.receive();
  }

  /** Answers what is known of it: nobody is told of its end any more. */
  abort(): TlsFacts {
    const facts = new DirectFacts(this.#ssl, this.#options, undefined, undefined, undefined);
    this.#watcher = undefined;
    this.abandon();
    return facts;
  }

  keyLine(line: string): void {
    this.#secrets.note(line);
    this.#options.keyLog?.add(line);
  }

  excuses(error: VerificationError, der: () => Buffer | undefined): boolean {
    return this.#options.verification?.excuses(error, der) === true;
  }

  staple(): Buffer | undefined {
    const certificate = this.#ssl.certificate();
    return certificate && this.#options.stapleOf(certificate);
  }

  acceptsEarly(): boolean {
    const { guard, binder } = this.#options;
    if (guard === undefined || binder === undefined) return false;
    return guard.accepts(this.#ssl.note(), this.#terms(), binder);
  }

  #terms(): EarlyTerms {
    return { sni: this.#options.sni, protocol: this.protocol, cipher: this.#ssl.cipherToBe };
  }

  // ── what a connection with early data asks for ──

  get mostContent(): number {
    return this.#options.maxRecordBytes || MOST_CONTENT;
  }

  get isFree(): boolean {
    return !this.#isOver && this.#keyring === undefined && !this.#plain.sending && this.#outbox.length === 0;
  }

  write(buffer: Buffer, offset: number, length: number): void {
    if (!this.#ssl.writeEarly(this, buffer, offset, length)) return this.#fail(undefined);
    const records = this.#ssl.output();
    this.#sealed += sealedIn(records);
    this.#say(records);
  }

  abandon(): void {
    this.#isOver = true;
    this.#ssl.free();
  }

  // ── what the plain connection tells ──

  onReceived(_plain: Connection, buffer: Buffer, offset: number, length: number): void {
    if (this.#isOver) return;
    this.#ssl.feed(buffer, offset, length);
    this.#goOn();
  }

  onEnd(plain: Connection): void {
    if (this.#keyring === undefined) return this.#fail(undefined, 'reset');
    this.#finish(this.#keyring);
    plain.handler.onEnd(plain);
  }

  onFailed(plain: Connection, ...why: [Cause, string?]): void {
    if (this.#keyring === undefined) return this.#fail(undefined, why[0]);
    this.#finish(this.#keyring);
    plain.handler.onFailed(plain, ...why);
  }

  onSent(): void {
    const next = this.#outbox.shift();
    if (next !== undefined) this.#plain.send(next, 0, next.length);
    if (this.#keyring !== undefined) this.#conclude(this.#keyring);
    else this.#early?.sent();
  }

  onConnected(): void {
    throw new Error('connected twice');
  }

  // ── what the connection of records tells ──

  heardTicket(): void {
    throw new Error('clients give no tickets');
  }

  released(): void {
    this.#ssl.free();
  }

  // ── its parts ──

  #goOn(): void {
    const step = this.#step();
    const flight = this.#ssl.output();
    const error = step === 'failed' ? this.#ssl.failure() : undefined;
    if (this.#early !== undefined || step === 'done') this.#sealed += sealedIn(flight);
    this.#say(flight);
    if (step === 'failed') this.#fail(error);
    else if (step === 'done') this.#agree();
    else this.#plain.receive();
  }

  #step(): Step {
    while (this.#readsEarly) {
      const read = this.#ssl.readEarly(this);
      if (read === 'over') this.#readsEarly = false;
      else if (typeof read === 'string') return read;
      else if (this.#early === undefined) this.#pieces.push(read);
      else this.#early.arrived(read);
    }
    return this.#ssl.step(this);
  }

  /** Where no protocol was agreed on nobody looks at early data before the end (manual, section 5.1, `allow-0rtt`). */
  #beginEarly(): void {
    const early = new EarlyConnection(this.#plain, this.#engine, this);
    this.#early = early;
    for (const piece of this.#pieces) early.arrived(piece);
    if (this.protocol !== undefined) this.#connected(early);
  }

  #connected(connection: Connection): void {
    const watcher = this.#watcher;
    if (watcher === undefined) return;
    this.#watcher = undefined;
    watcher.connected(
      connection,
      new DirectFacts(this.#ssl, this.#options, this.protocol, undefined, this.#early),
    );
  }

  #say(flight: Buffer): void {
    if (flight.length === 0) return;
    if (this.#plain.sending) this.#outbox.push(flight);
    else this.#plain.send(flight, 0, flight.length);
  }

  #agree(): void {
    this.#keyring = this.#secrets.keyring(this.#ssl, this.side, this.#sealed);
    if (this.#keyring === undefined) this.#fail(undefined);
    else this.#conclude(this.#keyring);
  }

  /** Behind all that OpenSSL has sealed; what a connection has written has to be with the kernel, as it waits for that. */
  #conclude(keyring: RecordKeyring): void {
    const isBusy = this.#outbox.length > 0 || (this.#early !== undefined && this.#plain.sending);
    if (!isBusy) this.#finish(keyring);
  }

  #finish(keyring: RecordKeyring): void {
    this.#keyring = undefined;
    this.#isOver = true;
    const { maxRecordBytes } = this.#options;
    const connection = new RecordConnection(this.#plain, keyring, this, this.#engine, UNSET, maxRecordBytes);
    connection.startWith(this.#ssl.rest());
    this.#early?.goOnWith(connection);
    this.#connected(this.#early ?? connection);
  }

  #fail(error: TlsError | undefined, cause: Cause = 'other'): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    const facts = new DirectFacts(this.#ssl, this.#options, undefined, error, undefined);
    this.abandon();
    this.#early?.broke(cause);
    const refusal = this.#options.verification?.failure;
    watcher?.failed(refusal ?? (error === undefined ? FAILED : { ...FAILED, detail: error.text }), facts);
  }
}
