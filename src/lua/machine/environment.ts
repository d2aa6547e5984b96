/** What the module that Lua was compiled to asks of its host. */
import type { HostFiles } from './host-files.ts';
import type { HostMemory } from './host-memory.ts';
import { timeImports } from './host-time.ts';
import { jumpImports } from './long-jumps.ts';
import { ScriptKilled } from './script-errors.ts';
import type { LuaExports } from './wasm-module.ts';
import type { Imports } from '../../base/webassembly.ts';

/** `exportsOf`: of the module that is given this. */
export function environmentOf(memory: HostMemory, files: HostFiles, exportsOf: () => LuaExports): Imports {
  const variables = Object.entries(process.env).map(([name, value = '']) =>
    Buffer.from(`${name}=${value}\0`),
  );
  const environment = {
    ...files.imports(),
    ...timeImports(memory),
    ...jumpImports(exportsOf),
    emscripten_resize_heap: (bytes: number) => (memory.grow(bytes >>> 0) ? 1 : 0),
    environ_sizes_get: (count: number, bytes: number) => {
      memory.setInt(count, variables.length);
      memory.setInt(
        bytes,
        variables.reduce((sum, { length }) => sum + length, 0),
      );
      return 0;
    },
    environ_get: (list: number, bytes: number) => {
      let at = bytes;
      for (const [index, variable] of variables.entries()) {
        memory.setInt(list + 4 * index, at);
        memory.bytes(at, variable.length).set(variable);
        at += variable.length;
      }
      return 0;
    },
    // programs are not started, as without `insecure-fork-wanted`
    system: () => -1,
    exit: (): never => {
      throw new ScriptKilled('a script cannot end the process');
    },
    abort: (): never => {
      throw new ScriptKilled('out of memory');
    },
  };
  return { env: environment, wasi_snapshot_preview1: environment };
}
