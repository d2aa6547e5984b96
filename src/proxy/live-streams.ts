/**
 * The streams a thread serves now: requests, from their first byte on, and TCP sessions. For `show sess` and `shutdown
 * session`, and for counting bytes while they pass. Entering and leaving costs a few writes.
 */
import type { StreamFacts } from '../model/stream-facts.ts';
import { Places } from './places.ts';
import type { ShutdownLetter } from './server/server-streams.ts';

export interface LiveStream {
  /** Where it stands among the others, -1: nowhere. */
  place: number;
  /** Which of the thread's streams it is, from 1. */
  number: number;
  describe(now: number): StreamFacts;
  /** Counts what has been moved since the last time, if its frontend wants that before the end (`option contstats`). */
  countSoFar(): void;
  /** Cut from outside. */
  shutdown(letter: ShutdownLetter): void;
}

export class LiveStreams {
  readonly #streams = new Places<LiveStream>();
  #last = 0;

  add(stream: LiveStream): void {
    stream.number = ++this.#last;
    stream.place = this.#streams.enter(stream);
  }

  remove(stream: LiveStream): void {
    if (stream.place < 0) return;
    this.#streams.leave(stream.place);
    stream.place = -1;
  }

  /** In the order of their beginning. What is killed meanwhile leaves the list behind it alone. */
  all(): readonly LiveStream[] {
    return this.#streams.all().toSorted((one, other) => one.number - other.number);
  }

  countSoFar(): void {
    this.#streams.visit(stream => stream.countSoFar());
  }

  get size(): number {
    return this.#streams.size;
  }
}
