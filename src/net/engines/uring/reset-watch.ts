/**
 * Finds resets that a multishot receive keeps to itself. When a reset has come by the time the bytes before it are
 * received, the kernel has used up both events for one receive, and the next never comes. So connections whose
 * receive stays armed after bytes are looked at once more, all together in one poll(), a little later.
 */
import { pollNow } from '../../system-calls.ts';
import { Timer, type TimerWheel } from '../../timer-wheel.ts';

const LATER_MS = 200;
const AT_ONCE = 512;
/** struct pollfd: fd, events, revents. Errors are told without being asked for. */
const ENTRY_SIZE = 8;
const RETURNED_AT = 6;
const POLLERR = 8;

export interface Watched {
  /** -1 when it is closed. */
  readonly fd: number;
  /** In the list. */
  watched: boolean;
  /** The kernel has an error for it that no receive has told. */
  errorFound(): void;
}

export class ResetWatch {
  readonly #wheel: TimerWheel;
  readonly #timer: Timer;
  readonly #entries = Buffer.alloc(ENTRY_SIZE * AT_ONCE);
  #connections: Watched[] = [];

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
    this.#timer = new Timer(() => this.#look());
  }

  add(connection: Watched): void {
    connection.watched = true;
    if (this.#connections.length === 0) this.#wheel.set(this.#timer, LATER_MS);
    this.#connections.push(connection);
  }

  stop(): void {
    this.#wheel.remove(this.#timer);
  }

  #look(): void {
    const connections = this.#connections;
    this.#connections = [];
    for (let from = 0; from < connections.length; from += AT_ONCE)
      this.#lookAt(connections.slice(from, from + AT_ONCE));
  }

  #lookAt(connections: readonly Watched[]): void {
    const entries = this.#entries;
    for (const [place, connection] of connections.entries()) {
      connection.watched = false;
      entries.writeInt32LE(connection.fd, place * ENTRY_SIZE);
      entries.writeInt32LE(0, place * ENTRY_SIZE + 4);
    }
    if (pollNow(entries, connections.length) <= 0) return;
    for (const [place, connection] of connections.entries())
      if ((entries.readInt16LE(place * ENTRY_SIZE + RETURNED_AT) & POLLERR) !== 0) connection.errorFound();
  }
}
