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
  readonly index: number;
  readonly serial: number;
  readonly fd: number;
  /** In the list. */
  watched: boolean;
  /** The kernel has an error for it that no receive has told. */
  errorFound(): void;
}

/** The connection in that place, if it is still that one. */
type Find = (index: number, serial: number) => Watched | undefined;

export class ResetWatch {
  readonly #wheel: TimerWheel;
  readonly #find: Find;
  readonly #timer: Timer;
  readonly #entries = Buffer.alloc(ENTRY_SIZE * AT_ONCE);
  /** Places and serials, alternating: connections that are closed meanwhile are not kept in memory by their being here. */
  #places: number[] = [];

  constructor(wheel: TimerWheel, find: Find) {
    this.#wheel = wheel;
    this.#find = find;
    this.#timer = new Timer(() => this.#look());
  }

  add(connection: Watched): void {
    connection.watched = true;
    if (this.#places.length === 0) this.#wheel.set(this.#timer, LATER_MS);
    this.#places.push(connection.index, connection.serial);
  }

  stop(): void {
    this.#wheel.remove(this.#timer);
  }

  #look(): void {
    const places = this.#places;
    this.#places = [];
    let connections: Watched[] = [];
    for (let at = 0; at < places.length; at += 2) {
      const connection = this.#find(places[at] as number, places[at + 1] as number);
      if (connection === undefined) continue;
      connection.watched = false;
      if (connections.push(connection) < AT_ONCE) continue;
      this.#lookAt(connections);
      connections = [];
    }
    if (connections.length > 0) this.#lookAt(connections);
  }

  #lookAt(connections: readonly Watched[]): void {
    const entries = this.#entries;
    for (const [place, connection] of connections.entries()) {
      entries.writeInt32LE(connection.fd, place * ENTRY_SIZE);
      entries.writeInt32LE(0, place * ENTRY_SIZE + 4);
    }
    if (pollNow(entries, connections.length) <= 0) return;
    for (const [place, connection] of connections.entries())
      if ((entries.readInt16LE(place * ENTRY_SIZE + RETURNED_AT) & POLLERR) !== 0) connection.errorFound();
  }
}
