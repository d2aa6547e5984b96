/**
 * What fetches and converters do with an entry of a stick table: read, increment or clear what is stored. They run
 * under the table's lock.
 */
import type { StickDataType } from '../../model/stick-table.ts';
import { isRate } from '../../model/stick-table.ts';
import type { StoredAt } from '../../state/stick-table/layout.ts';
import type { StickTable } from '../../state/stick-table/stick-table.ts';

export interface Operation {
  /** Of a key that has no entry, one is made. */
  readonly creates: boolean;
  /** Undefined: nothing of the kind is stored in that table. */
  run(table: StickTable, entry: number, nowMs: number): number | undefined;
}

/** An element; of several, the first whose type is stored counts. */
type Choice = readonly [type: StickDataType, index: number];

/** Of which element is spoken in that table; nothing is allocated for the answer. */
function chosen(table: StickTable, choices: readonly Choice[]): Choice | undefined {
  for (const choice of choices) {
    const place = table.place(choice[0]);
    if (place !== undefined) return choice[1] < place.count ? choice : undefined;
  }
  return undefined;
}

function placeOf(table: StickTable, choice: Choice): StoredAt {
  return table.place(choice[0]) as StoredAt;
}

export function reading(...choices: readonly Choice[]): Operation {
  const rates = choices.some(([type]) => isRate(type));
  return {
    creates: false,
    run(table, entry, nowMs) {
      const choice = chosen(table, choices);
      if (choice === undefined) return undefined;
      const place = placeOf(table, choice);
      return rates ? table.rate(entry, place, choice[1], nowMs) : table.number(entry, place, choice[1]);
    },
  };
}

/** In units of 1024. */
export function readingKilobytes(type: StickDataType): Operation {
  const read = reading([type, 0]);
  return {
    creates: false,
    run(table, entry, nowMs) {
      const bytes = read.run(table, entry, nowMs);
      return bytes === undefined ? undefined : Math.floor(bytes / 1024);
    },
  };
}

/** A general counter and its rate; the new count, else what the rate counted in its period. */
export function incrementing(counters: readonly Choice[], rates: readonly Choice[]): Operation {
  return {
    creates: true,
    run(table, entry, nowMs) {
      const rate = chosen(table, rates);
      const counter = chosen(table, counters);
      if (rate === undefined && counter === undefined) return 0;
      let value = rate === undefined ? 0 : table.count(entry, placeOf(table, rate), rate[1], 1, nowMs);
      if (counter !== undefined) value = table.add(entry, placeOf(table, counter), counter[1], 1);
      table.touch(entry, nowMs);
      return value;
    },
  };
}

/** The value it had. */
export function clearing(...counters: readonly Choice[]): Operation {
  return {
    creates: true,
    run(table, entry, nowMs) {
      const counter = chosen(table, counters);
      if (counter === undefined) return undefined;
      const place = placeOf(table, counter);
      const value = table.number(entry, place, counter[1]);
      table.setNumber(entry, place, counter[1], 0);
      table.touch(entry, nowMs);
      return value;
    },
  };
}

/** One connection more, as `src_updt_conn_cnt` counts it. */
export const COUNT_CONNECTION: Operation = {
  creates: true,
  run(table, entry, nowMs) {
    const place = table.place('conn_cnt');
    if (place === undefined) return undefined;
    table.touch(entry, nowMs);
    return table.add(entry, place, 0, 1);
  },
};

/** Streams that track it. */
export const COUNT_TRACKERS: Operation = {
  creates: false,
  run: (table, entry) => table.references(entry),
};

/** For the loaded key; 0 where it has no entry. */
export function runForKey(operation: Operation, table: StickTable): number | undefined {
  const now = table.now;
  const entry = operation.creates ? table.enterNew(now) : table.enter(now);
  const value = entry === 0 ? 0 : operation.run(table, entry, now);
  table.leave();
  return value;
}

/** For an entry that is tracked. */
export function runForEntry(operation: Operation, table: StickTable, entry: number): number | undefined {
  table.enterEntry();
  const value = operation.run(table, entry, table.now);
  table.leave();
  return value;
}
