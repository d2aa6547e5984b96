/**
 * One Lua state, and its C interface as this program uses it: values on and off the stack, functions of this program
 * that scripts can call, calls that may fail, a limit to its memory. tasks.ts runs functions in it.
 *
 * A jump of Lua (long-jumps.ts) passes through functions of this program. What else they throw becomes an error of the
 * script that called them.
 */
import { LuaAllocator } from './allocator.ts';
import { environmentOf } from './environment.ts';
import { HostFiles } from './host-files.ts';
import { HostMemory } from './host-memory.ts';
import { LUA_LIBRARIES, type LuaLibrary } from './libraries.ts';
import { LONGJMP } from './long-jumps.ts';
import { ScriptError, ScriptKilled } from './script-errors.ts';
import { appendToTable } from './trampolines.ts';
import { instantiate } from './webassembly.ts';
import { luaModule, type LuaExports } from './wasm-module.ts';

/** How places in this program's own Lua begin. */
const OWN_CODE = '[haproxy]:';

const REGISTRY = -1_001_000;

const NIL = 0;
const BOOLEAN = 1;
const NUMBER = 3;
export const STRING = 4;
const TABLE = 5;
export const FUNCTION = 6;

/** What a script can hand over without more ado; bytes are text, one char each. */
export type LuaValue = undefined | boolean | number | bigint | string;

/** A function of this program for scripts: takes its arguments from the stack, answers how many results it left there. */
export type LuaCallback = (L: number) => number;

/** Values that every function may push beside (LUA_MINSTACK). */
const SPARE = 20;

/** Where text stands that Lua takes over; longer ones get memory of their own. */
const SCRATCH_BYTES = 65_536;

/** Negative: what stands in a table that was given. */
function argument(index: number): string {
  return index < 0 ? 'bad item of a table:' : `bad argument #${index}:`;
}

interface MachineSettings {
  readonly libraries: readonly LuaLibrary[];
  /** Bytes; 0: no limit. */
  readonly maxMemory: number;
}

export class LuaMachine {
  readonly exports: LuaExports;
  readonly memory = new HostMemory();
  readonly files = new HostFiles(this.memory);
  /** The main thread of the state. */
  readonly L: number;
  readonly #allocator: LuaAllocator;
  readonly #scratch: number;
  readonly #number: number;
  /** In the registry; nil where scripts have no such function. */
  readonly #tostring: number;

  constructor(settings: MachineSettings) {
    this.exports = instantiate(
      luaModule(),
      environmentOf(this.memory, this.files, () => this.exports),
    ) as unknown as LuaExports;
    this.memory.attach(this.exports.memory);
    this.exports.emscripten_stack_init();
    this.exports.__wasm_call_ctors();
    this.#scratch = this.exports.malloc(SCRATCH_BYTES);
    this.#number = this.exports.malloc(8);
    this.#allocator = new LuaAllocator(this.exports, settings.maxMemory);
    this.L = settings.maxMemory === 0 ? this.exports.luaL_newstate() : this.#newLimitedState();
    for (const library of LUA_LIBRARIES) if (settings.libraries.includes(library)) this.#open(library);
    this.exports.lua_getglobal(this.L, this.#name('tostring'));
    this.#tostring = this.keep(this.L);
  }

  #newLimitedState(): number {
    const allocator = this.define([
      {
        shape: { takes: 4, gives: true },
        call: (_data = 0, block = 0, before = 0, after = 0) => this.#allocator.allocate(block, before, after),
      },
    ]);
    return this.exports.lua_newstate(allocator, 0);
  }

  /** Bytes; counted where there is a limit. */
  get used(): number {
    return this.#allocator.used;
  }

  #open(library: LuaLibrary): void {
    const { exports, L } = this;
    const opener = exports[`luaopen_${library}`];
    const index = exports.__indirect_function_table.grow(1, opener);
    exports.luaL_requiref(L, this.#name(library === 'base' ? '_G' : library), index, 1);
    exports.lua_settop(L, -2);
  }

  // ── functions of this program ──

  /** Puts functions where Lua can call them; answers the number of the first. */
  define(entries: Parameters<typeof appendToTable>[1]): number {
    return appendToTable(this.exports.__indirect_function_table, entries);
  }

  /** A table of functions, on top of the stack. */
  pushFunctions(functions: Readonly<Record<string, LuaCallback>>): void {
    const { exports, L } = this;
    const names = Object.keys(functions);
    const first = this.define(
      names.map(name => ({
        shape: { takes: 1, gives: true },
        call: this.#guard(functions[name] as LuaCallback),
      })),
    );
    exports.lua_createtable(L, 0, names.length);
    for (const [index, name] of names.entries()) {
      exports.lua_pushcclosure(L, first + index, 0);
      exports.lua_setfield(L, -2, this.#name(name));
    }
  }

  #guard(callback: LuaCallback): (L?: number) => number {
    return (L = 0) => {
      try {
        return callback(L);
      } catch (error) {
        if (error === LONGJMP || error instanceof ScriptKilled) throw error;
        return this.raise(L, error instanceof Error ? error.message : String(error));
      }
    };
  }

  raise(L: number, message: string): number {
    this.pushText(L, this.#place(L) + message);
    return this.exports.lua_error(L);
  }

  /** Where the script is, behind functions of the prelude. */
  #place(L: number): string {
    for (let level = 1; ; level++) {
      this.exports.luaL_where(L, level);
      const place = this.text(L, -1);
      this.pop(L, 1);
      if (!place.startsWith(OWN_CODE)) return place;
    }
  }

  // ── calls ──

  /** Runs `call`, in which errors are caught by Lua. */
  guarded<T>(call: () => T): T {
    this.#allocator.guarded++;
    try {
      return call();
    } finally {
      this.#allocator.guarded--;
    }
  }

  /** Calls the function below `args` values; false: it failed, and the error's text is on top of the stack. */
  call(L: number, args: number, results: number): boolean {
    return this.guarded(() => this.exports.lua_pcallk(L, args, results, 0, 0, 0)) === 0;
  }

  /** 0: it ended; 1: it waits; more: it failed. Results are on top of the stack, `this.resumed` of them. */
  resume(L: number, from: number, args: number): number {
    return this.guarded(() => this.exports.lua_resume(L, from, args, this.#number));
  }

  get resumed(): number {
    return this.memory.int(this.#number);
  }

  /** Compiles a script; false: the error's text is on top of the stack. */
  load(L: number, text: string, name: string): boolean {
    const block = this.exports.malloc(text.length + 1);
    if (block === 0) throw new ScriptError('not enough memory');
    this.memory.write(text, block);
    const status = this.guarded(() =>
      this.exports.luaL_loadbufferx(L, block, text.length, this.#name(name), 0),
    );
    this.exports.free(block);
    return status === 0;
  }

  // ── the stack ──

  /** A short text of this program's own, as C has it; until the next one. */
  #name(text: string): number {
    this.memory.write(`${text}\0`, this.#scratch);
    return this.#scratch;
  }

  pushText(L: number, text: string): void {
    const { exports, memory } = this;
    const { length } = text;
    if (length <= SCRATCH_BYTES) {
      memory.write(text, this.#scratch);
      exports.lua_pushlstring(L, this.#scratch, length);
      return;
    }
    const block = exports.malloc(length);
    if (block === 0) throw new ScriptError('not enough memory');
    try {
      memory.write(text, block);
      exports.lua_pushlstring(L, block, length);
    } finally {
      exports.free(block);
    }
  }

  /** Arguments of a function that is called, however many. */
  pushTexts(L: number, texts: readonly string[]): void {
    if (texts.length === 0) return;
    if (this.exports.lua_checkstack(L, texts.length + SPARE) === 0)
      throw new ScriptError('not enough memory');
    for (const text of texts) this.pushText(L, text);
  }

  push(L: number, value: LuaValue): void {
    const { exports } = this;
    if (typeof value === 'string') this.pushText(L, value);
    else if (typeof value === 'number') {
      if (Number.isInteger(value)) exports.lua_pushinteger(L, BigInt(value));
      else exports.lua_pushnumber(L, value);
    } else if (typeof value === 'boolean') exports.lua_pushboolean(L, value ? 1 : 0);
    else if (typeof value === 'bigint') exports.lua_pushinteger(L, value);
    else exports.lua_pushnil(L);
  }

  type(L: number, index: number): number {
    return this.exports.lua_type(L, index);
  }

  isTable(L: number, index: number): boolean {
    return this.type(L, index) === TABLE;
  }

  /** Nothing there, or nil. */
  isAbsent(L: number, index: number): boolean {
    return this.type(L, index) <= NIL;
  }

  /** Tables, functions and the like are undefined. */
  value(L: number, index: number): LuaValue {
    const { exports } = this;
    switch (exports.lua_type(L, index)) {
      case BOOLEAN:
        return exports.lua_toboolean(L, index) !== 0;
      case NUMBER:
        return this.#numberAt(L, index);
      case STRING:
        return this.#stringAt(L, index);
      default:
        return undefined;
    }
  }

  #numberAt(L: number, index: number): number | bigint {
    const value = this.exports.lua_tonumberx(L, index, 0);
    const isExact = Number.isSafeInteger(value) || this.exports.lua_isinteger(L, index) === 0;
    return isExact ? value : this.exports.lua_tointegerx(L, index, 0);
  }

  #stringAt(L: number, index: number): string {
    const at = this.exports.lua_tolstring(L, index, this.#number);
    return at === 0 ? '' : this.memory.read(at, this.memory.int(this.#number));
  }

  /** A string, or a number as one; undefined: neither. */
  optionalText(L: number, index: number): string | undefined {
    const { exports } = this;
    const type = exports.lua_type(L, index);
    if (type === STRING) return this.#stringAt(L, index);
    if (type !== NUMBER) return undefined;
    // a copy: in its place it would be changed
    exports.lua_pushvalue(L, index);
    const text = this.#stringAt(L, -1);
    exports.lua_settop(L, -2);
    return text;
  }

  text(L: number, index: number): string {
    const text = this.optionalText(L, index);
    if (text === undefined) throw new ScriptError(`${argument(index)} a string expected`);
    return text;
  }

  number(L: number, index: number): number {
    const type = this.type(L, index);
    if (type !== NUMBER && type !== STRING) throw new ScriptError(`${argument(index)} a number expected`);
    const number = this.exports.lua_tonumberx(L, index, this.#number);
    if (this.memory.int(this.#number) === 0) throw new ScriptError(`${argument(index)} a number expected`);
    return number;
  }

  truth(L: number, index: number): boolean {
    return this.exports.lua_toboolean(L, index) !== 0;
  }

  /** What a script has failed with, taken from the top: its metatable may have a say, and fail too. */
  failure(L: number): string {
    const text = this.optionalText(L, -1);
    if (text === undefined) return this.#shownByScript(L);
    this.pop(L, 1);
    return text;
  }

  #shownByScript(L: number): string {
    const { exports } = this;
    const thread = exports.lua_newthread(this.L);
    const kept = this.keep(this.L);
    this.pushKept(thread, this.#tostring);
    exports.lua_xmove(L, thread, 1);
    try {
      const shown = this.call(thread, 1, 1) ? this.optionalText(thread, -1) : undefined;
      return shown ?? 'an error that cannot be shown';
    } finally {
      this.letGo(kept);
    }
  }

  pop(L: number, count: number): void {
    this.exports.lua_settop(L, -count - 1);
  }

  top(L: number): number {
    return this.exports.lua_gettop(L);
  }

  // ── tables ──

  newTable(L: number, size = 0): void {
    this.exports.lua_createtable(L, 0, size);
  }

  setField(L: number, name: string, value: LuaValue): void {
    this.push(L, value);
    this.exports.lua_setfield(L, -2, this.#name(name));
  }

  /** The value on top becomes a field of the table below it. */
  setTopField(L: number, name: string): void {
    this.pushText(L, name);
    this.exports.lua_rotate(L, -2, 1);
    this.exports.lua_rawset(L, -3);
  }

  setItem(L: number, key: number, value: LuaValue): void {
    this.push(L, value);
    this.exports.lua_rawseti(L, -2, BigInt(key));
  }

  /** The value on top becomes an item of the table below it. */
  setTopItem(L: number, key: number): void {
    this.exports.lua_rawseti(L, -2, BigInt(key));
  }

  /** The value on top becomes a global variable. */
  setGlobal(name: string): void {
    this.exports.lua_setglobal(this.L, this.#name(name));
  }

  /** Pushes it. */
  field(L: number, index: number, name: string): number {
    return this.exports.lua_getfield(L, index, this.#name(name));
  }

  /** Calls `visit` with key and value at -2 and -1. */
  eachOf(L: number, index: number, visit: () => void): void {
    const { exports } = this;
    const table = index < 0 ? this.top(L) + index + 1 : index;
    exports.lua_pushnil(L);
    while (exports.lua_next(L, table) !== 0) {
      visit();
      this.pop(L, 1);
    }
  }

  /** Keeps the value on top, which is popped; answers its number. */
  keep(L: number): number {
    return this.exports.luaL_ref(L, REGISTRY);
  }

  pushKept(L: number, number: number): void {
    this.exports.lua_rawgeti(L, REGISTRY, BigInt(number));
  }

  letGo(number: number): void {
    this.exports.luaL_unref(this.L, REGISTRY, number);
  }
}
