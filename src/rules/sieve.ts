/**
 * Neighbouring conditions that want certain texts in their samples (`{ path_beg /a }`, `bad_agent or bad_path`): each
 * sample is read once and searched for all texts of all conditions in one pass, and only conditions of which one was
 * found are asked. Most requests meet none of them (bench/micro/rule-dispatch.ts). Used by first-match.ts.
 *
 *   0 path_beg /a       ┐ path  ──▶ finder: ^/a ▷ 0   ^/b ▷ 1
 *   1 path_beg /b host c│ host  ──▶ (needs of the first term are enough)
 *   2 hdr_sub(ua) bot   ┘ ua    ──▶ finder: bot ▷ 2            marks  0 1 0  ──▶ ask condition 1
 */
import type { CompiledCondition, Test, TextNeed } from '../acl/compiled.ts';
import type { SampleContext } from '../acl/context.ts';
import { LiteralFinder, type WantedLiteral } from '../acl/match/literal-finder.ts';

/** Reads a sample and marks what it finds in it. */
type Search = (ctx: SampleContext) => void;

export class Sieve {
  readonly end: number;
  readonly #start: number;
  readonly #tests: readonly Test[];
  readonly #needs: readonly (readonly TextNeed[])[];
  /** Which conditions have what they need. */
  readonly #marks: Uint8Array;
  #isMarked = false;
  #searches: readonly Search[] = [];
  /** The finders are not those of the patterns as they are now. */
  #stale = true;
  /** What is wanted is too much, or anything: all conditions are asked. */
  #isOpen = false;

  constructor(start: number, conditions: readonly CompiledCondition[]) {
    this.#start = start;
    this.end = start + conditions.length;
    this.#tests = conditions.map(({ test }) => test);
    this.#needs = conditions.map(({ needs }) => needs ?? []);
    this.#marks = new Uint8Array(conditions.length);
    const changed = (): void => {
      this.#stale = true;
    };
    for (const needs of this.#needs) for (const need of needs) need.watch(changed);
  }

  /** Index of the first condition at or after `from` that holds, `end` when none does. */
  next(ctx: SampleContext, from: number): number {
    if (this.#stale) this.#build();
    for (const search of this.#searches) search(ctx);
    if (!this.#isMarked && !this.#isOpen) return this.end;
    const found = this.#ask(ctx, from);
    this.#marks.fill(0);
    this.#isMarked = false;
    return found;
  }

  #ask(ctx: SampleContext, from: number): number {
    const start = this.#start;
    for (let index = from; index < this.end; index++) {
      if (this.#marks[index - start] === 0 && !this.#isOpen) continue;
      if ((this.#tests[index - start] as Test)(ctx)) return index;
    }
    return this.end;
  }

  #build(): void {
    const searches = [...this.#wanted()].map(([need, literals]) => this.#search(need, literals));
    this.#isOpen = !searches.every(search => search !== undefined);
    this.#searches = this.#isOpen ? [] : (searches as readonly Search[]);
    this.#stale = false;
  }

  /** By sample. */
  #wanted(): Iterable<readonly [TextNeed, readonly WantedLiteral[] | undefined]> {
    const wanted = new Map<string, [TextNeed, WantedLiteral[] | undefined]>();
    for (const [id, needs] of this.#needs.entries())
      for (const need of needs) {
        let known = wanted.get(need.sample);
        if (known === undefined) wanted.set(need.sample, (known = [need, []]));
        const literals = need.literals();
        if (literals === undefined) known[1] = undefined;
        else known[1]?.push(...literals.map(literal => ({ ...literal, id })));
      }
    return wanted.values();
  }

  #search(need: TextNeed, literals: readonly WantedLiteral[] | undefined): Search | undefined {
    const finder = literals && LiteralFinder.build(literals);
    return (
      finder &&
      need.reader(text => {
        if (finder.find(text, this.#marks)) this.#isMarked = true;
      })
    );
  }
}
