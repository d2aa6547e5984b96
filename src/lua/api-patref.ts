/**
 * Lists of patterns as scripts change them (`core.get_patref()`): what a script does, its own thread sees at once and the
 * others a moment later. A version that it prepares stays in its object until it is committed.
 */
import { replacing, type PatternChange } from '../acl/pattern-changes.ts';
import type { PatternList, PatternPair } from '../acl/pattern-list.ts';
import type { PatternEntry } from '../acl/match/pattern.ts';
import type { LuaCallback } from './machine/machine.ts';
import { STRING } from './machine/stack.ts';
import { ScriptError } from './machine/script-errors.ts';
import type { LuaState } from './state.ts';

export class Patref {
  readonly list: PatternList;
  /** The version under preparation. */
  #prepared: number | undefined;

  constructor(list: PatternList) {
    this.list = list;
  }

  /** The one that is worked on: the visible one, too, when another commit has dropped what was prepared. */
  get version(): number {
    const { list } = this;
    return this.#prepared !== undefined && list.has(this.#prepared) ? this.#prepared : list.version;
  }

  get isLive(): boolean {
    return this.version === this.list.version;
  }

  prepare(): void {
    this.giveUp();
    this.#prepared = this.list.prepare();
  }

  /** Answers why not. */
  commit(): string | undefined {
    const version = this.#prepared;
    this.#prepared = undefined;
    if (version === undefined) return 'there is nothing to commit: nothing was prepared';
    if (!this.list.has(version)) return 'what was prepared is gone: another version was committed meanwhile';
    return this.list.commit(version);
  }

  giveUp(): void {
    if (!this.isLive) this.list.clear(this.version);
    this.#prepared = undefined;
  }
}

/** Entries that a script walks through. */
class Walk {
  readonly entries: readonly PatternEntry[];
  next = 0;

  constructor(entries: readonly PatternEntry[]) {
    this.entries = entries;
  }
}

export function patrefAt({ machine, objects }: LuaState, L: number): Patref {
  const found = objects.get(machine.number(L, 1));
  if (!(found instanceof Patref)) throw new ScriptError('this is no pattern reference');
  return found;
}

export function patrefFunctions(state: LuaState): Record<string, LuaCallback> {
  const { machine, host } = state;
  return {
    patref_open: L => {
      const name = machine.text(L, 1);
      const list = host.environment.patterns.find(name);
      if (list === undefined) throw new ScriptError(`get_patref: unknown pattern reference '${name}'`);
      machine.push(L, state.objects.open(new Patref(list)));
      return 1;
    },
    patref_name: L => {
      machine.push(L, patrefAt(state, L).list.name);
      return 1;
    },
    patref_is_map: L => {
      machine.push(L, patrefAt(state, L).list.isMap);
      return 1;
    },
    ...entryFunctions(state),
    ...versionFunctions(state),
    ...readFunctions(state),
  };
}

/** Nil and why, or true. */
function answer({ machine }: LuaState, L: number, wrong: string | undefined): number {
  machine.push(L, wrong === undefined ? true : undefined);
  if (wrong === undefined) return 1;
  machine.push(L, wrong);
  return 2;
}

function versionFunctions(state: LuaState): Record<string, LuaCallback> {
  return {
    patref_prepare: L => {
      patrefAt(state, L).prepare();
      return 0;
    },
    patref_giveup: L => {
      patrefAt(state, L).giveUp();
      return 0;
    },
    patref_commit: L => {
      const ref = patrefAt(state, L);
      const wrong = ref.commit();
      if (wrong === undefined) state.publish(ref.list, replacing(ref.list, 'commit'));
      return answer(state, L, wrong);
    },
    patref_purge: L => {
      const { list } = patrefAt(state, L);
      list.purge();
      state.publish(list, replacing(list, 'clear'));
      return answer(state, L, undefined);
    },
  };
}

function entryFunctions(state: LuaState): Record<string, LuaCallback> {
  const { machine } = state;
  const publish = (ref: Patref, change: PatternChange): void => {
    if (ref.isLive) state.publish(ref.list, change);
  };
  const addAll = (ref: Patref, pairs: readonly PatternPair[]): string | undefined => {
    const { list, version } = ref;
    let [added, wrong]: [number, string | undefined] = [0, undefined];
    for (const [key, value] of pairs) {
      wrong =
        list.isMap && value === undefined
          ? `a map needs a value for '${key}'`
          : list.add(key, value, { version });
      if (wrong !== undefined) break;
      added++;
    }
    if (added > 0) publish(ref, { kind: 'add', list: list.key, entries: pairs.slice(0, added) });
    return wrong;
  };
  return {
    // key, value
    patref_add: L => {
      const ref = patrefAt(state, L);
      const key = machine.text(L, 2);
      const value = machine.isAbsent(L, 3) ? undefined : machine.text(L, 3);
      return answer(state, L, addAll(ref, [[key, ref.list.isMap ? value : undefined]]));
    },
    // keys, or of a map values by key
    patref_add_bulk: L => {
      const ref = patrefAt(state, L);
      return answer(state, L, addAll(ref, pairsAt(state, L, ref.list.isMap)));
    },
    patref_del: L => {
      const ref = patrefAt(state, L);
      const { list, version } = ref;
      const key = machine.text(L, 2);
      const isGone = list.remove(key, version) > 0;
      if (isGone) publish(ref, { kind: 'remove', list: list.key, key });
      machine.push(L, isGone);
      return 1;
    },
    // key, value, whether it may be a new one
    patref_set: L => {
      const ref = patrefAt(state, L);
      const { list, version } = ref;
      const [key, value, force] = [machine.text(L, 2), machine.text(L, 3), machine.truth(L, 4)];
      if (!list.isMap) return answer(state, L, 'this is no map');
      if (force && list.find(key, version) === undefined)
        return answer(state, L, addAll(ref, [[key, value]]));
      const wrong = list.set(key, value, version);
      if (wrong === undefined) publish(ref, { kind: 'set', list: list.key, key, value });
      return answer(state, L, wrong);
    },
  };
}

function pairsAt({ machine }: LuaState, L: number, isMap: boolean): PatternPair[] {
  if (!machine.isTable(L, 2)) throw new ScriptError('bad argument #2: a table expected');
  const pairs: PatternPair[] = [];
  const text = (index: number): string => {
    if (machine.type(L, index) !== STRING)
      throw new ScriptError('bad argument #2: a table of strings expected');
    return machine.text(L, index);
  };
  machine.eachOf(L, 2, () => pairs.push(isMap ? [text(-2), text(-1)] : [text(-1), undefined]));
  return pairs;
}

function readFunctions(state: LuaState): Record<string, LuaCallback> {
  const { machine } = state;
  return {
    // key: the value of a map; true: there is such a pattern
    patref_get: L => {
      const { list, version } = patrefAt(state, L);
      const entry = list.find(machine.text(L, 2), version);
      machine.push(L, entry === undefined ? undefined : (entry.value ?? true));
      return 1;
    },
    patref_walk: L => {
      const { list, version } = patrefAt(state, L);
      machine.push(L, state.objects.open(new Walk(list.entries(version))));
      return 1;
    },
    // key, and of a map the value; nil: that was all
    patref_next: L => {
      const walk = state.objects.get(machine.number(L, 1));
      const entry = walk instanceof Walk ? walk.entries[walk.next++] : undefined;
      machine.push(L, entry?.key);
      machine.push(L, entry?.value);
      return 2;
    },
  };
}
