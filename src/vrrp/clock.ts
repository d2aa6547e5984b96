/** Time as vrrp/ sees it: one reading and one kind of timer, so that tests can bring their own. */
export interface Clock {
  /** Monotonic milliseconds with fractions. */
  now(): number;
  /** Calls back once after `delayMs`; the returned function cancels. */
  after(delayMs: number, callback: () => void): () => void;
  /** Milliseconds since 1970, for people. */
  wallClock(): number;
}

/** setTimeout takes no more than 2^31 - 1 ms; waking up early for nothing does no harm. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), LONGEST_MS));
    return () => clearTimeout(timer);
  },
  wallClock: () => Date.now(),
};
