/**
 * Lua leaves a function by longjmp(3), which is a thrown number here: it passes through functions of this program as any
 * exception does, and none of them may keep it.
 */
import type { LuaExports } from './wasm-module.ts';

/** What jumps: any number would do. */
export const LONGJMP = Infinity;

type Callee = (first: number, second: number) => void;

interface JumpImports {
  /** A call out of which Lua may jump: what the C library does around setjmp(3). */
  readonly invoke_vii: (callee: number, first: number, second: number) => void;
  readonly _emscripten_throw_longjmp: () => never;
}

/** `exportsOf`: of the module that is given these. */
export function jumpImports(exportsOf: () => LuaExports): JumpImports {
  const callees: Callee[] = [];
  return {
    invoke_vii: (callee, first, second) => {
      const exports = exportsOf();
      const stack = exports.stackSave();
      try {
        (callees[callee] ??= exports.__indirect_function_table.get(callee) as Callee)(first, second);
      } catch (error) {
        exports.stackRestore(stack);
        if (error !== LONGJMP) throw error;
        exports.setThrew(1, 0);
      }
    },
    _emscripten_throw_longjmp: () => {
      throw LONGJMP;
    },
  };
}
