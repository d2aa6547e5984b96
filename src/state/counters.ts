/**
 * Counters: each thread adds to rows of its own with plain stores, readers put the threads' rows together as
 * the field says (counter-fields.ts). Nothing here waits for another thread.
 *
 * A row offset (`counters.frontend(i)` and the like) is taken once, at load; then
 *   counters.add(row, FIELD.bin, length)      sum
 *   counters.raise(row, FIELD.qmax, length)   max
 *   counters.sample(row, FIELD.qtime, ms)     mean
 *   counters.event(row, FIELD.rate, nowMs)    rate
 */
import { COUNTER_FIELDS, COUNTER_ROW, FIELD, type FieldName, type Merge } from './counter-fields.ts';
import { rowNumbers, type RowNumbers, type StateLayout } from './layout.ts';
import type { StatePlan } from './plan.ts';

/** Samples in a sliding mean, as HAProxy's times. */
const WINDOW = 512;
const PERIOD_MS = 1000;
const TICK = 0;
const CURRENT = 1;
const PREVIOUS = 2;
const HIGHEST = 3;

const MERGE = new Map<FieldName, Merge>(COUNTER_FIELDS.map(({ name, merge }) => [name, merge]));

export class Counters {
  /** This thread's counters; index: row offset + FIELD. */
  readonly own: Float64Array;
  readonly #threads: readonly Float64Array[];
  readonly #rows: RowNumbers;
  readonly #tellsPeaks: boolean;

  constructor(buffer: SharedArrayBuffer, plan: StatePlan, layout: StateLayout, thread: number) {
    const doubles = (layout.gateCount + layout.serverCount) * COUNTER_ROW;
    this.#threads = layout.counters.map(start => new Float64Array(buffer, start * 8, doubles));
    this.own = this.#threads[thread] as Float64Array;
    this.#rows = rowNumbers(plan);
    this.#tellsPeaks = plan.tellsPeaks;
  }

  get process(): number {
    return 0;
  }

  frontend(proxy: number): number {
    return (this.#rows.frontends + proxy) * COUNTER_ROW;
  }

  backend(proxy: number): number {
    return (this.#rows.backends + proxy) * COUNTER_ROW;
  }

  listener(index: number): number {
    return (this.#rows.listeners + index) * COUNTER_ROW;
  }

  server(index: number): number {
    return (this.#rows.servers + index) * COUNTER_ROW;
  }

  add(row: number, field: number, amount: number): void {
    this.own[row + field] = (this.own[row + field] as number) + amount;
  }

  raise(row: number, field: number, value: number): void {
    if (value > (this.own[row + field] as number)) this.own[row + field] = value;
  }

  /** Adds one sample to a sliding mean: the last 512 weigh, older ones fade (HAProxy's swrate). */
  sample(row: number, field: number, value: number): void {
    const { own } = this;
    const at = row + field;
    const sum = own[at] as number;
    const samples = (own[at + 1] = (own[at + 1] as number) + 1);
    own[at] = sum - (samples > WINDOW ? Math.floor((sum + WINDOW - 1) / WINDOW) : 0) + Math.round(value);
  }

  /** Counts one event of a rate, or several (bytes). */
  event(row: number, field: number, nowMs: number, amount = 1): void {
    const { own } = this;
    const at = row + field;
    if (nowMs - (own[at + TICK] as number) >= PERIOD_MS) this.#turn(at, nowMs);
    const current = (own[at + CURRENT] = (own[at + CURRENT] as number) + amount);
    if (current > (own[at + HIGHEST] as number)) own[at + HIGHEST] = current;
  }

  /** So many there were in the second that ends now: what another process has counted. */
  resumeRate(row: number, field: number, value: number, nowMs: number): void {
    const at = row + field;
    this.own[at + TICK] = nowMs;
    this.own[at + PREVIOUS] = value;
    this.own[at + CURRENT] = 0;
  }

  /** A new second: the threads' last full seconds together may be the highest so far. */
  #turn(at: number, nowMs: number): void {
    const { own } = this;
    const tick = own[at + TICK] as number;
    const next = tick + PERIOD_MS;
    const missed = nowMs - next >= PERIOD_MS;
    own[at + PREVIOUS] = missed ? 0 : (own[at + CURRENT] as number);
    own[at + CURRENT] = 0;
    own[at + TICK] = missed ? nowMs : next;
    if (this.#threads.length > 2) {
      const together = Math.floor(this.#rateAt(at, nowMs));
      if (together > (own[at + HIGHEST] as number)) own[at + HIGHEST] = together;
    }
  }

  /** This thread's share of a rate, for choices that need no exact figure (`balance random`). */
  ownRate(row: number, field: number, nowMs: number): number {
    return rateOf(this.own, row + field, nowMs);
  }

  /** The field's value over all threads; a rate's is that of the last second. */
  read(row: number, name: FieldName, nowMs: number): number {
    const at = row + FIELD[name];
    switch (MERGE.get(name) as Merge) {
      case 'sum':
      case 'gauge':
        return this.total(at);
      case 'max':
        // how many connections a server needs is no statistic
        if (!this.#tellsPeaks && name !== 'used_conn_max') return 0;
        return this.#mostAt(at);
      case 'last':
        return this.#mostAt(at);
      case 'mean':
        return this.#meanAt(at);
      case 'rate':
        return Math.floor(this.#rateAt(at, nowMs));
    }
  }

  /** The same for a place of a field that is added up. */
  total(at: number): number {
    let sum = 0;
    for (const own of this.#threads) sum += own[at] as number;
    return sum;
  }

  #mostAt(at: number): number {
    return this.#threads.reduce((most, own) => Math.max(most, own[at] as number), 0);
  }

  /** Highest value of a rate (`rate_max` and the like). */
  highestRate(row: number, name: FieldName, nowMs: number): number {
    if (!this.#tellsPeaks) return 0;
    const at = row + FIELD[name];
    const seen = this.#threads.reduce((most, own) => Math.max(most, own[at + HIGHEST] as number), 0);
    return Math.max(seen, Math.floor(this.#rateAt(at, nowMs)));
  }

  /** `clear counters`: the highest values; `all`: everything. Other threads' rows are written here, by design. */
  clear(all: boolean): void {
    for (const own of this.#threads) {
      for (let row = 0; row < own.length; row += COUNTER_ROW)
        if (all) clearRow(own, row);
        else clearMaxima(own, row);
    }
  }

  /** Another object takes that row. */
  clearRow(row: number): void {
    for (const own of this.#threads) own.fill(0, row, row + COUNTER_ROW);
  }

  #meanAt(at: number): number {
    let sum = 0;
    let samples = 0;
    for (const own of this.#threads) {
      sum += own[at] as number;
      samples += Math.min(own[at + 1] as number, WINDOW);
    }
    return samples === 0 ? 0 : Math.floor((sum + samples - 1) / samples);
  }

  #rateAt(at: number, nowMs: number): number {
    return this.#threads.reduce((sum, own) => sum + rateOf(own, at, nowMs), 0);
  }
}

/** Events a second: the running second, and of the second before it the part that is still within 1 s. */
function rateOf(own: Float64Array, at: number, nowMs: number): number {
  const remaining = (own[at + TICK] as number) + PERIOD_MS - nowMs;
  const current = own[at + CURRENT] as number;
  if (remaining > 0) {
    const previous = own[at + PREVIOUS] as number;
    // One event a second or less: report it until its second is over, instead of flapping.
    if (current === 0 && previous <= 1) return previous;
    return current + (previous * Math.min(remaining, PERIOD_MS)) / PERIOD_MS;
  }
  if (remaining <= -PERIOD_MS) return 0;
  return current <= 1 ? current : (current * (remaining + PERIOD_MS)) / PERIOD_MS;
}

const GAUGES = COUNTER_FIELDS.filter(({ merge }) => merge === 'gauge').map(({ name }) => FIELD[name]);

/** All but what is there now: its end will be counted, too. */
function clearRow(own: Float64Array, row: number): void {
  const kept = GAUGES.map(field => own[row + field] as number);
  own.fill(0, row, row + COUNTER_ROW);
  for (const [index, field] of GAUGES.entries()) own[row + field] = kept[index] as number;
}

function clearMaxima(own: Float64Array, row: number): void {
  for (const { name, merge } of COUNTER_FIELDS) {
    if (merge === 'max') own[row + FIELD[name]] = 0;
    else if (merge === 'rate') own[row + FIELD[name] + HIGHEST] = 0;
  }
}
