/** The memory of a Lua state: blocks of its C library, counted where there is a limit (manual, `tune.lua.maxmem`). */
import type { LuaExports } from './wasm-module.ts';

export class LuaAllocator {
  /** Bytes. */
  used = 0;
  /** Calls under way in which an error finds somebody to catch it; elsewhere the limit may be passed. */
  guarded = 0;
  readonly #exports: LuaExports;
  readonly #limit: number;

  constructor(exports: LuaExports, limit: number) {
    this.#exports = exports;
    this.#limit = limit;
  }

  /** lua_Alloc of Lua's manual: `before` tells nothing where there is no block yet. */
  allocate(block: number, before: number, after: number): number {
    const held = block === 0 ? 0 : before;
    if (after === 0) {
      this.used -= held;
      this.#exports.free(block);
      return 0;
    }
    const used = this.used + after - held;
    if (after > held && used > this.#limit && this.guarded > 0) return 0;
    const moved = this.#exports.realloc(block, after);
    if (moved !== 0) this.used = used;
    return moved;
  }
}
