/** The entries of one version of a list of patterns, in their order and by key. */
import { appended } from '../base/appended.ts';
import type { PatternEntry } from './match/pattern.ts';

export class PatternVersion {
  #entries: PatternEntry[] = [];
  /** Made when somebody asks by key: few lists are ever changed. */
  #byKey: Map<string, PatternEntry[]> | undefined;

  get entries(): readonly PatternEntry[] {
    return this.#entries;
  }

  /** Those of a key, the first of the list in front. */
  withKey(key: string): readonly PatternEntry[] {
    if (this.#byKey === undefined) {
      this.#byKey = new Map();
      for (const entry of this.#entries) addTo(this.#byKey, entry);
    }
    return this.#byKey.get(key) ?? [];
  }

  add(entry: PatternEntry): void {
    this.#entries = appended(this.#entries, entry);
    if (this.#byKey !== undefined) addTo(this.#byKey, entry);
  }

  remove(removed: readonly PatternEntry[]): void {
    const gone = new Set(removed);
    this.#entries = this.#entries.filter(entry => !gone.has(entry));
    for (const { key } of this.#byKey === undefined ? [] : removed) {
      const others = this.withKey(key).filter(entry => !gone.has(entry));
      if (others.length === 0) this.#byKey?.delete(key);
      else this.#byKey?.set(key, others);
    }
  }
}

function addTo(byKey: Map<string, PatternEntry[]>, entry: PatternEntry): void {
  const known = byKey.get(entry.key);
  if (known === undefined) byKey.set(entry.key, [entry]);
  else known.push(entry);
}
