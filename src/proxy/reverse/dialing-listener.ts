/**
 * The connections that a listener with the address `rhttp@<backend>/<server>` keeps up in one thread (manual, `bind`,
 * `nbconn`): it makes them itself, and serves what comes over them as if clients had connected. One that is lost is made again, after
 * a pause where that does not last.
 */
import type { Connection } from '../../net/connection.ts';
import { Timer } from '../../net/timer-wheel.ts';
import type { DataThread, ListenerRuntime, ServerRuntime } from '../runtime/runtime.ts';
import { PreConnection, type PreConnectionSink } from './pre-connection.ts';

/** Between tries that fail, and between connections that end at once; in milliseconds. */
const PAUSE_MS = 1000;
/** Before one takes the place of another that is about to go. */
const REPLACE_MS = 50;

/** Levels of log lines (syslog). */
const WARNING = 4;
const NOTICE = 5;

export class DialingListener implements PreConnectionSink {
  readonly #thread: DataThread;
  readonly #listener: ListenerRuntime;
  readonly #accepted: (connection: Connection) => void;
  readonly #pause = new Timer(() => this.#fill());
  readonly #dials = new Set<PreConnection>();
  #wanted = 0;
  /** Connections that serve, and those that do so for the last time. */
  #open = 0;
  #leaving = 0;
  #isPaused = false;
  /** When one was made last, in the wheel's milliseconds. */
  #madeAt = -PAUSE_MS;
  /** The last try has failed, and that was told. */
  #isFailing = false;

  /** `accepted` takes a connection that has been made. */
  constructor(thread: DataThread, listener: ListenerRuntime, accepted: (connection: Connection) => void) {
    this.#thread = thread;
    this.#listener = listener;
    this.#accepted = accepted;
  }

  /** So many more are kept up. */
  more(connections: number): void {
    this.#wanted += connections;
    this.#fill();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#fill();
  }

  /** None is made any more; those there are stay. */
  close(): void {
    this.#wanted = 0;
    this.#isPaused = false;
    for (const dial of this.#dials) dial.abort();
    this.#dials.clear();
    this.#thread.wheel.remove(this.#pause);
  }

  /** One of its connections is over. */
  ended(): void {
    if (this.#leaving > 0) this.#leaving--;
    else this.#open--;
    this.#fillLater();
  }

  /** The peer of one is about to go, and wants another in its place. */
  leaves(): void {
    this.#open--;
    this.#leaving++;
    this.#thread.wheel.set(this.#pause, REPLACE_MS);
  }

  /** At once, unless the last one was made just now. */
  #fillLater(): void {
    const sinceMs = this.#thread.wheel.now - this.#madeAt;
    this.#thread.wheel.set(this.#pause, Math.max(1, PAUSE_MS - sinceMs));
  }

  #fill(): void {
    const server = this.#server();
    if (server === undefined) return;
    while (!this.#isPaused && this.#open + this.#dials.size < this.#wanted) {
      const dial = new PreConnection(this.#thread, this.#listener, server, this);
      this.#dials.add(dial);
      dial.start();
      // what fails within the call is tried again later
      if (!this.#dials.has(dial)) return;
    }
  }

  #server(): ServerRuntime | undefined {
    const { address } = this.#listener.config;
    if (address.kind !== 'reverse') return undefined;
    return this.#listener.frontend.serverNamed(address.backend, address.server);
  }

  made(dial: PreConnection, connection: Connection): void {
    this.#dials.delete(dial);
    this.#open++;
    this.#madeAt = this.#thread.wheel.now;
    if (this.#isFailing) this.#tell(NOTICE, 'is connected again');
    this.#isFailing = false;
    this.#accepted(connection);
  }

  notMade(dial: PreConnection, why: string): void {
    this.#dials.delete(dial);
    if (!this.#isFailing) this.#tell(WARNING, `cannot be connected: ${why}`);
    this.#isFailing = true;
    this.#thread.wheel.set(this.#pause, PAUSE_MS);
  }

  #tell(level: number, what: string): void {
    const { frontend, config } = this.#listener;
    frontend.logText(level, `${frontend.config.name}: ${config.written} ${what}.`);
  }
}
