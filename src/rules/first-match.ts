/**
 * Finds the next rule of a list whose condition holds: the loop under every ruleset, use_backend and use-server.
 * Neighbours that ask one sample for exact strings (`{ hdr(host) -i a b }`) become one hash lookup, so that 5,000
 * host rules cost what one costs (bench/micro/rule-dispatch.ts); neighbours that want certain texts in their samples are
 * passed over together where none is there (sieve.ts). The answer is that of reading them in order.
 *
 *   conditions   0 src │ 1 host a │ 2 host b c │ 3 host a           │ 4 (none) │ 5 path_beg /a │ 6 path_end .b or ...
 *   groups          -  └──── Map { a: [1, 3], b: [2], c: [2] } ────┘      -     └──────────── Sieve ────────────
 */
import type { CompiledCondition, KeyedTest, Test } from '../acl/compiled.ts';
import type { SampleContext } from '../acl/context.ts';
import { Sieve } from './sieve.ts';

/** Answer of `next` when it takes more bytes to decide. */
export const UNDECIDED = -1;

/** Below this, testing one after the other is as fast. */
const SMALLEST_GROUP = 3;

export class FirstMatch {
  readonly length: number;
  /** Undefined: always holds. */
  readonly #tests: readonly (Test | undefined)[];
  readonly #groups: readonly (Group | undefined)[];

  static of(conditions: readonly (CompiledCondition | undefined)[]): FirstMatch {
    return conditions.length === 0 ? NOTHING : new FirstMatch(conditions);
  }

  constructor(conditions: readonly (CompiledCondition | undefined)[]) {
    this.length = conditions.length;
    this.#tests = conditions.map(condition => (condition?.constant === true ? undefined : condition?.test));
    this.#groups = groupsOf(conditions);
  }

  /** Index of the first condition at or after `from` that holds, `length` when none does, or UNDECIDED. */
  next(ctx: SampleContext, from: number): number {
    let index = from;
    while (index < this.length) {
      const group = this.#groups[index];
      if (group !== undefined) {
        const found = group.next(ctx, index);
        if (found !== group.end) return found;
        index = found;
        continue;
      }
      const test = this.#tests[index];
      if (test === undefined) return index;
      ctx.needMoreData = false;
      if (test(ctx)) return index;
      if (ctx.needMoreData) return UNDECIDED;
      index++;
    }
    return this.length;
  }
}

/** Conditions that are tested together. */
interface Group {
  /** Behind its last condition. */
  readonly end: number;
  /** As that of FirstMatch; `end` when none of its conditions holds. */
  next(ctx: SampleContext, from: number): number;
}

/** Conditions `start`..`end`-1, all keyed on the same sample. */
class KeyedGroup implements Group {
  readonly end: number;
  readonly #start: number;
  readonly #tests: readonly KeyedTest[];
  readonly #each: KeyedTest['each'];
  readonly #rulesByValue = new Map<string, number[]>();
  #stale = true;
  #from = 0;
  #found = 0;

  constructor(start: number, tests: readonly KeyedTest[]) {
    this.#start = start;
    this.end = start + tests.length;
    this.#tests = tests;
    this.#each = (tests[0] as KeyedTest).each;
    const changed = (): void => {
      this.#stale = true;
    };
    for (const test of tests) test.watch(changed);
  }

  /** At first use, and after patterns were changed at run time. */
  #build(): void {
    this.#rulesByValue.clear();
    for (const [offset, test] of this.#tests.entries())
      for (const value of new Set(test.values())) this.#append(value, this.#start + offset);
    this.#stale = false;
  }

  #append(value: string, index: number): void {
    const known = this.#rulesByValue.get(value);
    if (known === undefined) this.#rulesByValue.set(value, [index]);
    else known.push(index);
  }

  next(ctx: SampleContext, from: number): number {
    if (this.#stale) this.#build();
    this.#from = from;
    this.#found = this.end;
    ctx.needMoreData = false;
    this.#each(ctx, this.#visit);
    // Read in order, the condition at `from` is the first that would have to wait.
    return ctx.needMoreData && this.#found !== from ? UNDECIDED : this.#found;
  }

  readonly #visit = (value: string): boolean => {
    const indexes = this.#rulesByValue.get(value);
    if (indexes === undefined) return false;
    for (const index of indexes) {
      if (index < this.#from) continue;
      if (index < this.#found) this.#found = index;
      break;
    }
    return this.#found === this.#from;
  };
}

function groupsOf(conditions: readonly (CompiledCondition | undefined)[]): (Group | undefined)[] {
  const groups: (Group | undefined)[] = conditions.map(() => undefined);
  let start = 0;
  while (start < conditions.length) {
    const group = groupAt(conditions, start);
    const end = group?.end ?? start + 1;
    groups.fill(group, start, end);
    start = end;
  }
  return groups;
}

function groupAt(conditions: readonly (CompiledCondition | undefined)[], start: number): Group | undefined {
  const keyed = keyedRun(conditions, start);
  if (keyed.length >= SMALLEST_GROUP) return new KeyedGroup(start, keyed);
  const needing = needingRun(conditions, start);
  return needing.length >= SMALLEST_GROUP ? new Sieve(start, needing) : undefined;
}

/** The keyed tests from `start` on that share one key. */
function keyedRun(conditions: readonly (CompiledCondition | undefined)[], start: number): KeyedTest[] {
  const run: KeyedTest[] = [];
  for (let index = start; index < conditions.length; index++) {
    const condition = conditions[index];
    const keyed = condition?.constant === undefined ? condition?.keyed : undefined;
    if (keyed === undefined || (run.length > 0 && run[0]?.key !== keyed.key)) break;
    run.push(keyed);
  }
  return run;
}

/** The conditions from `start` on whose needs are known, as far as the next keyed group. */
function needingRun(
  conditions: readonly (CompiledCondition | undefined)[],
  start: number,
): CompiledCondition[] {
  const run: CompiledCondition[] = [];
  for (let index = start; index < conditions.length; index++) {
    const condition = conditions[index];
    if (condition?.needs === undefined || condition.constant !== undefined) break;
    if (keyedRun(conditions, index).length >= SMALLEST_GROUP) break;
    run.push(condition);
  }
  return run;
}

/** One for all lists without conditions: most proxies have a dozen of them. */
const NOTHING = new FirstMatch([]);
