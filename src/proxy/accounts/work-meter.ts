/**
 * What serving a request costs its thread, while `profiling.tasks` measures: calls of its stream, the time in them, and
 * how long each had to wait in its turn of the loop behind others (`cpu_calls`, `cpu_ns_*`, `lat_ns_*`; manual, 7.3.1).
 */
import { preciseMs } from '../../base/clock.ts';
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import type { WorkFacts } from '../../acl/context.ts';
import type { Cause } from '../../base/failure.ts';
import type { TimerWheel } from '../../net/timer-wheel.ts';

const NS_PER_MS = 1_000_000;

/** The switch of a thread, and when its turn began. */
export class WorkMeters {
  readonly #wheel: TimerWheel;
  on = false;
  #turnMs = 0;

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
  }

  turn(on: boolean): void {
    this.on = on;
    this.#wheel.onTurn = on ? () => (this.#turnMs = preciseMs()) : undefined;
  }

  /** Milliseconds that who is called at `now` has waited; 0 outside the ring's turns. */
  waitedMs(now: number): number {
    return this.#wheel.live ? 0 : Math.max(now - this.#turnMs, 0);
  }
}

/** Of one request. */
export class WorkMeter implements WorkFacts {
  readonly #meters: WorkMeters;
  calls = 0;
  #ms = 0;
  #waitedMs = 0;
  #depth = 0;
  #since = 0;

  constructor(meters: WorkMeters) {
    this.#meters = meters;
  }

  /** What is under way counts up to now. */
  get cpuNs(): number {
    const now = this.#depth > 0 ? preciseMs() - this.#since : 0;
    return Math.round((this.#ms + now) * NS_PER_MS);
  }

  get latencyNs(): number {
    return Math.round(this.#waitedMs * NS_PER_MS);
  }

  /** Calls from within a call are that call's. */
  measure(work: () => void): void {
    if (this.#depth++ === 0) this.#enter();
    try {
      work();
    } finally {
      if (--this.#depth === 0) this.#ms += preciseMs() - this.#since;
    }
  }

  #enter(): void {
    this.calls++;
    this.#since = preciseMs();
    this.#waitedMs += this.#meters.waitedMs(this.#since);
  }

  /** Events of a connection of the request's, measured on their way to who handles them. */
  handler(inner: ConnectionHandler): ConnectionHandler {
    return {
      onConnected: (connection: Connection) => this.measure(() => inner.onConnected(connection)),
      onReceived: (connection: Connection, buffer: Buffer, offset: number, length: number) =>
        this.measure(() => inner.onReceived(connection, buffer, offset, length)),
      onEnd: (connection: Connection) => this.measure(() => inner.onEnd(connection)),
      onSent: (connection: Connection) => this.measure(() => inner.onSent(connection)),
      onFailed: (connection: Connection, cause: Cause) =>
        this.measure(() => inner.onFailed(connection, cause)),
    };
  }
}
