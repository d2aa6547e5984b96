/**
 * Connects with a time limit: for health checks and others that have no deadline of their own under way. A connect
 * that takes too long is closed and reported like any other failure, with the cause `timeout`.
 */
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler, ConnectTarget, Engine } from './connection.ts';
import { Timer } from './timer-wheel.ts';

/** `handler` takes over at onConnected; of a failure before that it hears onFailed once. timeoutMs 0: no limit. */
export function connectWithin(
  engine: Engine,
  target: ConnectTarget,
  timeoutMs: number,
  handler: ConnectionHandler,
): Connection {
  const attempt = new Attempt(engine, handler);
  const connection = engine.connect(target, attempt);
  attempt.watch(connection, timeoutMs);
  return connection;
}

class Attempt implements ConnectionHandler {
  readonly #engine: Engine;
  readonly #handler: ConnectionHandler;
  #timer: Timer | undefined;
  #over = false;

  constructor(engine: Engine, handler: ConnectionHandler) {
    this.#engine = engine;
    this.#handler = handler;
  }

  watch(connection: Connection, timeoutMs: number): void {
    if (this.#over || timeoutMs === 0) return;
    this.#timer = new Timer(() => this.#expired(connection));
    this.#engine.wheel.set(this.#timer, timeoutMs);
  }

  onConnected(connection: Connection): void {
    this.#finish();
    connection.handler = this.#handler;
    this.#handler.onConnected(connection);
  }

  onFailed(connection: Connection, cause: Cause): void {
    this.#finish();
    this.#handler.onFailed(connection, cause);
  }

  onReceived(): void {
    throw new Error('received before connected');
  }
  onEnd(): void {
    throw new Error('ended before connected');
  }
  onSent(): void {
    throw new Error('sent before connected');
  }

  /** The owner may have closed it meanwhile: then there is nobody to tell. */
  #expired(connection: Connection): void {
    if (this.#over || connection.closed) return;
    this.#over = true;
    connection.close();
    this.#handler.onFailed(connection, 'timeout');
  }

  #finish(): void {
    this.#over = true;
    if (this.#timer !== undefined) this.#engine.wheel.remove(this.#timer);
  }
}
