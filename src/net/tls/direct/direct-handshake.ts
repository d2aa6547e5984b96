/**
 * A handshake with a client that OpenSSL makes without Node: what the plain connection receives is fed to it, what it has to
 * say is sent, and behind it the records are made here, as behind Node's (handshake-wire.ts).
 *
 *   plain connection ◀──▶ Ssl                  handshake
 *   plain connection ◀──▶ RecordConnection     data; the Ssl is kept for what it knows
 *
 * As long as nothing was sent, nothing is lost: what OpenSSL refuses at once, and what it agrees on that records/ does not
 * know, is begun anew by Node, with the same hello.
 */
import type { Cause } from '../../../base/failure.ts';
import type { Connection, ConnectionHandler, Engine } from '../../connection.ts';
import { UNSET } from '../../engines/unset-handler.ts';
import { FAILED, type HandshakeFailure } from '../handshake-failure.ts';
import { sealedIn } from '../records/handshake-records.ts';
import { RecordConnection, type RecordOwner } from '../records/record-connection.ts';
import { suiteOf } from '../records/suites.ts';
import type { RecordKeyring } from '../records/record-cipher.ts';
import type { TicketKeySource } from '../tls-handle.ts';
import type { TlsError, TlsFacts } from '../tls-facts.ts';
import type { VerificationError } from '../verification.ts';
import { type DirectCircumstances, DirectFacts } from './direct-facts.ts';
import { DirectSecrets } from './direct-secrets.ts';
import { Ssl, type SslContext } from './ssl.ts';
import type { Tapped } from './taps.ts';

/** Hears of its end exactly once. */
export interface DirectWatcher {
  /** Its handler is still to be set; it does not read before receive(). */
  connected(connection: Connection, facts: TlsFacts): void;
  /** The connection is still open. */
  failed(failure: HandshakeFailure, facts: TlsFacts): void;
}

export interface DirectOptions extends DirectCircumstances {
  readonly context: SslContext;
  /** What ALPN agrees on; undefined: nothing. */
  readonly protocol: string | undefined;
  readonly ticketKeys: TicketKeySource | undefined;
  /** Bytes of a record's content, 0: as many as TLS allows. */
  readonly maxRecordBytes: number;
  /** An OCSP response of one of the certificates, which is given in DER. */
  readonly stapleOf: (certificate: Buffer) => Buffer | undefined;
}

export class DirectHandshake implements ConnectionHandler, RecordOwner, Tapped {
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
  /** Undefined: it is over. */
  #watcher: DirectWatcher | undefined;
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
  }

  #agreesOn(hello: Buffer): boolean {
    const ssl = this.#ssl;
    ssl.feed(hello, 0, hello.length);
    if (ssl.step(this) === 'more' && suiteOf(ssl.version, ssl.cipherToBe) !== undefined) return true;
    ssl.failure();
    ssl.free();
    return false;
  }

  start(): void {
    this.#plain.handler = this;
    this.#say(this.#ssl.output());
    this.#plain.receive();
  }

  /** Nobody is told of its end any more. */
  abort(): void {
    this.#watcher = undefined;
    this.#ssl.free();
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

  // ── what the plain connection tells ──

  onReceived(_plain: Connection, buffer: Buffer, offset: number, length: number): void {
    if (this.#watcher === undefined) return;
    this.#ssl.feed(buffer, offset, length);
    this.#goOn();
  }

  onEnd(plain: Connection): void {
    if (this.#keyring === undefined) return this.#fail(undefined);
    this.#finish(this.#keyring);
    plain.handler.onEnd(plain);
  }

  onFailed(plain: Connection, ...why: [Cause, string?]): void {
    if (this.#keyring === undefined) return this.#fail(undefined);
    this.#finish(this.#keyring);
    plain.handler.onFailed(plain, ...why);
  }

  onSent(): void {
    const next = this.#outbox.shift();
    if (next !== undefined) this.#plain.send(next, 0, next.length);
    if (this.#keyring !== undefined && this.#outbox.length === 0) this.#finish(this.#keyring);
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
    const step = this.#ssl.step(this);
    const flight = this.#ssl.output();
    const error = step === 'failed' ? this.#ssl.failure() : undefined;
    this.#say(flight);
    if (step === 'failed') this.#fail(error);
    else if (step === 'done') this.#agree(sealedIn(flight));
    else this.#plain.receive();
  }

  #say(flight: Buffer): void {
    if (flight.length === 0) return;
    if (this.#plain.sending) this.#outbox.push(flight);
    else this.#plain.send(flight, 0, flight.length);
  }

  #agree(tickets: number): void {
    this.#keyring = this.#secrets.keyring(this.#ssl, tickets);
    if (this.#keyring === undefined) this.#fail(undefined);
    else if (this.#outbox.length === 0) this.#finish(this.#keyring);
  }

  #finish(keyring: RecordKeyring): void {
    const watcher = this.#watcher;
    this.#watcher = this.#keyring = undefined;
    const { maxRecordBytes } = this.#options;
    const connection = new RecordConnection(this.#plain, keyring, this, this.#engine, UNSET, maxRecordBytes);
    connection.startWith(this.#ssl.rest());
    watcher?.connected(connection, new DirectFacts(this.#ssl, this.#options, this.protocol, undefined));
  }

  #fail(error: TlsError | undefined): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    const facts = new DirectFacts(this.#ssl, this.#options, undefined, error);
    this.#ssl.free();
    const refusal = this.#options.verification?.failure;
    watcher?.failed(refusal ?? (error === undefined ? FAILED : { ...FAILED, detail: error.text }), facts);
  }
}
