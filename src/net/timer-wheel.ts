/**
 * One coarse timer wheel a thread: all timeouts of connections and requests, none of them a Node timer object.
 *
 *   slot 0   1   2   ...  SLOTS-1          one slot = TICK_MS; a timer sits in the slot of its deadline,
 *   [·]─▶[·]─▶[·]                          or in an earlier one and moves on when that slot is reached
 *
 * Setting a timer to a later deadline writes one number: the timer stays where it is and is moved when its old
 * slot comes by. So re-arming a timeout at each byte received costs nothing (bench/micro/timer-wheel.ts).
 * Precision: never early, at most TICK_MS + loop latency late.
 *
 * The engine that owns the wheel calls advance() when `wakeAt` has come; it sleeps as long as that is Infinity.
 */
export const TICK_MS = 10;
const SLOTS = 4096;
/** One bit a slot: is any timer linked into it? */
const WORDS = SLOTS / 32;

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

interface TimerWheelOptions {
  /** The first value of `live`. */
  readonly live?: boolean;
  /** Told when advance() is needed earlier than last said. */
  readonly wake?: (atMs: number) => void;
}

export class TimerWheel {
  readonly #slots: (Timer | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  readonly #occupied = new Uint32Array(WORDS);
  readonly #clock: () => number;
  /** A turn of the engine's loop begins. */
  onTurn: (() => void) | undefined;
  /** The clock is read whenever it is asked: while no loop turn of the engine's refreshes it. */
  live: boolean;
  readonly #wake: ((atMs: number) => void) | undefined;
  /** The clock as of the last advance, when not live. */
  #now: number;
  /** The tick swept last. */
  #tick: number;
  #linked = 0;
  #wakeAt = Infinity;

  constructor(clock: () => number, options: TimerWheelOptions = {}) {
    this.#clock = clock;
    this.live = options.live ?? false;
    this.#wake = options.wake;
    this.#now = clock();
    this.#tick = Math.floor(this.#now / TICK_MS);
  }

  /** Milliseconds of a monotonic clock: of this moment when live, else of the last advance(). */
  get now(): number {
    return this.live ? this.#clock() : this.#now;
  }

  /** Timers that are linked (set, or cleared but not yet swept). Zero lets a thread sleep without a tick. */
  get linked(): number {
    return this.#linked;
  }

  /** When advance() has to be called next, in wheel milliseconds; Infinity: nothing is linked. */
  get wakeAt(): number {
    return this.#wakeAt;
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

  /** After a sleep: what is set from now on counts from now, and fires at the next advance() at the earliest. */
  readClock(): void {
    this.#now = this.#clock();
    this.onTurn?.();
  }

  /** Reads the clock, fires what is due. Called by the engine, not from within onExpired. */
  advance(): void {
    this.#now = this.#clock();
    if (this.#now < this.#wakeAt) return;
    const target = Math.floor(this.#now / TICK_MS);
    this.#wakeAt = -Infinity;
    if (target - this.#tick > SLOTS) this.#tick = target - SLOTS;
    while (this.#tick < target) {
      this.#tick++;
      const slot = this.#tick % SLOTS;
      if (this.#slots[slot] !== undefined) this.#sweep(slot);
    }
    this.#wakeAt = this.#earliest();
    if (this.#wakeAt !== Infinity) this.#wake?.(this.#wakeAt);
  }

  /** Takes one after the other from the head: onExpired may set or remove any timer, also one of this slot. */
  #sweep(slot: number): void {
    for (let timer = this.#slots[slot]; timer !== undefined; timer = this.#slots[slot]) {
      this.#unlink(timer);
      if (timer.deadline === 0) continue;
      if (timer.deadline > this.#now) this.#link(timer);
      else {
        timer.deadline = 0;
        timer.onExpired();
      }
    }
  }

  #slotTime(timer: Timer): number {
    const distance = (timer.slot - (this.#tick % SLOTS) + SLOTS) % SLOTS;
    return (this.#tick + distance) * TICK_MS;
  }

  /** Never into the slot being swept: at least one tick on, at most SLOTS - 1. */
  #link(timer: Timer): void {
    if (this.#linked === 0 && this.#wakeAt === Infinity) this.#tick = Math.floor(this.now / TICK_MS);
    const due = Math.ceil(timer.deadline / TICK_MS);
    const ticks = Math.min(Math.max(due - this.#tick, 1), SLOTS - 1);
    const slot = (this.#tick + ticks) % SLOTS;
    const first = this.#slots[slot];
    timer.slot = slot;
    timer.previous = undefined;
    timer.next = first;
    if (first === undefined) this.#mark(slot);
    else first.previous = timer;
    this.#slots[slot] = timer;
    this.#linked++;
    const at = (this.#tick + ticks) * TICK_MS;
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    this.#wake?.(at);
  }

  #unlink(timer: Timer): void {
    if (timer.previous === undefined) this.#slots[timer.slot] = timer.next;
    else timer.previous.next = timer.next;
    if (timer.next !== undefined) timer.next.previous = timer.previous;
    if (this.#slots[timer.slot] === undefined) this.#unmark(timer.slot);
    timer.slot = -1;
    timer.next = undefined;
    timer.previous = undefined;
    this.#linked--;
  }

  #mark(slot: number): void {
    this.#occupied[slot >>> 5] = (this.#occupied[slot >>> 5] as number) | (1 << (slot & 31));
  }

  #unmark(slot: number): void {
    this.#occupied[slot >>> 5] = (this.#occupied[slot >>> 5] as number) & ~(1 << (slot & 31));
  }

  /** Time of the nearest occupied slot after the current one, found a word of slots at a time. */
  #earliest(): number {
    if (this.#linked === 0) return Infinity;
    const first = (this.#tick + 1) % SLOTS;
    let word = first >>> 5;
    let bits = (this.#occupied[word] as number) & (-1 << (first & 31));
    for (let looked = 0; bits === 0 && looked <= WORDS; looked++) {
      word = (word + 1) % WORDS;
      bits = this.#occupied[word] as number;
    }
    const slot = word * 32 + (31 - Math.clz32(bits & -bits));
    return (this.#tick + 1 + ((slot - first + SLOTS) % SLOTS)) * TICK_MS;
  }
}
