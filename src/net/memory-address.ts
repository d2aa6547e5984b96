/** Where memory lies, for system calls that are told numbers. */
import { loadKoffi } from './system-calls.ts';

const ADDRESS = Symbol('address');

/** The memory knows it itself: a WeakMap would make all that is new dear to the collector. */
type Located = ArrayBufferLike & { [ADDRESS]?: number };

/** Where a Buffer's bytes lie. Only good for as long as the caller holds the Buffer. */
export function addressOf(buffer: Buffer): number {
  const { buffer: memory, byteOffset }: { buffer: Located; byteOffset: number } = buffer;
  const base = (memory[ADDRESS] ??= Number(loadKoffi().address(buffer)) - byteOffset);
  return base + byteOffset;
}
