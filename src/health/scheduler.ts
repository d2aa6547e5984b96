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
  /** When it is due; Infinity while it is not scheduled. */
  dueMs = Infinity;
  /** Place in the heap, -1: not in it. */
  place = -1;
  readonly run: () => void;

  constructor(run: () => void) {
    this.run = run;
  }
}

export class Scheduler {
  readonly #alarm: Alarm;
  readonly #heap: Scheduled[] = [];
  /** The longest that anything ran after it was due, since the last look. */
  #latestMs = 0;
  #ringing = false;

  constructor(alarm: Alarm) {
    this.#alarm = alarm;
  }

  get size(): number {
    return this.#heap.length;
  }

  now(): number {
    return this.#alarm.now();
  }

  /** The worst lateness since this was last called. */
  takeLatenessMs(): number {
    const latest = this.#latestMs;
    this.#latestMs = 0;
    return latest;
  }

  /** (Re)schedules. */
  after(delayMs: number, one: Scheduled): void {
    one.dueMs = this.#alarm.now() + Math.max(0, delayMs);
    if (one.place < 0) {
      one.place = this.#heap.length;
      this.#heap.push(one);
      this.#rise(one);
    } else {
      this.#rise(one);
      this.#sink(one);
    }
    this.#arm();
  }

  cancel(one: Scheduled): void {
    if (one.place < 0) return;
    this.#remove(one);
    this.#arm();
  }

  clear(): void {
    for (const one of this.#heap) {
      one.place = -1;
      one.dueMs = Infinity;
    }
    this.#heap.length = 0;
    this.#arm();
  }

  #ring(): void {
    this.#ringing = true;
    const now = this.#alarm.now();
    for (let one = this.#heap[0]; one !== undefined && one.dueMs <= now; one = this.#heap[0]) {
      this.#latestMs = Math.max(this.#latestMs, now - one.dueMs);
      this.#remove(one);
      one.run();
    }
    this.#ringing = false;
    this.#arm();
  }

  #arm(): void {
    if (!this.#ringing) this.#alarm.set(this.#heap[0]?.dueMs ?? Infinity, this.#onRing);
  }

  readonly #onRing = (): void => this.#ring();

  #remove(one: Scheduled): void {
    const last = this.#heap.pop() as Scheduled;
    const { place } = one;
    one.place = -1;
    one.dueMs = Infinity;
    if (last === one) return;
    last.place = place;
    this.#heap[place] = last;
    this.#rise(last);
    this.#sink(last);
  }

  #rise(one: Scheduled): void {
    const heap = this.#heap;
    while (one.place > 0) {
      const parent = heap[(one.place - 1) >> 1] as Scheduled;
      if (parent.dueMs <= one.dueMs) return;
      this.#swap(parent, one);
    }
  }

  #sink(one: Scheduled): void {
    const heap = this.#heap;
    for (;;) {
      const left = heap[2 * one.place + 1];
      const right = heap[2 * one.place + 2];
      const least = right !== undefined && right.dueMs < (left as Scheduled).dueMs ? right : left;
      if (least === undefined || least.dueMs >= one.dueMs) return;
      this.#swap(one, least);
    }
  }

  #swap(upper: Scheduled, lower: Scheduled): void {
    const { place } = upper;
    upper.place = lower.place;
    lower.place = place;
    this.#heap[upper.place] = upper;
    this.#heap[lower.place] = lower;
  }
}

/**
 * The alarm of a running program: one Node timer, moved only when it has to ring earlier. It rings behind the events
 * that wait at that moment: after a pause of the thread an answer that has come must be seen before its time is over.
 */
export class TimerAlarm implements Alarm {
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #atMs = Infinity;
  #ring: (() => void) | undefined;

  now(): number {
    return performance.now();
  }

  set(atMs: number, ring: () => void): void {
    this.#ring = ring;
    if (atMs === Infinity) return this.#stop();
    if (this.#timer !== undefined && this.#atMs <= atMs) return;
    this.#stop();
    this.#atMs = atMs;
    this.#timer = setTimeout(this.#onTimer, Math.max(1, Math.ceil(atMs - performance.now())));
  }

  readonly #onTimer = (): void => {
    this.#immediate = setImmediate(this.#onEvents);
  };

  readonly #onEvents = (): void => {
    this.#timer = undefined;
    this.#immediate = undefined;
    this.#atMs = Infinity;
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
