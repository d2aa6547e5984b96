/**
 * A connection that no client has asked for (`bind rhttp@`): made as the server's line says, it becomes one of a listener's.
 *
 *   connect ─▶ PROXY header that names nobody ─▶ TLS handshake ─▶ made
 */
import type { Cause } from '../../base/failure.ts';
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import { buildLocal } from '../../net/proxy-protocol/build.ts';
import type { HandshakeFailure } from '../../net/tls/handshake-failure.ts';
import type { HandshakeSink, OutgoingHandshake } from '../../net/tls/outgoing-handshake.ts';
import { Timer } from '../../net/timer-wheel.ts';
import { ClientConnectionFacts } from '../client/client-facts.ts';
import { openConnection } from '../server/open-connection.ts';
import type { OutgoingFacts } from '../server/outgoing-source.ts';
import type { DataThread, ListenerRuntime, ServerRuntime } from '../runtime/runtime.ts';
import { Transaction } from '../transaction.ts';

export interface PreConnectionSink {
  /** It speaks HTTP/2 from now on; its handler is still to be set. */
  made(dial: PreConnection, connection: Connection): void;
  notMade(dial: PreConnection, why: string): void;
}

const NOBODY: OutgoingFacts = { client: undefined, request: undefined };

const REASONS: Readonly<Record<Cause, string>> = {
  ended: 'connection closed',
  unreachable: 'no route to it',
  invalid: 'connection closed',
  refused: 'connection refused',
  reset: 'connection reset',
  resource: 'no descriptors, ports or memory left here',
  timeout: 'timed out',
  other: 'connection error',
};

export class PreConnection implements ConnectionHandler, HandshakeSink {
  readonly #thread: DataThread;
  readonly #listener: ListenerRuntime;
  readonly #server: ServerRuntime;
  readonly #sink: PreConnectionSink;
  readonly #timer = new Timer(() => this.#fail(REASONS.timeout));
  #connection: Connection | undefined;
  #handshake: OutgoingHandshake | undefined;
  #isOver = false;

  constructor(thread: DataThread, listener: ListenerRuntime, server: ServerRuntime, sink: PreConnectionSink) {
    this.#thread = thread;
    this.#listener = listener;
    this.#server = server;
    this.#sink = sink;
  }

  start(): void {
    const { engine, wheel } = this.#thread;
    const server = this.#server;
    wheel.set(this.#timer, server.backend.config.timeouts.connect);
    const connection = openConnection(engine, server, NOBODY, this);
    // it may have failed before the call returned
    if (!this.#isOver) this.#connection = connection;
  }

  abort(): void {
    this.#isOver = true;
    this.#thread.wheel.remove(this.#timer);
    this.#handshake?.abort();
    this.#connection?.close();
  }

  onConnected(connection: Connection): void {
    const { sendProxy } = this.#server.config;
    if (sendProxy === undefined) return this.#secure(connection);
    const header = buildLocal(sendProxy.version);
    connection.send(header, 0, header.length);
  }

  onSent(connection: Connection): void {
    if (!this.#isOver) this.#secure(connection);
  }

  #secure(connection: Connection): void {
    const { security, protocol } = this.#server;
    if (security === undefined) return this.#made(connection);
    const { engine, wheel } = this.#thread;
    const asked = new Transaction(this.#thread);
    asked.begin(this.#listener, new ClientConnectionFacts(connection, Date.now(), wheel.now));
    this.#connection = undefined;
    this.#handshake = security.handshake(engine, connection, asked, this, protocol.alpn(false));
  }

  secured(connection: Connection): void {
    this.#handshake = undefined;
    this.#connection = connection;
    if (this.#server.protocol.isHttp2(connection.tls?.alpn, false)) this.#made(connection);
    else this.#fail(`the server did not agree on 'h2' by ALPN`);
  }

  #made(connection: Connection): void {
    this.#isOver = true;
    this.#thread.wheel.remove(this.#timer);
    this.#sink.made(this, connection);
  }

  handshakeFailed(failure: HandshakeFailure): void {
    this.#handshake = undefined;
    this.#fail(failure.detail === undefined ? failure.text : `${failure.text} (${failure.detail})`);
  }

  onFailed(connection: Connection, cause: Cause): void {
    connection.close();
    this.#fail(REASONS[cause]);
  }

  onEnd(): void {
    this.#fail(REASONS.ended);
  }

  #fail(why: string): void {
    if (this.#isOver) return;
    this.abort();
    this.#sink.notMade(this, why);
  }

  onReceived(): void {
    throw new Error('received before anything was asked');
  }
}
