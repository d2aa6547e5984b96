/**
 * Variables (manual, section 2.8): a name is turned into a small number at load, once a thread, so that
 * reading and writing one is an array access. Scripts may make names up without end, of what clients send: those beyond
 * MOST_NUMBERED are kept by name, with their value and no longer. A store is one scope of one connection, request or process.
 */
import type { Sample } from './sample.ts';
import { bytesOf, type VariableMemory } from './variable-memory.ts';

/** `parent`: of the stream that a stream works for, of whichever of its scopes. No stream works for another one here. */
export type VariableScope = 'proc' | 'sess' | 'txn' | 'req' | 'res' | 'check' | 'parent';

/** Where a store has it: its number, or its name with its scope. */
export type VariableSlot = number | string;

export class VariableStore {
  /** Undefined: as much as there is. */
  readonly memory: VariableMemory | undefined;
  #values: (Sample | undefined)[] = [];
  #named: Map<string, Sample> | undefined;

  constructor(memory?: VariableMemory) {
    this.memory = memory;
  }

  get(slot: VariableSlot): Sample | undefined {
    return typeof slot === 'number' ? this.#values[slot] : this.#named?.get(slot);
  }

  /** False: there is no room for it, and none is left of what it held. */
  set(slot: VariableSlot, value: Sample): boolean {
    if (this.memory !== undefined) {
      this.#drop(slot);
      if (!this.memory.take(bytesOf(value))) return false;
    }
    this.#put(slot, value);
    return true;
  }

  /** It is set elsewhere, too, and there was room there: it counts, but is not refused. */
  protected copy(slot: VariableSlot, value: Sample): void {
    this.#drop(slot);
    this.memory?.give(-bytesOf(value));
    this.#put(slot, value);
  }

  #put(slot: VariableSlot, value: Sample): void {
    if (typeof slot === 'string') {
      (this.#named ??= new Map()).set(slot, value);
      return;
    }
    while (this.#values.length < slot) this.#values.push(undefined);
    this.#values[slot] = value;
  }

  unset(slot: VariableSlot): void {
    this.#drop(slot);
  }

  #drop(slot: VariableSlot): void {
    const before = this.get(slot);
    if (before === undefined) return;
    this.memory?.give(bytesOf(before));
    if (typeof slot === 'number') this.#values[slot] = undefined;
    else this.#named?.delete(slot);
  }

  /** Slots that hold a value, with it. */
  *entries(): IterableIterator<[VariableSlot, Sample]> {
    for (const [slot, value] of this.#values.entries()) if (value !== undefined) yield [slot, value];
    if (this.#named !== undefined) yield* this.#named;
  }
}

export interface VariableName {
  readonly scope: VariableScope;
  /** Without its scope. */
  readonly name: string;
  readonly slot: VariableSlot;
}

/** Those of a usual configuration are some dozens; each makes the stores that hold it longer by a place. */
const MOST_NUMBERED = 1024;

/** The names in use; numbers are counted over all scopes. */
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
    // variables of the process stay, and so may their names
    if (this.#names.length >= MOST_NUMBERED && scope !== 'proc') return { scope, name, slot: text };
    const entry = { scope, name, slot: this.#names.length };
    this.#slots.set(text, entry);
    this.#names.push(entry);
    return entry;
  }

  /** Known already: what may have a value. */
  find(text: string): VariableName | undefined {
    const known = this.#slots.get(text);
    if (known !== undefined || text.startsWith('proc.') || this.#names.length < MOST_NUMBERED) return known;
    return this.nameOf(text);
  }

  nameOf(slot: VariableSlot): VariableName | undefined {
    if (typeof slot === 'number') return this.#names[slot];
    const name = this.resolve(slot);
    return typeof name === 'string' ? undefined : name;
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
