/**
 * The TLS handshake of a client on its plain connection: the hello is read, then OpenSSL alone makes it (direct/), or Node.
 * The encrypted connection takes the place of the plain one, with the same addresses.
 */
import type { TLSSocket } from 'node:tls';
import type { Connection, ConnectionHandler, Engine } from '../connection.ts';
import type { DirectWatcher } from './direct/direct-handshake.ts';
import { ABORTED, CLOSED, FAILED, type HandshakeFailure } from './handshake-failure.ts';
import { HandshakeWire, withAddressesOf } from './handshake-wire.ts';
import { HelloReader } from './hello-reader.ts';
import type { HelloRefusal } from './hello-refusal.ts';
import { alertRecord } from './records/alert-record.ts';
import { rawSocketOf } from './raw-socket.ts';
import type { TlsError, TlsFacts } from './tls-facts.ts';
import type { Handshake, HandshakeWatcher, TlsListener } from './tls-listener.ts';
import { UnansweredHello } from './unanswered-hello.ts';

/** Hears of its end exactly once. */
export interface IncomingSink {
  /** Its handler is still to be set; it does not read before receive(). */
  secured(connection: Connection, tls: TlsFacts): void;
  /** The plain connection is still the sink's to close. */
  failed(failure: HandshakeFailure, tls: TlsFacts): void;
}

export class IncomingHandshake implements HandshakeWatcher, DirectWatcher, ConnectionHandler {
  readonly #plain: Connection;
  readonly #engine: Engine;
  readonly #tls: TlsListener;
  readonly #sink: IncomingSink;
  readonly #hello: HelloReader;
  #wire: HandshakeWire | undefined;
  #handshake: Pick<Handshake, 'abort'> | undefined;

  /** `plain`: all it was read of so far was read with `inBody`. */
  constructor(plain: Connection, engine: Engine, tls: TlsListener, sink: IncomingSink) {
    this.#plain = plain;
    this.#engine = engine;
    this.#tls = tls;
    this.#sink = sink;
    this.#hello = new HelloReader(tls.captureBytes);
  }

  /** `ahead`: what was read before, and belongs to it. */
  start(ahead: Buffer): void {
    this.#plain.handler = this;
    if (ahead.length > 0 && this.#hello.push(ahead, 0, ahead.length)) this.#begin();
    else this.#plain.receive(true);
  }

  /**
   * Gives it up, and answers what is known of it: nobody is told of its end any more. The plain connection is the caller's to
   * close.
   */
  abort(): TlsFacts {
    const handshake = this.#handshake;
    this.#handshake = undefined;
    return handshake?.abort() ?? this.#nothingAgreed();
  }

  #nothingAgreed(error?: TlsError): TlsFacts {
    return new UnansweredHello(this.#hello, error);
  }

  #begin(): void {
    const refusal = this.#tls.refusalOf(this.#hello);
    if (refusal !== undefined) return this.#refuse(refusal);
    const direct = this.#tls.acceptDirectly(this.#plain, this.#engine, this.#hello, this);
    this.#handshake = direct;
    if (direct === undefined) this.#beginByNode();
    else direct.start();
  }

  #refuse(refusal: HelloRefusal): void {
    const record = alertRecord(refusal.alert, undefined);
    this.#plain.send(record, 0, record.length);
    this.failed({ ...FAILED, detail: refusal.error.text }, this.#nothingAgreed(refusal.error));
  }

  #beginByNode(): void {
    const { bytes } = this.#hello;
    this.#wire = HandshakeWire.over(this.#plain, this.#engine, 'server', bytes);
    const raw = this.#wire?.raw ?? rawSocketOf(this.#plain, bytes, false);
    const handshake = this.#tls.accept(raw, this, { hello: this.#hello, hellos: this.#wire?.hellos });
    this.#handshake = handshake;
    this.#wire?.begin(handshake.socket);
  }

  secured(socket: TLSSocket, tls: TlsFacts): void {
    const { maxRecordBytes } = this.#tls;
    const ready = (connection: Connection): void => this.connected(connection, tls);
    if (this.#wire === undefined) ready(withAddressesOf(this.#plain, this.#engine.adopt(socket, this)));
    else this.#wire.secured({ maxRecordBytes, hearsTickets: false }, ready);
  }

  connected(connection: Connection, tls: TlsFacts): void {
    this.#handshake = undefined;
    this.#sink.secured(connection, tls);
  }

  refusing(alert: number): void {
    this.#wire?.refuse(alert);
  }

  failed(failure: HandshakeFailure, tls: TlsFacts): void {
    this.#handshake = undefined;
    this.#sink.failed(failure, tls);
  }

  // until the ClientHello is read

  onReceived(plain: Connection, buffer: Buffer, offset: number, length: number): void {
    if (this.#hello.push(buffer, offset, length)) this.#begin();
    else plain.receive(true);
  }
  onEnd(): void {
    this.failed(CLOSED, this.#nothingAgreed());
  }
  onFailed(): void {
    this.failed(ABORTED, this.#nothingAgreed());
  }
  onSent(): void {}
  onConnected(): void {}
}
