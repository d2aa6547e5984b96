/**
 * The patterns of one file, virtual name or ACL line, in file order, and the sets that look into them. A version under
 * preparation stays out of sight until it is committed (`prepare acl`, `commit map`).
 */
import type { MatchMethod } from './match/method.ts';
import type { PatternEntry } from './match/pattern.ts';
import { PatternSet, type ParseValue, type PatternSource } from './pattern-set.ts';

interface PatternListOptions {
  /** File or virtual name; `''`: the patterns of an ACL line. */
  readonly name: string;
  readonly isMap: boolean;
  readonly isFile: boolean;
  /** What it is called in all threads, by default its name. */
  readonly key?: string;
}

export class PatternList implements PatternSource {
  /** Given by `-u`, or the first free one when the configuration is complete. */
  id = -1;
  readonly name: string;
  /** The same in all threads: the name of a file, the text of an ACL line. */
  readonly key: string;
  /** Two columns. */
  readonly isMap: boolean;
  readonly isFile: boolean;
  /** Used by `acl`, by `map`, or both. */
  readonly usedBy = new Set<'acl' | 'map'>();
  /** Where it is used, as `show acl` says. */
  readonly displays: string[] = [];
  readonly sets: PatternSet[] = [];
  #version = 0;
  #nextVersion = 0;
  readonly #versions = new Map<number, PatternEntry[]>([[0, []]]);
  #nextEntry = 1;
  /** The visible version by key. */
  #byKey = new Map<string, PatternEntry[]>();
  readonly #watchers: (() => void)[] = [];
  readonly #registry: { revision: number };

  constructor(options: PatternListOptions, registry: { revision: number }) {
    this.name = options.name;
    this.key = options.key ?? options.name;
    this.isMap = options.isMap;
    this.isFile = options.isFile;
    this.#registry = registry;
  }

  /** The visible version. */
  get version(): number {
    return this.#version;
  }

  get nextVersion(): number {
    return this.#nextVersion;
  }

  entries(version = this.#version): readonly PatternEntry[] {
    return this.#versions.get(version) ?? [];
  }

  /** The set for one way of looking, made at first use; answers what cannot be looked at that way. */
  setFor(method: MatchMethod, ignoreCase: boolean, parseValue?: ParseValue): PatternSet | string {
    const known = this.sets.find(
      set => set.method === method && set.ignoreCase === ignoreCase && set.parseValue === parseValue,
    );
    if (known !== undefined) return known;
    const set = new PatternSet(this, method, ignoreCase, parseValue);
    for (const entry of this.entries()) {
      const wrong = set.insert(entry);
      if (wrong !== undefined)
        return entry.line > 0 ? `${wrong} at line ${entry.line} of file '${this.name}'` : wrong;
    }
    this.sets.push(set);
    return set;
  }

  /** Adds an entry; answers why not. */
  add(key: string, value?: string, { version = this.#version, line = 0 } = {}): string | undefined {
    const entry: PatternEntry = { id: this.#nextEntry++, key, value, line };
    const entries = this.#versions.get(version);
    if (entries === undefined) return `version ${version} does not exist`;
    if (version === this.#version) {
      const wrong = this.#insertEverywhere(entry);
      if (wrong !== undefined) return wrong;
      this.#index(entry);
    }
    entries.push(entry);
    this.#touch();
    return undefined;
  }

  #index(entry: PatternEntry): void {
    const known = this.#byKey.get(entry.key);
    if (known === undefined) this.#byKey.set(entry.key, [entry]);
    else known.push(entry);
  }

  /** Other entries in the visible version. Those that cannot stand here are left out. */
  replace(pairs: readonly (readonly [key: string, value: string | undefined])[]): void {
    this.#show(pairs.map(([key, value]) => ({ id: this.#nextEntry++, key, value, line: 0 })));
    this.#touch();
  }

  #show(entries: readonly PatternEntry[]): void {
    for (const set of this.sets) set.reset();
    this.#byKey = new Map();
    const shown = entries.filter(entry => this.#insertEverywhere(entry) === undefined);
    for (const entry of shown) this.#index(entry);
    this.#versions.set(this.#version, shown);
  }

  #insertEverywhere(entry: PatternEntry): string | undefined {
    for (const [index, set] of this.sets.entries()) {
      const wrong = set.insert(entry);
      if (wrong === undefined) continue;
      for (const earlierSet of this.sets.slice(0, index)) earlierSet.remove(entry);
      return wrong;
    }
    return undefined;
  }

  /** Calls back after each change. */
  watch(changed: () => void): void {
    this.#watchers.push(changed);
  }

  #touch(): void {
    this.#registry.revision++;
    for (const changed of this.#watchers) changed();
  }

  /** First entry of that key. */
  find(key: string, version = this.#version): PatternEntry | undefined {
    if (version === this.#version) return this.#byKey.get(key)?.[0];
    return this.entries(version).find(entry => entry.key === key);
  }

  findById(id: number): PatternEntry | undefined {
    return this.entries().find(entry => entry.id === id);
  }

  /** Removes all entries of that key; answers how many. */
  remove(key: string, version = this.#version): number {
    if (version === this.#version && !this.#byKey.has(key)) return 0;
    return this.#removeIf(entry => entry.key === key, version);
  }

  removeById(id: number): boolean {
    return this.#removeIf(entry => entry.id === id, this.#version) > 0;
  }

  #removeIf(isWanted: (entry: PatternEntry) => boolean, version: number): number {
    const entries = this.entries(version);
    const removed = entries.filter(isWanted);
    if (removed.length === 0) return 0;
    this.#versions.set(
      version,
      entries.filter(entry => !isWanted(entry)),
    );
    if (version === this.#version) for (const entry of removed) this.#forget(entry);
    this.#touch();
    return removed.length;
  }

  #forget(entry: PatternEntry): void {
    for (const set of this.sets) set.remove(entry);
    const others = (this.#byKey.get(entry.key) ?? []).filter(other => other !== entry);
    if (others.length === 0) this.#byKey.delete(entry.key);
    else this.#byKey.set(entry.key, others);
  }

  /** Changes the value of all entries of that key; answers why not. */
  set(key: string, value: string): string | undefined {
    const entries = this.#byKey.get(key) ?? [];
    return entries.length === 0 ? `entry not found` : this.#setAll(entries, value);
  }

  setById(id: number, value: string): string | undefined {
    const entry = this.findById(id);
    return entry === undefined ? 'entry not found' : this.#setAll([entry], value);
  }

  #setAll(entries: readonly PatternEntry[], value: string): string | undefined {
    if (this.sets.some(set => !set.accepts(value))) return `unable to parse '${value}'`;
    for (const entry of entries) {
      entry.value = value;
      for (const set of this.sets) set.update(entry);
    }
    this.#touch();
    return undefined;
  }

  /** Empties a version; the visible one by default. */
  clear(version = this.#version): void {
    if (version === this.#version) {
      this.#show([]);
    } else this.#versions.delete(version);
    this.#touch();
  }

  /** A new version to be filled while the visible one goes on. */
  prepare(): number {
    this.#nextVersion++;
    this.#versions.set(this.#nextVersion, []);
    return this.#nextVersion;
  }

  /** Makes a prepared version visible and drops older ones; answers why not. Entries that do not parse are left out. */
  commit(version: number): string | undefined {
    const entries = this.#versions.get(version);
    if (entries === undefined || version > this.#nextVersion) return 'Version number out of range.';
    for (const old of this.#versions.keys()) if (old < version) this.#versions.delete(old);
    this.#version = version;
    this.#show(entries);
    this.#touch();
    return undefined;
  }
}
