/**
 * Where rules stand that do not say it: the first one at 16384, each further one before it, as in keepalived. Left to
 * the kernel, a rule would stand before whatever is there at that moment.
 */
const FIRST = 16_384;

export class RulePreferences {
  readonly #next = { 4: FIRST, 6: FIRST };

  take(family: 4 | 6): number {
    return this.#next[family]--;
  }
}
