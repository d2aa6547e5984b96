/**
 * Variables (manual, section 2.8): a name is turned into a small number at load, once a thread, so that
 * reading and writing one is an array access. A store is one scope of one connection, request or process.
 */
import type { Sample } from './sample.ts';
import { bytesOf, type VariableMemory } from './variable-memory.ts';

/** `parent`: of the stream that a stream works for, of whichever of its scopes. No stream works for another one here. */
export type VariableScope = 'proc' | 'sess' | 'txn' | 'req' | 'res' | 'check' | 'parent';

export class VariableStore {
  /** Undefined: as much as there is. */
  readonly memory: VariableMemory | undefined;
  #values: (Sample | undefined)[] = [];

  constructor(memory?: VariableMemory) {
    this.memory = memory;
  }

  get(slot: number): Sample | undefined {
    return this.#values[slot];
  }

  /** False: there is no room for it, and none is left of what it held. */
  set(slot: number, value: Sample): boolean {
    if (this.memory !== undefined) {
      this.#drop(slot);
      if (!this.memory.take(bytesOf(value))) return false;
    }
    this.#put(slot, value);
    return true;
  }

  /** It is set elsewhere, too, and there was room there: it counts, but is not refused. */
  protected copy(slot: number, value: Sample): void {
    this.#drop(slot);
    this.memory?.give(-bytesOf(value));
    this.#put(slot, value);
  }

  #put(slot: number, value: Sample): void {
    while (this.#values.length < slot) this.#values.push(undefined);
    this.#values[slot] = value;
  }

  unset(slot: number): void {
    this.#drop(slot);
  }

  #drop(slot: number): void {
    if (slot >= this.#values.length) return;
    const before = this.#values[slot];
    if (before !== undefined) this.memory?.give(bytesOf(before));
    this.#values[slot] = undefined;
  }

  /** Slots that hold a value, with it. */
  *entries(): IterableIterator<[number, Sample]> {
    for (const [slot, value] of this.#values.entries()) if (value !== undefined) yield [slot, value];
  }
}

export interface VariableName {
  readonly scope: VariableScope;
  /** Without its scope. */
  readonly name: string;
  readonly slot: number;
}

/** The names in use; slots are counted over all scopes. */
export class VariableNames {
  readonly #slots = new Map<string, VariableName>();
  readonly #names: VariableName[] = [];

  /** The name's entry, or what is wrong with it, worded as at load. */
  resolve(text: string): VariableName | string {
    const known = this.#slots.get(text);
    if (known !== undefined) return known;
    if (text === '') return 'Empty variable name cannot be accepted';
    const dot = text.indexOf('.');
    const scope = SCOPES.get(text.slice(0, Math.max(dot, 0)));
    const name = text.slice(dot + 1);
    if (scope === undefined || name === '')
      return (
        `invalid variable name '${text}'. A variable name must start with its scope. ` +
        "The scope can be 'proc', '(p)sess', '(p)txn', '(p)req', '(p)res' or 'check'"
      );
    const wrong = /[^A-Za-z0-9_.]/.exec(name);
    if (wrong !== null) return `invalid syntax at char '${wrong[0]}'`;
    const entry = { scope, name, slot: this.#names.length };
    this.#slots.set(text, entry);
    this.#names.push(entry);
    return entry;
  }

  /** Known already: what the admin socket may read. */
  find(text: string): VariableName | undefined {
    return this.#slots.get(text);
  }

  nameOf(slot: number): VariableName | undefined {
    return this.#names[slot];
  }
}

const SCOPES = new Map<string, VariableScope>([
  ['proc', 'proc'],
  ['sess', 'sess'],
  ['txn', 'txn'],
  ['req', 'req'],
  ['res', 'res'],
  ['check', 'check'],
  ['psess', 'parent'],
  ['ptxn', 'parent'],
  ['preq', 'parent'],
  ['pres', 'parent'],
]);
