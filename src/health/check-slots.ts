/**
 * How many checks may run at a time (manual, `tune.max-checks-per-thread`). HAProxy counts in each thread; here all
 * checks run in one place, so the limit is that of all threads together. Who finds no room waits in line.
 */
export interface WaitingCheck {
  /** There is room now, and it is taken for this one. */
  roomAgain(): void;
}

export class CheckSlots {
  #free: number;
  #handing = false;
  readonly #waiting = new Set<WaitingCheck>();

  constructor(most: number) {
    this.#free = most;
  }

  /** False: the check is called when its turn comes. */
  take(check: WaitingCheck): boolean {
    if (this.#free === 0) {
      this.#waiting.add(check);
      return false;
    }
    this.#free--;
    return true;
  }

  isWaiting(check: WaitingCheck): boolean {
    return this.#waiting.has(check);
  }

  /** A check that ends as soon as it begins gives its place from within: no call stacks on another. */
  give(): void {
    this.#free++;
    if (this.#handing) return;
    this.#handing = true;
    for (const next of this.#waiting) {
      if (this.#free === 0) break;
      this.#free--;
      this.#waiting.delete(next);
      next.roomAgain();
    }
    this.#handing = false;
  }

  /** It waits no longer. */
  leave(check: WaitingCheck): void {
    this.#waiting.delete(check);
  }
}

/** Undefined: no limit. */
export function checkSlots(perThread: string | undefined, nbthread: number): CheckSlots | undefined {
  const most = Number(perThread ?? 0) * nbthread;
  return most > 0 ? new CheckSlots(most) : undefined;
}
