/**
 * Event rates that limit something (`rate-limit sessions`, `maxconnrate`, `maxsessrate`, `maxsslrate`), shared by
 * all threads. One row: two half-filled seconds as HAProxy's frequency counters keep them.
 *
 *   word 0 tick (ms, int32, even; odd while somebody turns the page) · 1 current · 2 previous · 3 limit (0: none)
 *
 * `delayMs` says whether one more event is within the limit, or when; `count` notes that it happened.
 */
import { PROCESS_RATES, RATE_ROW, type StateLayout } from './layout.ts';

const TICK = 0;
const CURRENT = 1;
const PREVIOUS = 2;
const LIMIT = 3;
const PERIOD_MS = 1000;

export class SharedRates {
  /** `maxconnrate`, `maxsessrate`, `maxsslrate` */
  readonly processConnections = 0;
  readonly processSessions = 1;
  readonly processSsl = 2;
  /** `maxcomprate` in bytes; nothing is counted here, the counters know. */
  readonly processCompression = 3;
  readonly #words: Int32Array;
  readonly #start: number;

  constructor(words: Int32Array, layout: StateLayout) {
    this.#words = words;
    this.#start = layout.rates;
  }

  /** `rate-limit sessions` of a frontend. */
  frontendSessions(proxy: number): number {
    return PROCESS_RATES + proxy;
  }

  limit(rate: number): number {
    return Atomics.load(this.#words, this.#at(rate) + LIMIT);
  }

  setLimit(rate: number, perSecond: number): void {
    Atomics.store(this.#words, this.#at(rate) + LIMIT, perSecond);
  }

  /** Counts one event, whatever the limit: for those who asked `delayMs` before. Without a limit nothing is counted. */
  count(rate: number, nowMs: number): void {
    const at = this.#at(rate);
    if ((this.#words[at + LIMIT] as number) === 0) return;
    this.#turn(at, nowMs | 0);
    Atomics.add(this.#words, at + CURRENT, 1);
  }

  /** Milliseconds until one more event is within the limit; 0: now. */
  delayMs(rate: number, nowMs: number): number {
    const at = this.#at(rate);
    const limit = this.#words[at + LIMIT] as number;
    if (limit === 0) return 0;
    const excess = this.#total(at, nowMs | 0) - limit * PERIOD_MS;
    return excess < 0 ? 0 : Math.max(1, Math.ceil(excess / limit));
  }

  /** Events of the last second, as far as they are counted. */
  perSecond(rate: number, nowMs: number): number {
    return Math.floor(this.#total(this.#at(rate), nowMs | 0) / PERIOD_MS);
  }

  #at(rate: number): number {
    return this.#start + rate * RATE_ROW;
  }

  /** The thread that sees the second end turns the page; the others go on counting into `current` meanwhile. */
  #turn(at: number, now: number): void {
    const words = this.#words;
    const tick = Atomics.load(words, at + TICK);
    if ((now - tick) >>> 0 < PERIOD_MS || (tick & 1) !== 0) return;
    if (Atomics.compareExchange(words, at + TICK, tick, tick | 1) !== tick) return;
    const counted = Atomics.exchange(words, at + CURRENT, 0);
    const next = (tick + PERIOD_MS) | 0;
    const missed = (now - next) >>> 0 >= PERIOD_MS;
    Atomics.store(words, at + PREVIOUS, missed ? 0 : counted);
    Atomics.store(words, at + TICK, (missed ? now : next) & ~1);
  }

  /** Events × milliseconds over the window that ends now. */
  #total(at: number, now: number): number {
    const words = this.#words;
    const tick = Atomics.load(words, at + TICK) & ~1;
    const current = Atomics.load(words, at + CURRENT);
    const remaining = (tick + PERIOD_MS - now) | 0;
    if (remaining >= 0)
      return Atomics.load(words, at + PREVIOUS) * Math.min(remaining, PERIOD_MS) + current * PERIOD_MS;
    return remaining <= -PERIOD_MS ? 0 : current * (remaining + PERIOD_MS);
  }
}
