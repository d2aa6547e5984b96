/**
 * Lua itself: the reference implementation (5.4), compiled to WebAssembly as the package wasmoon ships it. Compiled once
 * a thread, when the first script is loaded.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { compileModule, type Memory, type Module, type Table } from '../../base/webassembly.ts';

let compiled: Module | undefined;

export function luaModule(): Module {
  if (compiled !== undefined) return compiled;
  const entry = createRequire(import.meta.url).resolve('wasmoon');
  compiled = compileModule(readFileSync(join(dirname(entry), 'glue.wasm')));
  return compiled;
}

/** What Lua's C interface looks like from here: pointers and numbers; 64-bit integers are bigints. */
export interface LuaExports {
  readonly memory: Memory;
  readonly __indirect_function_table: Table;
  __wasm_call_ctors(): void;
  emscripten_stack_init(): void;
  stackSave(): number;
  stackRestore(pointer: number): void;
  setThrew(threw: number, value: number): void;
  malloc(size: number): number;
  free(pointer: number): void;
  realloc(pointer: number, size: number): number;

  lua_newstate(allocator: number, data: number): number;
  luaL_newstate(): number;
  lua_newthread(L: number): number;
  lua_gettop(L: number): number;
  lua_settop(L: number, index: number): void;
  lua_pushvalue(L: number, index: number): void;
  lua_rotate(L: number, index: number, by: number): void;
  lua_checkstack(L: number, extra: number): number;
  lua_xmove(from: number, to: number, count: number): void;
  lua_type(L: number, index: number): number;
  lua_isinteger(L: number, index: number): number;
  lua_tonumberx(L: number, index: number, isNumber: number): number;
  lua_tointegerx(L: number, index: number, isNumber: number): bigint;
  lua_toboolean(L: number, index: number): number;
  lua_tolstring(L: number, index: number, length: number): number;
  lua_rawlen(L: number, index: number): number;
  lua_pushnil(L: number): void;
  lua_pushnumber(L: number, value: number): void;
  lua_pushinteger(L: number, value: bigint): void;
  lua_pushlstring(L: number, text: number, length: number): number;
  lua_pushboolean(L: number, value: number): void;
  lua_pushcclosure(L: number, callback: number, upvalues: number): void;
  lua_getglobal(L: number, name: number): number;
  lua_setglobal(L: number, name: number): void;
  lua_getfield(L: number, index: number, name: number): number;
  lua_setfield(L: number, index: number, name: number): void;
  lua_rawset(L: number, index: number): void;
  lua_rawgeti(L: number, index: number, key: bigint): number;
  lua_rawseti(L: number, index: number, key: bigint): void;
  lua_createtable(L: number, array: number, fields: number): void;
  lua_next(L: number, index: number): number;
  lua_pcallk(
    L: number,
    args: number,
    results: number,
    handler: number,
    context: number,
    continuation: number,
  ): number;
  lua_yieldk(L: number, results: number, context: number, continuation: number): number;
  lua_resume(L: number, from: number, args: number, results: number): number;
  lua_isyieldable(L: number): number;
  lua_error(L: number): number;
  lua_sethook(L: number, hook: number, mask: number, count: number): void;
  luaL_where(L: number, level: number): void;
  luaL_ref(L: number, table: number): number;
  luaL_unref(L: number, table: number, ref: number): void;
  luaL_loadbufferx(L: number, text: number, size: number, name: number, mode: number): number;
  luaL_requiref(L: number, name: number, open: number, global: number): void;
  luaopen_base: () => void;
  luaopen_coroutine: () => void;
  luaopen_table: () => void;
  luaopen_io: () => void;
  luaopen_os: () => void;
  luaopen_string: () => void;
  luaopen_utf8: () => void;
  luaopen_math: () => void;
  luaopen_debug: () => void;
  luaopen_package: () => void;
}
