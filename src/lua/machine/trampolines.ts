/**
 * Functions of this program as entries of a WebAssembly table: only functions of WebAssembly may stand there, so a
 * module is made that imports all of them and exports them again.
 */
import { compileModule, instantiate, type Table } from '../../base/webassembly.ts';

const I32 = 0x7f;
const FUNCTION = 0x60;

/** How many numbers go in, and whether one comes out. */
interface Shape {
  readonly takes: number;
  readonly gives: boolean;
}

interface Entry {
  readonly shape: Shape;
  readonly call: (...args: number[]) => number | void;
}

/** Appends them to the table; answers where the first one stands. */
export function appendToTable(table: Table, entries: readonly Entry[]): number {
  const module = compileModule(encode(entries));
  const imports = Object.fromEntries(entries.map(({ call }, index) => [`f${index}`, call]));
  const exports = instantiate(module, { e: imports });
  const first = table.grow(entries.length);
  for (let index = 0; index < entries.length; index++) table.set(first + index, exports[`f${index}`]);
  return first;
}

/** One type, one import and one export for each. */
function encode(entries: readonly Entry[]): Uint8Array {
  const types = entries.map(({ shape: { takes, gives } }) => [
    FUNCTION,
    ...vector(Array.from({ length: takes }, () => [I32])),
    ...vector(gives ? [[I32]] : []),
  ]);
  const imports = entries.map((_, index) => [...name('e'), ...name(`f${index}`), 0x00, ...leb(index)]);
  const exports = entries.map((_, index) => [...name(`f${index}`), 0x00, ...leb(index)]);
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  return Uint8Array.from([...header, ...section(1, types), ...section(2, imports), ...section(7, exports)]);
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = vector(items);
  return [id, ...leb(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

function name(text: string): number[] {
  return [...leb(text.length), ...Buffer.from(text, 'latin1')];
}

/** Unsigned, seven bits a byte. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
