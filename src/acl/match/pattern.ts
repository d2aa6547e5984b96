/** Patterns as an index holds them, and what every index can do. */
import type { Sample, Value } from '../sample.ts';

/** One line of a list: shared by all indexes built on it. */
export interface PatternEntry {
  /** Unique in its list, never used twice. */
  readonly id: number;
  readonly key: string;
  /** Right column of a map. */
  value: string | undefined;
  /** Line of the file, 0 when it did not come from one. */
  readonly line: number;
}

export interface StoredPattern {
  readonly entry: PatternEntry;
  /** A map's value in the type asked for. */
  data: Sample | undefined;
}

export interface PatternIndex {
  /** Undefined when the key cannot be such a pattern: then why. */
  readonly insert: (pattern: StoredPattern) => string | undefined;
  readonly remove: (pattern: StoredPattern) => void;
  /** The pattern that matches: by the rules of the method, the longest or the first in the list. */
  readonly find: (value: Value) => StoredPattern | undefined;
}

/** The one that stands first in its list. */
export function earlier(
  a: StoredPattern | undefined,
  b: StoredPattern | undefined,
): StoredPattern | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.entry.id <= b.entry.id ? a : b;
}

/** Patterns by a key, the first of the list in front. */
export class Buckets<Key> {
  readonly #patterns = new Map<Key, StoredPattern | StoredPattern[]>();

  get size(): number {
    return this.#patterns.size;
  }

  add(key: Key, pattern: StoredPattern): void {
    const known = this.#patterns.get(key);
    if (known === undefined) this.#patterns.set(key, pattern);
    else if (Array.isArray(known)) known.push(pattern);
    else this.#patterns.set(key, [known, pattern]);
  }

  remove(key: Key, pattern: StoredPattern): void {
    const known = this.#patterns.get(key);
    if (Array.isArray(known)) {
      const rest = known.filter(other => other !== pattern);
      if (rest.length === 0) this.#patterns.delete(key);
      else this.#patterns.set(key, rest);
    } else if (known === pattern) this.#patterns.delete(key);
  }

  first(key: Key): StoredPattern | undefined {
    const found = this.#patterns.get(key);
    return Array.isArray(found) ? found[0] : found;
  }
}

/** Counts the lengths of the patterns held, longest first. */
export class Lengths {
  sorted: readonly number[] = [];
  /** How many patterns have each of them. */
  #counts: number[] = [];

  add(length: number): void {
    const at = this.sorted.findIndex(other => other <= length);
    if (this.sorted[at] === length) this.#counts[at] = (this.#counts[at] as number) + 1;
    else this.#replace(at < 0 ? this.sorted.length : at, 0, [length]);
  }

  remove(length: number): void {
    const at = this.sorted.indexOf(length);
    if (at < 0) return;
    const count = this.#counts[at] as number;
    if (count === 1) this.#replace(at, 1, []);
    else this.#counts[at] = count - 1;
  }

  #replace(at: number, many: number, lengths: readonly number[]): void {
    this.sorted = this.sorted.toSpliced(at, many, ...lengths);
    this.#counts = this.#counts.toSpliced(at, many, ...lengths.map(() => 1));
  }
}
