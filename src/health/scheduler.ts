/**
 * When what is to run: one heap of dates, one timer for the earliest. Who is scheduled again moves. Time comes from
 * outside, so that tests have their own.
 */
export interface Alarm {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Calls back once at that time, or a little later; a later call replaces an earlier one. Infinity: never. */
  set(atMs: number, ring: () => void): void;
}

export class Scheduled {
  /** Place in the heap, -1: not in it. */
  place = -1;
  readonly run: () => void;

  constructor(run: () => void) {
    this.run = run;
  }
}

const FIRST_ROOM = 64;

export class Scheduler {
  readonly #alarm: Alarm;
  readonly #look: () => void;
  readonly #heap: Scheduled[] = [];
  /** When the one at the same place of the heap is due: looked through often, so numbers beside one another. */
  #dates = new Float64Array(FIRST_ROOM);
  #ringing = false;

  /**
   * `look`: whoever has events to tell tells them, before anything is found to be too late, and again behind what has
   * begun.
   */
  constructor(alarm: Alarm, look: () => void = () => undefined) {
    this.#alarm = alarm;
    this.#look = look;
  }

  get size(): number {
    return this.#heap.length;
  }

  now(): number {
    return this.#alarm.now();
  }

  /** Infinity while it is not scheduled. */
  dueMs({ place }: Scheduled): number {
    return place < 0 ? Infinity : (this.#dates[place] as number);
  }

  /** (Re)schedules. */
  after(delayMs: number, one: Scheduled): void {
    const dueMs = this.#alarm.now() + Math.max(0, delayMs);
    if (one.place < 0) {
      if (this.#heap.length === this.#dates.length) this.#grow();
      this.#put(one, dueMs, this.#heap.length);
      this.#rise(one, dueMs);
    } else {
      this.#rise(one, dueMs);
      this.#sink(one, dueMs);
    }
    this.#arm();
  }

  cancel(one: Scheduled): void {
    if (one.place < 0) return;
    this.#remove(one);
    this.#arm();
  }

  clear(): void {
    for (const one of this.#heap) one.place = -1;
    this.#heap.length = 0;
    this.#arm();
  }

  #ring(): void {
    this.#ringing = true;
    this.#look();
    const now = this.#alarm.now();
    for (let one = this.#heap[0]; one !== undefined && this.dueMs(one) <= now; one = this.#heap[0]) {
      this.#remove(one);
      one.run();
    }
    this.#look();
    this.#ringing = false;
    this.#arm();
  }

  #arm(): void {
    if (this.#ringing) return;
    const first = this.#heap[0];
    this.#alarm.set(first === undefined ? Infinity : this.dueMs(first), this.#onRing);
  }

  readonly #onRing = (): void => this.#ring();

  #remove(one: Scheduled): void {
    const heap = this.#heap;
    const lastDueMs = this.#dates[heap.length - 1] as number;
    const last = heap.pop() as Scheduled;
    const { place } = one;
    one.place = -1;
    if (last === one) return;
    this.#put(last, lastDueMs, place);
    this.#rise(last, lastDueMs);
    this.#sink(last, lastDueMs);
  }

  /** Those that are due later move down, until it has its place. */
  #rise(one: Scheduled, dueMs: number): void {
    const dates = this.#dates;
    let { place } = one;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const parentDueMs = dates[parent] as number;
      if (parentDueMs <= dueMs) break;
      this.#put(this.#heap[parent] as Scheduled, parentDueMs, place);
      place = parent;
    }
    this.#put(one, dueMs, place);
  }

  /** Those that are due earlier move up, until it has its place. */
  #sink(one: Scheduled, dueMs: number): void {
    const dates = this.#dates;
    const { length } = this.#heap;
    let { place } = one;
    for (;;) {
      let least = 2 * place + 1;
      if (least >= length) break;
      if (least + 1 < length && (dates[least + 1] as number) < (dates[least] as number)) least++;
      const leastDueMs = dates[least] as number;
      if (leastDueMs >= dueMs) break;
      this.#put(this.#heap[least] as Scheduled, leastDueMs, place);
      place = least;
    }
    this.#put(one, dueMs, place);
  }

  #put(one: Scheduled, dueMs: number, place: number): void {
    one.place = place;
    this.#heap[place] = one;
    this.#dates[place] = dueMs;
  }

  #grow(): void {
    const dates = new Float64Array(2 * this.#dates.length);
    dates.set(this.#dates);
    this.#dates = dates;
  }
}

/** Between two rings: what is due in between runs together, which costs less than a ring for each. */
const MOST_PAUSE_MS = 25;
/** Of the shortest time that anybody asks for again and again: nobody is late by more. */
const PAUSE_SHARE = 1 / 40;

/** A timer that is late by so much tells of a pause of the whole thread. */
const PAUSED_MS = 20;

/**
 * The alarm of a running program: one Node timer, moved only when it has to ring earlier. After a pause of the thread
 * it rings behind the events that wait at that moment: an answer that has come must be seen before its time is over.
 */
export class TimerAlarm implements Alarm {
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #atMs = Infinity;
  #rangMs = -Infinity;
  #ring: (() => void) | undefined;
  readonly #shortestMs: () => number;

  /** `shortestMs`: the shortest interval at which something runs. */
  constructor(shortestMs: () => number) {
    this.#shortestMs = shortestMs;
  }

  now(): number {
    return performance.now();
  }

  set(wantedMs: number, ring: () => void): void {
    this.#ring = ring;
    if (wantedMs === Infinity) return this.#stop();
    const atMs = Math.max(wantedMs, this.#rangMs + this.#pauseMs());
    if (this.#timer !== undefined && this.#atMs <= atMs) return;
    this.#stop();
    this.#atMs = atMs;
    this.#timer = setTimeout(this.#onTimer, Math.max(1, Math.ceil(atMs - performance.now())));
  }

  #pauseMs(): number {
    return Math.min(MOST_PAUSE_MS, this.#shortestMs() * PAUSE_SHARE);
  }

  readonly #onTimer = (): void => {
    if (performance.now() - this.#atMs < PAUSED_MS) this.#onEvents();
    else this.#immediate = setImmediate(this.#onEvents);
  };

  readonly #onEvents = (): void => {
    this.#timer = undefined;
    this.#immediate = undefined;
    this.#atMs = Infinity;
    this.#rangMs = performance.now();
    this.#ring?.();
  };

  #stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    this.#timer = undefined;
    this.#atMs = Infinity;
  }
}
