/**
 * The streams a thread serves now: requests, from their first byte on, and TCP sessions. For `show sess` and `shutdown
 * session`. Entering and leaving costs a few writes, and touches no other stream.
 */
import type { StreamFacts } from '../model/stream-facts.ts';
import type { ShutdownLetter } from './server-streams.ts';

export interface LiveStream {
  /** Where it stands in the list, -1: nowhere. */
  place: number;
  /** Which of the thread's streams it is, from 1. */
  number: number;
  describe(now: number): StreamFacts;
  /** Cut from outside. */
  shutdown(letter: ShutdownLetter): void;
}

export class LiveStreams {
  readonly #streams: (LiveStream | undefined)[] = [];
  /** Places in it where nobody stands. */
  readonly #free: number[] = [];
  #last = 0;

  add(stream: LiveStream): void {
    const place = this.#free.pop() ?? this.#streams.length;
    stream.number = ++this.#last;
    stream.place = place;
    this.#streams[place] = stream;
  }

  remove(stream: LiveStream): void {
    const { place } = stream;
    if (place < 0) return;
    stream.place = -1;
    this.#streams[place] = undefined;
    this.#free.push(place);
  }

  /** As it is now: what is killed meanwhile leaves the list behind it alone. */
  all(): readonly LiveStream[] {
    return this.#streams.filter(stream => stream !== undefined);
  }

  get size(): number {
    return this.#streams.length - this.#free.length;
  }
}
