/**
 * The TLS handshake of a client: its plain connection gets another one on top, or in its place, with the same addresses.
 * Counts how it went. Used by accept.ts.
 */
import type { TLSSocket } from 'node:tls';
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import type { DirectWatcher } from '../net/tls/direct/direct-handshake.ts';
import { ABORTED, CLOSED, type HandshakeFailure, TIMED_OUT } from '../net/tls/handshake-failure.ts';
import { HandshakeWire, withAddressesOf } from '../net/tls/handshake-wire.ts';
import { HelloReader } from '../net/tls/hello-reader.ts';
import { rawSocketOf } from '../net/tls/raw-socket.ts';
import type { TlsFacts } from '../net/tls/tls-facts.ts';
import type { Handshake, HandshakeWatcher, TlsListener } from '../net/tls/tls-listener.ts';
import { countFailedHandshake, countHandshake } from './accounting.ts';
import type { ClientConnectionFacts } from './client-facts.ts';
import type { Inbox } from './inbox.ts';
import type { DataThread, ListenerRuntime } from './runtime.ts';

interface HandshakeOutcome {
  secured(connection: Connection): void;
  /** The connection is closed. */
  refused(failure: HandshakeFailure): void;
}

export class ClientHandshake implements HandshakeWatcher, DirectWatcher, ConnectionHandler {
  readonly #thread: DataThread;
  readonly #listener: ListenerRuntime;
  readonly #tls: TlsListener;
  readonly #facts: ClientConnectionFacts;
  readonly #outcome: HandshakeOutcome;
  readonly #hello: HelloReader;
  #wire: HandshakeWire | undefined;
  #handshake: Pick<Handshake, 'abort'> | undefined;

  constructor(
    thread: DataThread,
    listener: ListenerRuntime,
    tls: TlsListener,
    facts: ClientConnectionFacts,
    outcome: HandshakeOutcome,
  ) {
    this.#thread = thread;
    this.#listener = listener;
    this.#tls = tls;
    this.#facts = facts;
    this.#outcome = outcome;
    this.#hello = new HelloReader(tls.captureBytes);
  }

  /** `received`: what came behind headers. */
  start(received: Inbox): void {
    const bytes = Buffer.from(received.buffer.subarray(received.start, received.end));
    received.clear();
    const { connection } = this.#facts;
    connection.handler = this;
    if (bytes.length > 0 && this.#hello.push(bytes, 0, bytes.length)) this.#begin();
    else connection.receive(true);
  }

  #begin(): void {
    const { connection } = this.#facts;
    const direct = this.#tls.acceptDirectly(connection, this.#thread.engine, this.#hello, this);
    this.#handshake = direct;
    if (direct === undefined) this.#beginByNode();
    else direct.start();
  }

  #beginByNode(): void {
    const { connection } = this.#facts;
    const { bytes } = this.#hello;
    this.#wire = HandshakeWire.over(connection, this.#thread.engine, 'server', bytes);
    const raw = this.#wire?.raw ?? rawSocketOf(connection, bytes, false);
    const handshake = this.#tls.accept(raw, this, { hello: this.#hello, hellos: this.#wire?.hellos });
    this.#handshake = handshake;
    this.#wire?.begin(handshake.socket);
  }

  secured(socket: TLSSocket, tls: TlsFacts): void {
    const { maxRecordBytes } = this.#tls;
    const ready = (connection: Connection): void => this.connected(connection, tls);
    if (this.#wire === undefined)
      ready(withAddressesOf(this.#facts.connection, this.#thread.engine.adopt(socket, this)));
    else this.#wire.secured({ maxRecordBytes, hearsTickets: false }, ready);
  }

  connected(connection: Connection, tls: TlsFacts): void {
    this.#handshake = undefined;
    this.#facts.secured(connection, tls);
    const { frontend, row } = this.#listener;
    countHandshake(this.#thread.state.counters, frontend.row, row, tls.resumed, this.#thread.wheel.now);
    this.#outcome.secured(connection);
  }

  refusing(alert: number): void {
    this.#wire?.refuse(alert);
  }

  failed(failure: HandshakeFailure, tls: TlsFacts | undefined): void {
    this.#handshake = undefined;
    const { frontend, row } = this.#listener;
    countFailedHandshake(this.#thread.state.counters, frontend.row, row);
    this.#facts.notSecured(failure, tls);
    this.#facts.connection.close();
    this.#outcome.refused(failure);
  }

  expired(): void {
    this.#handshake?.abort();
    this.failed(TIMED_OUT, undefined);
  }

  // until the ClientHello is read

  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    if (this.#hello.push(buffer, offset, length)) this.#begin();
    else connection.receive(true);
  }
  onEnd(): void {
    this.failed(CLOSED, undefined);
  }
  onFailed(): void {
    this.failed(ABORTED, undefined);
  }
  onSent(): void {}
  onConnected(): void {}
}
