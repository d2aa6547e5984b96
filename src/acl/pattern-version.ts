/** The entries of one version of a list of patterns, in their order and by key. */
import type { PatternEntry } from './match/pattern.ts';

export class PatternVersion {
  #entries: PatternEntry[] = [];
  readonly #byKey = new Map<string, PatternEntry[]>();

  get entries(): readonly PatternEntry[] {
    return this.#entries;
  }

  /** Those of a key, the first of the list in front. */
  withKey(key: string): readonly PatternEntry[] {
    return this.#byKey.get(key) ?? [];
  }

  add(entry: PatternEntry): void {
    this.#entries.push(entry);
    const known = this.#byKey.get(entry.key);
    if (known === undefined) this.#byKey.set(entry.key, [entry]);
    else known.push(entry);
  }

  remove(removed: readonly PatternEntry[]): void {
    const gone = new Set(removed);
    this.#entries = this.#entries.filter(entry => !gone.has(entry));
    for (const { key } of removed) {
      const others = this.withKey(key).filter(entry => !gone.has(entry));
      if (others.length === 0) this.#byKey.delete(key);
      else this.#byKey.set(key, others);
    }
  }
}
