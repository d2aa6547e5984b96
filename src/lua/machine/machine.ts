/**
 * One Lua state as this program uses it: its libraries, functions of this program that scripts can call, calls that may
 * fail, a limit to its memory. tasks.ts runs functions in it; values go in and out by its stack.ts.
 *
 * A jump of Lua (long-jumps.ts) passes through functions of this program. What else they throw becomes an error of the
 * script that called them.
 */
import { LuaAllocator } from './allocator.ts';
import { LUA_LIBRARIES, type LuaLibrary } from './libraries.ts';
import { LONGJMP } from './long-jumps.ts';
import { ScriptError, ScriptKilled } from './script-errors.ts';
import { LuaStack, REGISTRY } from './stack.ts';
import { appendToTable } from './trampolines.ts';

/** How places in this program's own Lua begin. */
const OWN_CODE = '[haproxy]:';

/** A function of this program for scripts: takes its arguments from the stack, answers how many results it left there. */
export type LuaCallback = (L: number) => number;

interface MachineSettings {
  readonly libraries: readonly LuaLibrary[];
  /** Bytes; 0: no limit. */
  readonly maxMemory: number;
}

export class LuaMachine extends LuaStack {
  /** The main thread of the state. */
  readonly L: number;
  readonly #allocator: LuaAllocator;
  /** A number that Lua writes. */
  readonly #resumed: number;
  /** In the registry; nil where scripts have no such function. */
  readonly #tostring: number;

  constructor(settings: MachineSettings) {
    super();
    this.#resumed = this.exports.malloc(4);
    this.#allocator = new LuaAllocator(this.exports, settings.maxMemory);
    this.L = settings.maxMemory === 0 ? this.exports.luaL_newstate() : this.#newLimitedState();
    for (const library of LUA_LIBRARIES) if (settings.libraries.includes(library)) this.#open(library);
    this.exports.lua_getglobal(this.L, this.name('tostring'));
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
    exports.luaL_requiref(L, this.name(library === 'base' ? '_G' : library), index, 1);
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
      exports.lua_setfield(L, -2, this.name(name));
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
    return this.guarded(() => this.exports.lua_resume(L, from, args, this.#resumed));
  }

  get resumed(): number {
    return this.memory.int(this.#resumed);
  }

  /** Compiles a script; false: the error's text is on top of the stack. */
  load(L: number, text: string, name: string): boolean {
    const block = this.exports.malloc(text.length + 1);
    if (block === 0) throw new ScriptError('not enough memory');
    this.memory.write(text, block);
    const status = this.guarded(() =>
      this.exports.luaL_loadbufferx(L, block, text.length, this.name(name), 0),
    );
    this.exports.free(block);
    return status === 0;
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

  // ── what is kept beside the stack ──

  /** The value on top becomes a global variable. */
  setGlobal(name: string): void {
    this.exports.lua_setglobal(this.L, this.name(name));
  }

  letGo(number: number): void {
    this.exports.luaL_unref(this.L, REGISTRY, number);
  }
}
