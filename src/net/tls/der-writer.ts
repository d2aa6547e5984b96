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

/** `2.5.4.3` */
export function identifier(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return derElement(DER.IDENTIFIER, Buffer.from([first * 40 + second, ...rest.flatMap(inSevens)]));
}

/** Base 128, all bytes but the last with the high bit. */
function inSevens(number: number): readonly number[] {
  const bytes = [number % 0x80];
  for (let rest = Math.floor(number / 0x80); rest > 0; rest = Math.floor(rest / 0x80))
    bytes.unshift(0x80 | (rest % 0x80));
  return bytes;
}

/** As certificates have it (RFC 5280, section 4.1.2.5). */
export function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return text < FIRST_LONG
    ? derElement(DER.UTC_TIME, Buffer.from(text.slice(2)))
    : derElement(DER.GENERALIZED_TIME, Buffer.from(text));
}

/** From then on the year has four digits. */
const FIRST_LONG = '2050';

export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return derElement(DER.BIT_STRING, Buffer.from([unusedBits]), bytes);
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return [0x80 | bytes.length, ...bytes];
}
