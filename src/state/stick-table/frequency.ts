/**
 * Rates as HAProxy's frequency counters keep them, in three doubles of an entry; under the table's lock.
 *
 *   cell 0 begin of the running period (ms) · 1 events in it · 2 events in the period before
 */

const BEGIN = 0;
const CURRENT = 1;
const PREVIOUS = 2;

/** Counts so many events now. */
export function countEvents(
  cells: Float64Array,
  at: number,
  periodMs: number,
  amount: number,
  nowMs: number,
): void {
  const elapsed = nowMs - (cells[at + BEGIN] as number);
  if (elapsed < periodMs) {
    cells[at + CURRENT] = (cells[at + CURRENT] as number) + amount;
    return;
  }
  const missed = elapsed >= 2 * periodMs;
  cells[at + PREVIOUS] = missed ? 0 : (cells[at + CURRENT] as number);
  cells[at + BEGIN] = missed ? nowMs : (cells[at + BEGIN] as number) + periodMs;
  cells[at + CURRENT] = amount;
}

/** Events in the last period: those of the running one, and of the one before the share that is not over yet. */
export function readRate(cells: Float64Array, at: number, periodMs: number, nowMs: number): number {
  let remaining = (cells[at + BEGIN] as number) + periodMs - nowMs;
  let current = cells[at + CURRENT] as number;
  let previous = cells[at + PREVIOUS] as number;
  if (remaining < 0) {
    remaining += periodMs;
    previous = remaining >= 0 ? current : 0;
    current = 0;
  }
  // a single event is told until its period is over, instead of flapping
  if (current === 0 && previous <= 1) return previous;
  return Math.floor((previous * Math.min(remaining, periodMs)) / periodMs + current);
}

/** Tells that rate from now on, until it fades (`set table`). */
export function setRate(cells: Float64Array, at: number, events: number, nowMs: number): void {
  cells[at + BEGIN] = nowMs;
  cells[at + CURRENT] = events;
  cells[at + PREVIOUS] = 0;
}
