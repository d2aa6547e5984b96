/**
 * A set of sockets (epoll(7)): one system call tells which of thousands have changed, by the two words that each was added
 * with. Those that are in no set can be asked by poll(2), many at a time.
 *
 *   struct epoll_event   events:4  data:8       on x86
 *                        events:4  pad:4 data:8 elsewhere
 */
import { arch } from 'node:process';
import {
  addToEventPoll,
  changeInEventPoll,
  closeDescriptor,
  openEventPoll,
  pollNow,
  removeFromEventPoll,
  takeEvents,
} from '../system-calls.ts';

export const EVENT_IN = 0x001;
/** Urgent data (tcp(7)): a read ends in front of it, whatever lies behind. */
export const EVENT_URGENT = 0x002;
export const EVENT_OUT = 0x004;
export const EVENT_ERROR = 0x008;
export const EVENT_HANGUP = 0x010;
export const EVENT_PEER_ENDED = 0x2000;
export const ONE_SHOT = 0x4000_0000;
export const EDGE_TRIGGERED = 0x8000_0000;
const ALL = (EVENT_IN | EVENT_OUT | EVENT_PEER_ENDED | EDGE_TRIGGERED) >>> 0;

/** In words of four bytes. */
const DATA = arch === 'x64' || arch === 'ia32' ? 1 : 2;
const SIZE = DATA + 2;
/** Waking up now and then does no harm. */
const LONGEST_WAIT_MS = 0x7fff_ffff;
/** Events that one call brings. */
export const AT_ONCE = 512;

type OnEvent = (low: number, high: number, events: number) => void;

interface Asked {
  /** Negative: it is closed. */
  readonly fd: number;
  readonly wanted: number;
}

export class EventPoll {
  readonly #fd: number;
  readonly #event = Buffer.alloc(4 * SIZE);
  readonly #events = Buffer.alloc(4 * SIZE * AT_ONCE);
  readonly #words = new Uint32Array(this.#events.buffer, this.#events.byteOffset, SIZE * AT_ONCE);
  /** Of those that were fetched last. */
  #count = 0;
  readonly #askedBytes = Buffer.alloc(8 * AT_ONCE);
  readonly #asked = new Int32Array(this.#askedBytes.buffer, this.#askedBytes.byteOffset, 2 * AT_ONCE);

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Undefined: there is no descriptor left. */
  static open(): EventPoll | undefined {
    const fd = openEventPoll();
    return fd < 0 ? undefined : new EventPoll(fd);
  }

  /** Until its close; what it was added with before (`again`) is forgotten. Negative: the error number. */
  add(fd: number, low: number, high: number, again: boolean, events = ALL): number {
    this.#event.writeUInt32LE(events, 0);
    this.#event.writeUInt32LE(low, 4 * DATA);
    this.#event.writeUInt32LE(high, 4 * DATA + 4);
    return again ? changeInEventPoll(this.#fd, fd, this.#event) : addToEventPoll(this.#fd, fd, this.#event);
  }

  /** It stays open. */
  remove(fd: number): void {
    removeFromEventPoll(this.#fd, fd);
  }

  /** Hands out what has happened since the last look. */
  look(onEvent: OnEvent): void {
    do {
      this.fetch(0);
      this.each(onEvent);
    } while (this.#count === AT_ONCE);
  }

  /** Asks the kernel, which waits so many milliseconds for the first event (Infinity: for ever), for AT_ONCE at most. */
  fetch(waitMs: number): void {
    this.#count = takeEvents(this.#fd, this.#events, AT_ONCE, Math.min(waitMs, LONGEST_WAIT_MS));
  }

  /** Hands out what was fetched. */
  each(onEvent: OnEvent): void {
    const words = this.#words;
    for (let i = 0, at = 0; i < this.#count; i++, at += SIZE)
      onEvent(words[at + DATA] as number, words[at + DATA + 1] as number, words[at] as number);
  }

  /** The events of up to AT_ONCE sockets that are in no set; `onEvents` gets 0 for none. */
  ask<T extends Asked>(sockets: readonly T[], onEvents: (socket: T, events: number) => void): void {
    const entries = this.#asked;
    const count = sockets.length;
    for (let i = 0; i < count; i++) {
      const { fd, wanted } = sockets[i] as T;
      entries[2 * i] = fd;
      entries[2 * i + 1] = wanted;
    }
    pollNow(this.#askedBytes, count);
    for (let i = 0; i < count; i++) onEvents(sockets[i] as T, (entries[2 * i + 1] as number) >>> 16);
  }

  close(): void {
    closeDescriptor(this.#fd);
  }
}
