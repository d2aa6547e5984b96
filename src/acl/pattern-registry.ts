/**
 * Every list of patterns of a thread: those written in ACL lines, ACL files and maps (manual, section 7.1.2).
 * The admin socket reads and changes them by number or file name.
 *
 *   PatternList  entries of the visible version, in file order      one a file, name or ACL line
 *     └─ PatternSet  index for one method, case rule and value type    one a way of using the list
 */
import type { AddressOf } from './match/address.ts';
import { eachPatternLine } from './pattern-file.ts';
import { PatternList, type PatternUse } from './pattern-list.ts';

export type ReadFile = (path: string) => { readonly content: string } | { readonly error: string };

/** What lists are made of beside the configuration: files, and addresses of the hosts that they name. */
export interface PatternSources {
  readonly readFile: ReadFile;
  /** Left out: no host has one. */
  readonly addressOf?: AddressOf;
}

export class PatternRegistry {
  /** Grows with every change of any list: what was derived from patterns is to be derived anew. */
  revision = 0;
  readonly readFile: ReadFile;
  readonly addressOf: AddressOf;
  readonly #named = new Map<string, PatternList>();
  readonly #lists: PatternList[] = [];
  /** Made when somebody asks by key: few lists are ever changed. */
  #byKey: Map<string, PatternList[]> | undefined;
  /** Whether those that the configuration names are maps; they are read when somebody asks for them. */
  readonly #expected = new Map<string, boolean>();
  readonly #pending = new Map<string, ((list: PatternList) => void)[]>();

  constructor({ readFile, addressOf = () => undefined }: PatternSources) {
    this.readFile = readFile;
    this.addressOf = addressOf;
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
    const name = bareName(reference);
    return this.#named.get(name) ?? this.#readExpected(name);
  }

  #readExpected(name: string): PatternList | undefined {
    const isMap = this.#expected.get(name);
    if (isMap === undefined) return undefined;
    const list = this.#read(name.startsWith('virt@') ? name : `opt@${name}`, name, isMap);
    return typeof list === 'string' ? undefined : list;
  }

  /** Lists that rules will open, though none has yet. */
  expect(lists: ReadonlyMap<string, boolean>): void {
    for (const [name, isMap] of lists) this.#expected.set(name, isMap);
  }

  /** Those with a name, and whether they are maps: for expect() of other threads. */
  named(): ReadonlyMap<string, boolean> {
    return new Map([...this.#named].map(([name, { isMap }]) => [name, isMap]));
  }

  /** A list for the patterns of an ACL line; answers what is wrong with the number asked for. */
  createLine(display: string, id: number | undefined, key = display): PatternList | string {
    if (id !== undefined && this.#lists.some(list => list.id === id)) return 'the id is already used';
    const list = new PatternList({ name: '', isMap: false, isFile: false, key }, this);
    if (id !== undefined) list.id = id;
    list.use('acl', display);
    this.#lists.push(list);
    return list;
  }

  /** The list of a file (`virt@name`: none, `opt@name`: maybe none), read at its first use. */
  open(reference: string, use: PatternUse, isMap: boolean, display: string): PatternList | string {
    const name = bareName(reference);
    const known = this.#named.get(name);
    const list = known ?? this.#read(reference, name, isMap);
    if (typeof list === 'string') return list;
    if (list.isMap !== isMap)
      return (
        `The file "${reference}" is already used as ${list.isMap ? 'two' : 'one'} column file ` +
        `and cannot be used by as ${isMap ? 'two' : 'one'} column file.`
      );
    list.use(use, display);
    return list;
  }

  #read(reference: string, name: string, isMap: boolean): PatternList | string {
    const isVirtual = reference.startsWith('virt@');
    const file = isVirtual ? { content: '' } : this.readFile(name);
    if ('error' in file && !reference.startsWith('opt@')) return `failed to open pattern file <${name}>`;
    const isFile = !isVirtual && 'content' in file;
    const list = new PatternList({ name, isMap, isFile }, this);
    if ('content' in file)
      eachPatternLine(file.content, isMap, (key, value, line) => void list.add(key, value, { line }));
    this.#named.set(name, list);
    this.#lists.push(list);
    this.complete(list);
    return list;
  }

  /** The list has all entries that it has by the configuration: changes made meanwhile follow. */
  complete(list: PatternList): void {
    if (this.#byKey !== undefined) addTo(this.#byKey, list);
    for (const change of this.#pending.get(list.key) ?? []) change(list);
  }

  /** By what they are called in all threads; an ACL line may have been compiled several times. */
  listsWithKey(key: string): readonly PatternList[] {
    if (this.#byKey === undefined) {
      this.#byKey = new Map();
      for (const list of this.#lists) addTo(this.#byKey, list);
    }
    return this.#byKey.get(key) ?? [];
  }

  /** Nobody uses the list of an ACL line any more. */
  forget(list: PatternList): void {
    const others = this.listsWithKey(list.key).filter(other => other !== list);
    this.#lists.splice(this.#lists.indexOf(list), 1);
    this.#byKey?.set(list.key, others);
    if (others.length > 0) return;
    this.#byKey?.delete(list.key);
    this.#pending.delete(list.key);
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

function addTo(byKey: Map<string, PatternList[]>, list: PatternList): void {
  const known = byKey.get(list.key);
  if (known === undefined) byKey.set(list.key, [list]);
  else known.push(list);
}

function bareName(reference: string): string {
  return reference.replace(/^(?:opt|file)@/, '');
}
