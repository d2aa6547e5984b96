/**
 * One coarse timer wheel a thread: all timeouts of connections and requests, none of them a Node timer object.
 *
 *   slot 0   1   2   ...  SLOTS-1          one slot = TICK_MS; a timer sits in the slot of its deadline,
 *   [·]─▶[·]─▶[·]                          or in an earlier one and moves on when that slot is reached
 *
 * Setting a timer to a later deadline writes one number: the timer stays where it is and is moved when its old
 * slot comes by. So re-arming a timeout at each byte received costs nothing (bench/micro/timer-wheel.ts).
 * Precision: never early, at most TICK_MS + loop latency late.
 */
export const TICK_MS = 10;
const SLOTS = 4096;

export class Timer {
  /** Absolute, in wheel milliseconds; 0: not set. */
  deadline = 0;
  /** The slot it is linked into, or -1. */
  slot = -1;
  next: Timer | undefined = undefined;
  previous: Timer | undefined = undefined;
  readonly onExpired: () => void;

  constructor(onExpired: () => void) {
    this.onExpired = onExpired;
  }
}

export class TimerWheel {
  /** Milliseconds of a monotonic clock, as of the last `advance`. */
  now: number;
  readonly #slots: (Timer | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  readonly #clock: () => number;
  #tick: number;
  #linked = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.now = clock();
    this.#tick = Math.floor(this.now / TICK_MS);
  }

  /** Timers that are linked (set, or cleared but not yet swept). Zero lets a thread sleep without a tick. */
  get linked(): number {
    return this.#linked;
  }

  /** (Re)arms: `delayMs` from now; 0 or Infinity clears. */
  set(timer: Timer, delayMs: number): void {
    if (delayMs <= 0 || delayMs === Infinity) {
      timer.deadline = 0;
      return;
    }
    timer.deadline = this.now + delayMs;
    if (timer.slot < 0) this.#link(timer);
    else if (timer.deadline < this.#slotTime(timer)) {
      this.#unlink(timer);
      this.#link(timer);
    }
  }

  clear(timer: Timer): void {
    timer.deadline = 0;
  }

  /** Unlinks at once: for owners that go away for good. */
  remove(timer: Timer): void {
    timer.deadline = 0;
    if (timer.slot >= 0) this.#unlink(timer);
  }

  /** Reads the clock, fires what is due. Called by the engine each loop turn. */
  advance(): void {
    this.now = this.#clock();
    const target = Math.floor(this.now / TICK_MS);
    if (target - this.#tick > SLOTS) this.#tick = target - SLOTS;
    while (this.#tick < target) {
      this.#tick++;
      this.#sweep(this.#tick % SLOTS);
    }
  }

  #sweep(slot: number): void {
    let timer = this.#slots[slot];
    if (timer === undefined) return;
    this.#slots[slot] = undefined;
    while (timer !== undefined) {
      const next: Timer | undefined = timer.next;
      timer.slot = -1;
      timer.next = undefined;
      timer.previous = undefined;
      this.#linked--;
      if (timer.deadline !== 0) {
        if (timer.deadline <= this.now) {
          timer.deadline = 0;
          timer.onExpired();
        } else this.#link(timer);
      }
      timer = next;
    }
  }

  #slotTime(timer: Timer): number {
    const distance = (timer.slot - (this.#tick % SLOTS) + SLOTS) % SLOTS;
    return (this.#tick + distance) * TICK_MS;
  }

  #link(timer: Timer): void {
    const due = Math.ceil(timer.deadline / TICK_MS);
    const ticks = Math.min(Math.max(due - this.#tick, 1), SLOTS - 1);
    const slot = (this.#tick + ticks) % SLOTS;
    const first = this.#slots[slot];
    timer.slot = slot;
    timer.previous = undefined;
    timer.next = first;
    if (first !== undefined) first.previous = timer;
    this.#slots[slot] = timer;
    this.#linked++;
  }

  #unlink(timer: Timer): void {
    if (timer.previous === undefined) this.#slots[timer.slot] = timer.next;
    else timer.previous.next = timer.next;
    if (timer.next !== undefined) timer.next.previous = timer.previous;
    timer.slot = -1;
    timer.next = undefined;
    timer.previous = undefined;
    this.#linked--;
  }
}
