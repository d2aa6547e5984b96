/**
 * Values on and off the stack of a Lua state, and in and out of its tables, by Lua's C interface (Lua 5.4 manual,
 * section 4). An `index` is one of Lua's: from 1 at the bottom up, or from -1 at the top down.
 */
import { environmentOf } from './environment.ts';
import { HostFiles } from './host-files.ts';
import { HostMemory } from './host-memory.ts';
import { ScriptError } from './script-errors.ts';
import { luaModule, type LuaExports } from './wasm-module.ts';
import { instantiate } from '../../base/webassembly.ts';

/** The table that scripts do not see. */
export const REGISTRY = -1_001_000;

const NIL = 0;
const BOOLEAN = 1;
const NUMBER = 3;
export const STRING = 4;
const TABLE = 5;
export const FUNCTION = 6;

/** What a script can hand over without more ado; bytes are text, one char each. */
export type LuaValue = undefined | boolean | number | bigint | string;

/** Values that every function may push beside (LUA_MINSTACK). */
const SPARE = 20;

/** Where text stands that Lua takes over; longer ones get memory of their own. */
const SCRATCH_BYTES = 65_536;

/** Negative: what stands in a table that was given. */
function argument(index: number): string {
  return index < 0 ? 'bad item of a table:' : `bad argument #${index}:`;
}

export abstract class LuaStack {
  readonly exports: LuaExports;
  readonly memory = new HostMemory();
  readonly files = new HostFiles(this.memory);
  readonly #scratch: number;
  readonly #number: number;

  constructor() {
    this.exports = instantiate(
      luaModule(),
      environmentOf(this.memory, this.files, () => this.exports),
    ) as unknown as LuaExports;
    this.memory.attach(this.exports.memory);
    this.exports.emscripten_stack_init();
    this.exports.__wasm_call_ctors();
    this.#scratch = this.exports.malloc(SCRATCH_BYTES);
    this.#number = this.exports.malloc(8);
  }

  /** A short text of this program's own, as C has it; until the next one. */
  protected name(text: string): number {
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
    this.exports.lua_setfield(L, -2, this.name(name));
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

  /** Pushes it. */
  field(L: number, index: number, name: string): number {
    return this.exports.lua_getfield(L, index, this.name(name));
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
}
