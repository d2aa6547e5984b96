/**
 * Lets bytes through at a rate: `filter bwlim-in` and `bwlim-out` (manual, section 9.7). What passes moves the moment
 * when the next bytes may; small portions are taken at a time, so that a limit never begins with a burst.
 */
import type { BandwidthInForce } from '../model/bandwidth-limit.ts';
import { Timer, type TimerWheel } from './timer-wheel.ts';

/** Passes at a time when nothing else is said: what fits into this long. */
const PORTION_MS = 20;
/** A timer that comes late is made up for, but not longer pauses. */
const CATCH_UP_MS = 50;

export class Throttle {
  readonly #wheel: TimerWheel;
  readonly #settings: BandwidthInForce;
  #timer: Timer | undefined;
  #nextAt = 0;

  constructor(wheel: TimerWheel, settings: BandwidthInForce) {
    this.#wheel = wheel;
    this.#settings = settings;
  }

  /** How many of `length` bytes may pass now. */
  allow(length: number): number {
    if (this.#nextAt > this.#wheel.now) return 0;
    const { limit, periodMs, minSize } = this.#settings;
    return Math.min(length, Math.max(minSize, Math.ceil((limit * PORTION_MS) / periodMs)));
  }

  passed(bytes: number): void {
    const { limit, periodMs } = this.#settings;
    this.#settings.passed?.(bytes);
    this.#nextAt = Math.max(this.#nextAt, this.#wheel.now - CATCH_UP_MS) + (bytes * periodMs) / limit;
  }

  wait(over: () => void): void {
    this.stop();
    this.#timer = new Timer(over);
    this.#wheel.set(this.#timer, Math.max(1, Math.ceil(this.#nextAt - this.#wheel.now)));
  }

  stop(): void {
    if (this.#timer !== undefined) this.#wheel.remove(this.#timer);
    this.#timer = undefined;
  }
}
