/**
 * How long what is ready waits in this thread, by a timer that is late by as much: for `profiling.tasks auto`. On from
 * an average of 1,000 microseconds, off again below 990 (manual, `profiling.tasks`).
 */
import { preciseMs } from '../../base/clock.ts';

const EVERY_MS = 100;
const LATE_MS = 1;
const IN_TIME_MS = 0.99;
/** What an average forgets with each new value. */
const SHARE = 1 / 16;

export class Lateness {
  readonly #tell: (isLate: boolean) => void;
  readonly #timer: NodeJS.Timeout;
  #dueMs = preciseMs() + EVERY_MS;
  #averageMs = 0;
  #isLate = false;

  constructor(tell: (isLate: boolean) => void) {
    this.#tell = tell;
    this.#timer = setInterval(() => this.#look(), EVERY_MS).unref();
  }

  #look(): void {
    const now = preciseMs();
    this.noted(Math.max(now - this.#dueMs, 0));
    this.#dueMs = now + EVERY_MS;
  }

  /** A timer was late by so much. */
  noted(lateMs: number): void {
    this.#averageMs += (lateMs - this.#averageMs) * SHARE;
    const isLate = this.#averageMs >= (this.#isLate ? IN_TIME_MS : LATE_MS);
    if (isLate === this.#isLate) return;
    this.#isLate = isLate;
    this.#tell(isLate);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
