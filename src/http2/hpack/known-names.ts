/**
 * One text for each field name that comes again and again, so that comparing names is comparing pointers, and a name
 * seen before costs no new text. A name that needs the place of another takes it: memory is bounded.
 */
import { latin1Slice } from '../../base/latin1.ts';
import { STATIC_NAMES } from './static-table.ts';

const PLACES = 1024;
const LONGEST = 64;

const names: string[] = Array.from({ length: PLACES }, () => '');
/** Their bytes: each has room for LONGEST. */
const nameBytes = new Uint8Array(PLACES * LONGEST);

/** Seldom a name shares its place with another: the place belongs to who came last. */
function placeOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  return (hash ^ (hash >>> 10)) & (PLACES - 1);
}

function isAt(place: number, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if ((names[place] as string).length !== length) return false;
  const first = place * LONGEST;
  for (let at = 0; at < length; at++) if (nameBytes[first + at] !== bytes[start + at]) return false;
  return true;
}

/** V8 keeps one text for each property name; texts of that kind are compared by address. */
function unique(text: string): string {
  return Object.keys({ [text]: true })[0] as string;
}

export function nameIn(bytes: Buffer, start: number, end: number): string {
  if (end - start > LONGEST) return latin1Slice(bytes, start, end);
  const place = placeOf(bytes, start, end);
  if (isAt(place, bytes, start, end)) return names[place] as string;
  const name = unique(latin1Slice(bytes, start, end));
  names[place] = name;
  nameBytes.set(bytes.subarray(start, end), place * LONGEST);
  return name;
}

for (const name of STATIC_NAMES) nameIn(Buffer.from(name, 'latin1'), 0, name.length);
