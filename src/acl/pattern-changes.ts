/**
 * Changes of pattern lists while the program runs, as plain data that can cross threads. Every thread has its own
 * copy of the lists; the control thread puts changes in one order and sends them to all. Rules (add-acl, set-map and
 * the like) change the list of their own thread at once and hand the change on.
 */
import type { PatternList, PatternPair } from './pattern-list.ts';
import type { PatternRegistry } from './pattern-registry.ts';

export type PatternChange =
  /** More entries. */
  | { readonly kind: 'add'; readonly list: string; readonly entries: readonly PatternPair[] }
  /** Entries of that key; `nth`: only one of them, counted from 0. */
  | { readonly kind: 'remove'; readonly list: string; readonly key: string; readonly nth?: number }
  | {
      readonly kind: 'set';
      readonly list: string;
      readonly key: string;
      readonly value: string;
      readonly nth?: number;
    }
  /** The whole visible version; `event`: by what it has become so, undefined: it is told to a thread that lost track. */
  | {
      readonly kind: 'replace';
      readonly list: string;
      readonly entries: readonly PatternPair[];
      readonly event?: 'clear' | 'commit';
    }
  | PatternUpdate;

/** What a rule does to a list; of a list that nothing uses nothing happens. */
export interface PatternUpdate {
  readonly kind: 'add-acl' | 'del-acl' | 'set-map' | 'del-map';
  /** File or `virt@` name. */
  readonly list: string;
  readonly key: string;
  /** Of set-map. */
  readonly value?: string;
}

/** Tells others what the visible version is now. */
export function replacing(list: PatternList, event?: 'clear' | 'commit'): PatternChange {
  const entries = list.entries().map(({ key, value }): PatternPair => [key, value]);
  return { kind: 'replace', list: list.key, entries, ...(event !== undefined && { event }) };
}

/** True when something changed. */
export function applyPatternUpdate(registry: PatternRegistry, update: PatternUpdate): boolean {
  const list = registry.find(update.list);
  return list !== undefined && applyToList(list, update);
}

/** Lists that this thread has not made yet get the change when they are made. */
export function applyPatternChange(registry: PatternRegistry, change: PatternChange): void {
  const lists = registry.listsWithKey(change.list);
  if (lists.length === 0)
    registry.keepForLater(change.list, list => applyToList(list, change), change.kind === 'replace');
  for (const list of lists) applyToList(list, change);
}

function applyToList(list: PatternList, change: PatternChange): boolean {
  switch (change.kind) {
    case 'add':
      for (const [key, value] of change.entries) list.add(key, value);
      return true;
    case 'add-acl':
      return list.find(change.key) === undefined && list.add(change.key) === undefined;
    case 'set-map':
      return put(list, change.key, change.value ?? '');
    case 'del-acl':
    case 'del-map':
      return list.remove(change.key) > 0;
    case 'remove':
      return change.nth === undefined
        ? list.remove(change.key) > 0
        : list.removeById(nthEntry(list, change.key, change.nth));
    case 'set':
      return change.nth === undefined
        ? list.set(change.key, change.value) === undefined
        : list.setById(nthEntry(list, change.key, change.nth), change.value) === undefined;
    case 'replace':
      list.replace(change.entries, change.event);
      return true;
  }
}

function put(list: PatternList, key: string, value: string): boolean {
  const known = list.find(key);
  if (known === undefined) return list.add(key, value) === undefined;
  return known.value !== value && list.set(key, value) === undefined;
}

const NO_ENTRY = -1;

function nthEntry(list: PatternList, key: string, nth: number): number {
  return list.entries().filter(entry => entry.key === key)[nth]?.id ?? NO_ENTRY;
}
