/**
 * Idle connections of one server in one thread, for `http-reuse`: last in, first out, so that surplus ones age and
 * are closed. A connection that the server closes, or on which it speaks unasked, is dropped at once: what it says
 * must never become the answer to somebody's request.
 */
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import { Timer, type TimerWheel } from '../net/timer-wheel.ts';
import type { IdleConnections } from './runtime.ts';

interface Idle {
  readonly connection: Connection;
  readonly proven: boolean;
  readonly since: number;
}

export class IdleStack implements IdleConnections, ConnectionHandler {
  readonly #wheel: TimerWheel;
  readonly #most: number;
  readonly #purgeDelayMs: number;
  readonly #purgeTimer: Timer;
  #idle: Idle[] = [];

  /** `most` -1: no limit. */
  constructor(wheel: TimerWheel, most: number, purgeDelayMs: number) {
    this.#wheel = wheel;
    this.#most = most;
    this.#purgeDelayMs = purgeDelayMs;
    this.#purgeTimer = new Timer(() => this.#purge());
  }

  get count(): number {
    return this.#idle.length;
  }

  take(proven: boolean): Connection | undefined {
    const at = proven ? this.#idle.findLastIndex(idle => idle.proven) : this.#idle.length - 1;
    if (at < 0) return undefined;
    return this.#idle.splice(at, 1)[0]?.connection;
  }

  put(connection: Connection, reusedBefore: boolean): boolean {
    if (connection.closed || (this.#most >= 0 && this.#idle.length >= this.#most)) return false;
    connection.handler = this;
    this.#idle.push({ connection, proven: reusedBefore, since: this.#wheel.now });
    if (!connection.receiving) connection.receive();
    if (this.#purgeTimer.deadline === 0) this.#wheel.set(this.#purgeTimer, this.#purgeDelayMs);
    return true;
  }

  /** The server goes away, or the thread stops. */
  closeAll(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const { connection } of idle) connection.close();
    this.#wheel.remove(this.#purgeTimer);
  }

  /** Closes what nobody needed since the last purge. */
  #purge(): void {
    const before = this.#wheel.now - this.#purgeDelayMs;
    const kept = this.#idle.findIndex(idle => idle.since > before);
    const old = this.#idle.splice(0, kept < 0 ? this.#idle.length : kept);
    for (const { connection } of old) connection.close();
    if (this.#idle.length > 0) this.#wheel.set(this.#purgeTimer, this.#purgeDelayMs);
  }

  #drop(connection: Connection): void {
    const at = this.#idle.findIndex(idle => idle.connection === connection);
    if (at >= 0) this.#idle.splice(at, 1);
    connection.close();
  }

  onReceived(connection: Connection): void {
    this.#drop(connection);
  }
  onEnd(connection: Connection): void {
    this.#drop(connection);
  }
  onFailed(connection: Connection): void {
    this.#drop(connection);
  }
  onSent(): void {}
  onConnected(): void {}
}
