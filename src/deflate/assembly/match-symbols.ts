/** Symbols of lengths and distances, with their extra bits (RFC 1951 section 3.2.5). */
import {
  EXTRA_AT,
  FIRST_DISTANCE,
  FIRST_LENGTH,
  LAST_LENGTH,
  LONGEST_MATCH,
  SHORTEST_LENGTH,
} from '../symbols';
import { LENGTHS } from './areas';

/** Of 3 to 258 bytes: from eight above the shortest on there are four symbols for each power of two. */
function symbolOfLength(length: u32): u32 {
  if (length == LONGEST_MATCH) return LAST_LENGTH;
  const above = length - SHORTEST_LENGTH;
  if (above < 8) return FIRST_LENGTH + above;
  const bits = 29 - clz(above);
  return (FIRST_LENGTH + (bits << 2) + (above >>> bits)) | ((above & ((1 << bits) - 1)) << EXTRA_AT);
}

for (let length = SHORTEST_LENGTH; length <= LONGEST_MATCH; length++)
  store<u32>(LENGTHS + (length << 2), symbolOfLength(length));

export function lengthSymbol(length: u32): u32 {
  return load<u32>(LENGTHS + (length << 2));
}

/** Of 1 to 32768 bytes: from two above the shortest on there are two symbols for each power of two. */
export function distanceSymbol(distance: u32): u32 {
  const above = distance - 1;
  const bits = 30 - clz(above | 2);
  return (FIRST_DISTANCE + (bits << 1) + (above >>> bits)) | ((above & ((1 << bits) - 1)) << EXTRA_AT);
}
