/**
 * The patterns of one file, virtual name or ACL line, in file order, and the sets that look into them. A version under
 * preparation stays out of sight until it is committed (`prepare acl`, `commit map`).
 */
import { appended } from '../base/appended.ts';
import type { AddressOf } from './match/address.ts';
import type { MatchMethod } from './match/method.ts';
import type { PatternEntry } from './match/pattern.ts';
import { PatternSet, type ParseValue, type PatternSource } from './pattern-set.ts';
import { PatternVersion } from './pattern-version.ts';

/** What happens to the visible version: the words of HAProxy's events, in small. */
type PatternListEvent = 'add' | 'del' | 'set' | 'clear' | 'commit';

export type PatternUse = 'acl' | 'map';

export type PatternPair = readonly [key: string, value: string | undefined];

interface PatternListOptions {
  /** File or virtual name; `''`: the patterns of an ACL line. */
  readonly name: string;
  readonly isMap: boolean;
  readonly isFile: boolean;
  /** What it is called in all threads, by default its name. */
  readonly key?: string;
}

/** Where it stands with all others. */
interface ListOwner {
  revision: number;
  readonly addressOf: AddressOf;
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
  #uses: readonly PatternUse[] = [];
  #displays: string[] = [];
  #sets: PatternSet[] = [];
  /** It was changed since it was read: threads that start later are told of its entries. */
  isChanged = false;
  #version = 0;
  #nextVersion = 0;
  #shown = new PatternVersion();
  /** Those under preparation. */
  #prepared: Map<number, PatternVersion> | undefined;
  #nextEntry = 1;
  #watchers: (() => void)[] = [];
  #observers: Set<(event: PatternListEvent) => void> | undefined;
  readonly #registry: ListOwner;

  constructor(options: PatternListOptions, registry: ListOwner) {
    this.name = options.name;
    this.key = options.key ?? options.name;
    this.isMap = options.isMap;
    this.isFile = options.isFile;
    this.#registry = registry;
  }

  /** Where it is used, as `show acl` says. */
  get displays(): readonly string[] {
    return this.#displays;
  }

  get sets(): readonly PatternSet[] {
    return this.#sets;
  }

  isUsedBy(use: PatternUse): boolean {
    return this.#uses.includes(use);
  }

  /** One more line uses it. */
  use(use: PatternUse, display: string): void {
    if (!this.isUsedBy(use)) this.#uses = [...this.#uses, use];
    this.#displays = appended(this.#displays, display);
  }

  /** The visible version. */
  get version(): number {
    return this.#version;
  }

  get nextVersion(): number {
    return this.#nextVersion;
  }

  /** Entries that ever came, those that could not stay too. */
  get added(): number {
    return this.#nextEntry - 1;
  }

  /** Entries that are here, in all versions. */
  get held(): number {
    let held = this.#shown.entries.length;
    for (const version of this.#prepared?.values() ?? []) held += version.entries.length;
    return held;
  }

  entries(version = this.#version): readonly PatternEntry[] {
    return this.#versionOf(version)?.entries ?? [];
  }

  #versionOf(version: number): PatternVersion | undefined {
    return version === this.#version ? this.#shown : this.#prepared?.get(version);
  }

  /** Whether the version is there: visible, or still under preparation. */
  has(version: number): boolean {
    return this.#versionOf(version) !== undefined;
  }

  /**
   * The set for one way of looking, made at first use; answers what cannot be looked at that way. `resolves`: host
   * names may stand for addresses.
   */
  setFor(
    method: MatchMethod,
    ignoreCase: boolean,
    parseValue?: ParseValue,
    resolves = true,
  ): PatternSet | string {
    const addressOf = resolves ? this.#registry.addressOf : undefined;
    const known = this.sets.find(
      set =>
        set.method === method &&
        set.ignoreCase === ignoreCase &&
        set.parseValue === parseValue &&
        set.addressOf === addressOf,
    );
    if (known !== undefined) return known;
    const set = new PatternSet(this, method, ignoreCase, parseValue, addressOf);
    for (const entry of this.entries()) {
      const wrong = set.insert(entry);
      if (wrong !== undefined)
        return entry.line > 0 ? `${wrong} at line ${entry.line} of file '${this.name}'` : wrong;
    }
    this.#sets = appended(this.#sets, set);
    return set;
  }

  /** Adds an entry; answers why not. */
  add(key: string, value?: string, { version = this.#version, line = 0 } = {}): string | undefined {
    const entry: PatternEntry = { id: this.#nextEntry++, key, value, line };
    const target = this.#versionOf(version);
    if (target === undefined) return `version ${version} does not exist`;
    const wrong = target === this.#shown ? this.#insertEverywhere(entry) : undefined;
    if (wrong !== undefined) return wrong;
    target.add(entry);
    this.#changed('add', version);
    return undefined;
  }

  /** Other entries in the visible version. Those that cannot stand here are left out. `event`: what that is told as. */
  replace(pairs: readonly PatternPair[], event?: PatternListEvent): void {
    this.#show(pairs.map(([key, value]) => ({ id: this.#nextEntry++, key, value, line: 0 })));
    this.#changed(event);
  }

  #show(entries: readonly PatternEntry[]): void {
    for (const set of this.sets) set.reset();
    this.#shown = new PatternVersion();
    for (const entry of entries) if (this.#insertEverywhere(entry) === undefined) this.#shown.add(entry);
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
    this.#watchers = appended(this.#watchers, changed);
  }

  /** Calls back behind each change of the visible version; answers what ends that. */
  observe(told: (event: PatternListEvent) => void): () => void {
    const observers = (this.#observers ??= new Set());
    observers.add(told);
    return () => void observers.delete(told);
  }

  /** `event`: undefined: nobody did anything, this is what others have done before. */
  #changed(event: PatternListEvent | undefined, version = this.#version): void {
    if (version !== this.#version) return;
    this.#registry.revision++;
    for (const changed of this.#watchers) changed();
    if (event !== undefined) for (const told of this.#observers ?? []) told(event);
  }

  /** First entry of that key. */
  find(key: string, version = this.#version): PatternEntry | undefined {
    return this.#versionOf(version)?.withKey(key)[0];
  }

  findById(id: number): PatternEntry | undefined {
    return this.entries().find(entry => entry.id === id);
  }

  /** Removes all entries of that key; answers how many. */
  remove(key: string, version = this.#version): number {
    return this.#remove(this.#versionOf(version)?.withKey(key) ?? [], version);
  }

  removeById(id: number): boolean {
    return (
      this.#remove(
        this.entries().filter(entry => entry.id === id),
        this.#version,
      ) > 0
    );
  }

  #remove(removed: readonly PatternEntry[], version: number): number {
    if (removed.length === 0) return 0;
    this.#versionOf(version)?.remove(removed);
    if (version === this.#version)
      for (const set of this.sets) for (const entry of removed) set.remove(entry);
    this.#changed('del', version);
    return removed.length;
  }

  /** Changes the value of all entries of that key; answers why not. */
  set(key: string, value: string, version = this.#version): string | undefined {
    return this.#setAll(this.#versionOf(version)?.withKey(key) ?? [], value, version);
  }

  setById(id: number, value: string): string | undefined {
    return this.#setAll(
      this.entries().filter(entry => entry.id === id),
      value,
      this.#version,
    );
  }

  #setAll(entries: readonly PatternEntry[], value: string, version: number): string | undefined {
    if (entries.length === 0) return 'entry not found';
    if (this.sets.some(set => !set.accepts(value))) return `unable to parse '${value}'`;
    for (const entry of entries) {
      entry.value = value;
      for (const set of this.sets) set.update(entry);
    }
    this.#changed('set', version);
    return undefined;
  }

  /** Empties a version; the visible one by default. */
  clear(version = this.#version): void {
    if (version === this.#version) this.#show([]);
    else this.#prepared?.delete(version);
    this.#changed('clear', version);
  }

  /** Empties the visible version, and drops those under preparation. */
  purge(): void {
    this.#prepared = undefined;
    this.clear();
  }

  /** A new version to be filled while the visible one goes on. */
  prepare(): number {
    this.#nextVersion++;
    this.#prepared ??= new Map();
    this.#prepared.set(this.#nextVersion, new PatternVersion());
    return this.#nextVersion;
  }

  /** Makes a prepared version visible and drops older ones; answers why not. Entries that do not parse are left out. */
  commit(version: number): string | undefined {
    const prepared = this.#versionOf(version);
    if (prepared === undefined || version > this.#nextVersion) return 'Version number out of range.';
    for (const old of this.#prepared?.keys() ?? []) if (old <= version) this.#prepared?.delete(old);
    this.#version = version;
    this.#show(prepared.entries);
    this.#changed('commit');
    return undefined;
  }
}
