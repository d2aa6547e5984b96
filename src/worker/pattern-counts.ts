/** How many patterns came into lists and left them, for all threads to read (`PatternsAdded`, `PatternsFreed` of `show info`). */
import type { PatternList } from '../acl/pattern-list.ts';
import { FIELD } from '../state/counter-fields.ts';
import type { Counters } from '../state/counters.ts';

interface Counted {
  readonly added: number;
  readonly freed: number;
}

const NOTHING: Counted = { added: 0, freed: 0 };

export class PatternCounts {
  readonly #counters: Counters;
  readonly #counted = new Map<PatternList, Counted>();

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** Those of the configuration: a line that was compiled several times is one list. */
  begin(lists: readonly PatternList[]): void {
    const byKey = new Map(lists.map(list => [list.key, list]));
    for (const list of byKey.values()) this.changed(list);
  }

  changed(list: PatternList): void {
    const before = this.#counted.get(list) ?? NOTHING;
    const now = { added: list.added, freed: list.added - list.held };
    this.#counted.set(list, now);
    this.#add(FIELD.patterns_added, now.added - before.added);
    this.#add(FIELD.patterns_freed, now.freed - before.freed);
  }

  #add(field: number, amount: number): void {
    this.#counters.add(this.#counters.process, field, amount);
  }
}
