/**
 * The entries that one connection, or one request on it, tracks (`track-sc0` and its like): by number of the counter,
 * the table and the entry in it. Made when the first counter is tracked.
 */
import type { StickTable, TrackedEvent } from './stick-table.ts';

export class TrackedCounters {
  readonly #tables: (StickTable | undefined)[] = [];
  readonly #entries: number[] = [];
  /** Tracked by content rules of a backend: they count a request of their own. */
  readonly #inBackend: boolean[] = [];

  /** The entry of a counter; 0: it tracks nothing. */
  entry(counter: number): number {
    return this.#entries[counter] ?? 0;
  }

  /** Whose entry it is. */
  table(counter: number): StickTable | undefined {
    return this.#tables[counter];
  }

  /**
   * Tracks the key that is loaded in that table, and counts an event for it; 0: there is no room, or the counter is
   * taken already.
   */
  track(counter: number, table: StickTable, event: TrackedEvent | undefined, inBackend = false): number {
    if (this.entry(counter) !== 0) return 0;
    const entry = table.track(event, table.now);
    if (entry === 0) return 0;
    for (let index = this.#entries.length; index < counter; index++) this.#entries[index] = 0;
    this.#tables[counter] = table;
    this.#entries[counter] = entry;
    this.#inBackend[counter] = inBackend;
    return entry;
  }

  /** Counts for one counter; false: it tracks nothing. */
  count(counter: number, event: TrackedEvent, amount: number): boolean {
    const entry = this.#entries[counter];
    if (entry === undefined || entry === 0) return false;
    const table = this.#tables[counter] as StickTable;
    table.countTracked(entry, event, amount, table.now);
    return true;
  }

  /** Counts for those that a backend's content rules track. */
  countInBackend(event: TrackedEvent): void {
    for (let counter = 0; counter < this.#entries.length; counter++)
      if (this.#inBackend[counter] === true) this.count(counter, event, 1);
  }

  /** Counters are numbered below this. */
  get length(): number {
    return this.#entries.length;
  }

  /** The connection, or the request, is over. */
  release(): void {
    for (let counter = 0; counter < this.#entries.length; counter++) {
      const entry = this.#entries[counter] as number;
      if (entry === 0) continue;
      const table = this.#tables[counter] as StickTable;
      table.untrack(entry, table.now);
      this.#entries[counter] = 0;
    }
    this.#entries.length = 0;
    this.#tables.length = this.#inBackend.length = 0;
  }
}

/** Counts an event for all that the request and its connection track. */
export function countForAll(
  own: TrackedCounters | undefined,
  session: TrackedCounters | undefined,
  event: TrackedEvent,
  amount: number,
): void {
  const counters = Math.max(own?.length ?? 0, session?.length ?? 0);
  for (let counter = 0; counter < counters; counter++)
    if (own?.count(counter, event, amount) !== true) session?.count(counter, event, amount);
}
