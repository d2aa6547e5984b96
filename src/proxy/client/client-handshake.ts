/**
 * The TLS handshake of a client of a frontend, made by net/tls/incoming-handshake.ts: counts how it went. Used by accept.ts.
 */
import type { Connection } from '../../net/connection.ts';
import { type HandshakeFailure, TIMED_OUT } from '../../net/tls/handshake-failure.ts';
import { IncomingHandshake, type IncomingSink } from '../../net/tls/incoming-handshake.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';
import type { TlsListener } from '../../net/tls/tls-listener.ts';
import { countFailedHandshake, countHandshake } from '../accounts/accounting.ts';
import type { ClientConnectionFacts } from './client-facts.ts';
import type { Inbox } from './inbox.ts';
import type { DataThread, ListenerRuntime } from '../runtime/runtime.ts';

interface HandshakeOutcome {
  secured(connection: Connection): void;
  /** The connection is closed. */
  refused(failure: HandshakeFailure): void;
}

export class ClientHandshake implements IncomingSink {
  readonly #thread: DataThread;
  readonly #listener: ListenerRuntime;
  readonly #facts: ClientConnectionFacts;
  readonly #outcome: HandshakeOutcome;
  readonly #handshake: IncomingHandshake;

  constructor(
    thread: DataThread,
    listener: ListenerRuntime,
    tls: TlsListener,
    facts: ClientConnectionFacts,
    outcome: HandshakeOutcome,
  ) {
    this.#thread = thread;
    this.#listener = listener;
    this.#facts = facts;
    this.#outcome = outcome;
    this.#handshake = new IncomingHandshake(facts.connection, thread.engine, tls, this);
  }

  /** `received`: what came behind headers. */
  start(received: Inbox): void {
    const bytes = Buffer.from(received.buffer.subarray(received.start, received.end));
    received.clear();
    this.#handshake.start(bytes);
  }

  secured(connection: Connection, tls: TlsFacts): void {
    this.#facts.secured(connection, tls);
    const { frontend, row } = this.#listener;
    countHandshake(this.#thread.state.counters, frontend.row, row, tls.resumed, this.#thread.wheel.now);
    this.#outcome.secured(connection);
  }

  failed(failure: HandshakeFailure, tls: TlsFacts): void {
    const { frontend, row } = this.#listener;
    countFailedHandshake(this.#thread.state.counters, frontend.row, row);
    this.#facts.notSecured(failure, tls);
    this.#facts.connection.close();
    this.#outcome.refused(failure);
  }

  expired(): void {
    this.failed(TIMED_OUT, this.#handshake.abort());
  }
}
