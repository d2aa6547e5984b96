/** Writes elements in DER (X.690); der.ts reads them. */
import { DER } from './der.ts';

/** One element; what it is made of is put together. */
export function derElement(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(length)]), ...contents]);
}

export function sequence(...contents: readonly Uint8Array[]): Buffer {
  return derElement(DER.SEQUENCE, ...contents);
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return [0x80 | bytes.length, ...bytes];
}
