/**
 * Every list of patterns of a thread: those written in ACL lines, ACL files and maps (manual, section 7.1.2).
 * The admin socket reads and changes them by number or file name; a version under preparation stays out of
 * sight until it is committed.
 *
 *   PatternList  entries of the visible version, in file order      one a file, name or ACL line
 *     └─ PatternSet  index for one method, case rule and value type    one a way of using the list
 */
import { createIndex } from './match/method.ts';
import type { MatchMethod } from './match/method.ts';
import type { PatternEntry, PatternIndex, StoredPattern } from './match/pattern.ts';
import type { Sample, Value } from './sample.ts';

export type ReadFile = (path: string) => { readonly content: string } | { readonly error: string };

/** A map's right column in its type; undefined: it cannot be read as that. */
export type ParseValue = (text: string) => Sample | undefined;

/** One way of looking into a list. */
export class PatternSet {
  readonly list: PatternList;
  readonly method: MatchMethod;
  readonly ignoreCase: boolean;
  readonly parseValue: ParseValue | undefined;
  #index: PatternIndex;
  #stored = new Map<PatternEntry, StoredPattern>();

  constructor(
    list: PatternList,
    method: MatchMethod,
    ignoreCase: boolean,
    parseValue: ParseValue | undefined,
  ) {
    this.list = list;
    this.method = method;
    this.ignoreCase = ignoreCase;
    this.parseValue = parseValue;
    this.#index = createIndex(method, ignoreCase);
  }

  find(value: Value): StoredPattern | undefined {
    return this.#index.find(value);
  }

  test(value: Value): boolean {
    return this.#index.find(value) !== undefined;
  }

  get index(): PatternIndex {
    return this.#index;
  }

  /** Answers why the entry cannot stand here. */
  insert(entry: PatternEntry): string | undefined {
    const data = this.#parse(entry.value);
    if (typeof data === 'object' && 'error' in data) return data.error;
    const pattern: StoredPattern = { entry, data: data.value };
    const wrong = this.#index.insert(pattern);
    if (wrong === undefined) this.#stored.set(entry, pattern);
    return wrong;
  }

  #parse(text: string | undefined): { readonly value: Sample | undefined } | { readonly error: string } {
    if (this.parseValue === undefined || text === undefined) return { value: text };
    const value = this.parseValue(text);
    return value === undefined ? { error: `unable to parse '${text}'` } : { value };
  }

  remove(entry: PatternEntry): void {
    const pattern = this.#stored.get(entry);
    if (pattern === undefined) return;
    this.#stored.delete(entry);
    this.#index.remove(pattern);
  }

  /** Whether the text can be the value of an entry. */
  accepts(text: string): boolean {
    return !('error' in this.#parse(text));
  }

  update(entry: PatternEntry): void {
    const pattern = this.#stored.get(entry);
    const parsed = this.#parse(entry.value);
    if (pattern !== undefined && 'value' in parsed) pattern.data = parsed.value;
  }

  reset(): void {
    this.#index = createIndex(this.method, this.ignoreCase);
    this.#stored = new Map();
  }
}

export interface PatternListOptions {
  /** File or virtual name; `''`: the patterns of an ACL line. */
  readonly name: string;
  readonly isMap: boolean;
  readonly isFile: boolean;
  /** What it is called in all threads, by default its name. */
  readonly key?: string;
}

export class PatternList {
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

export class PatternRegistry {
  /** Grows with every change of any list: what was derived from patterns is to be derived anew. */
  revision = 0;
  readonly readFile: ReadFile;
  readonly #named = new Map<string, PatternList>();
  readonly #lists: PatternList[] = [];
  readonly #byKey = new Map<string, PatternList[]>();
  readonly #pending = new Map<string, ((list: PatternList) => void)[]>();

  constructor({ readFile }: { readonly readFile: ReadFile }) {
    this.readFile = readFile;
  }

  lists(): readonly PatternList[] {
    return this.#lists;
  }

  /** By `#<id>` or file name. */
  find(reference: string): PatternList | undefined {
    if (reference.startsWith('#')) {
      const id = Number(reference.slice(1));
      return this.#lists.find(list => list.id === id);
    }
    return this.#named.get(bareName(reference));
  }

  /** A list for the patterns of an ACL line; answers what is wrong with the number asked for. */
  createLine(display: string, id: number | undefined, key = display): PatternList | string {
    if (id !== undefined && this.#lists.some(list => list.id === id)) return 'the id is already used';
    const list = new PatternList({ name: '', isMap: false, isFile: false, key }, this);
    if (id !== undefined) list.id = id;
    list.usedBy.add('acl');
    list.displays.push(display);
    this.#lists.push(list);
    return list;
  }

  /** The list of a file (`virt@name`: none, `opt@name`: maybe none), read at its first use. */
  open(reference: string, use: 'acl' | 'map', isMap: boolean, display: string): PatternList | string {
    const name = bareName(reference);
    const known = this.#named.get(name);
    const list = known ?? this.#read(reference, name, isMap);
    if (typeof list === 'string') return list;
    if (list.isMap !== isMap)
      return (
        `The file "${reference}" is already used as ${list.isMap ? 'two' : 'one'} column file ` +
        `and cannot be used by as ${isMap ? 'two' : 'one'} column file.`
      );
    list.usedBy.add(use);
    list.displays.push(display);
    return list;
  }

  #read(reference: string, name: string, isMap: boolean): PatternList | string {
    const isVirtual = reference.startsWith('virt@');
    const file = isVirtual ? { content: '' } : this.readFile(name);
    if ('error' in file && !reference.startsWith('opt@')) return `failed to open pattern file <${name}>`;
    const isFile = !isVirtual && 'content' in file;
    const list = new PatternList({ name, isMap, isFile }, this);
    for (const line of 'content' in file ? patternLines(file.content, isMap) : [])
      list.add(line.key, line.value, { line: line.line });
    this.#named.set(name, list);
    this.#lists.push(list);
    this.complete(list);
    return list;
  }

  /** The list has all entries that it has by the configuration: changes made meanwhile follow. */
  complete(list: PatternList): void {
    let lists = this.#byKey.get(list.key);
    if (lists === undefined) this.#byKey.set(list.key, (lists = []));
    lists.push(list);
    for (const change of this.#pending.get(list.key) ?? []) change(list);
  }

  /** By what they are called in all threads; an ACL line may have been compiled several times. */
  listsWithKey(key: string): readonly PatternList[] {
    return this.#byKey.get(key) ?? [];
  }

  /** A change of a list that is not made yet in this thread. `anew`: what was kept before does not count any more. */
  keepForLater(key: string, change: (list: PatternList) => void, anew: boolean): void {
    const kept = this.#pending.get(key);
    if (kept === undefined || anew) this.#pending.set(key, [change]);
    else kept.push(change);
  }

  /** Gives every list its number: called when the configuration has been compiled. */
  assignIds(): void {
    const taken = new Set(this.#lists.map(list => list.id));
    let next = 0;
    for (const list of this.#lists) {
      if (list.id >= 0) continue;
      while (taken.has(next)) next++;
      list.id = next++;
    }
    this.#lists.sort((a, b) => a.id - b.id);
  }
}

function bareName(reference: string): string {
  return reference.replace(/^(?:opt|file)@/, '');
}

interface PatternLine {
  readonly key: string;
  readonly value: string | undefined;
  readonly line: number;
}

/** Lines of a pattern file: `#` in the first column and blank lines do not count. */
export function* patternLines(content: string, isMap: boolean): IterableIterator<PatternLine> {
  let line = 0;
  for (const raw of content.split('\n')) {
    line++;
    if (raw.startsWith('#')) continue;
    const text = (raw.split('\r', 1)[0] as string).replace(/^[ \t]+/, '');
    if (text === '') continue;
    if (!isMap) yield { key: text, value: undefined, line };
    else {
      const [, key, value] = /^([^ \t]+)[ \t]*([^]*?)[ \t]*$/.exec(text) as unknown as [
        string,
        string,
        string,
      ];
      yield { key, value, line };
    }
  }
}
