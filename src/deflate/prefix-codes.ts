/** Prefix codes from their lengths (RFC 1951 section 3.2.2). */
const LONGEST = 15;

/** The first bit to be sent is the lowest. */
export interface Code {
  readonly value: number;
  readonly bits: number;
}

/** A code begins with its highest bit, everything else with its lowest. */
function reversed(code: number, bits: number): number {
  let turned = 0;
  for (let bit = 0; bit < bits; bit++) turned |= ((code >>> bit) & 1) << (bits - 1 - bit);
  return turned;
}

/** One for each symbol; what has no length has no code. */
export function prefixCodes(lengths: readonly number[]): readonly Code[] {
  const counts = new Int32Array(LONGEST + 1);
  for (const bits of lengths) if (bits > 0) (counts[bits] as number)++;
  const next = new Int32Array(LONGEST + 1);
  for (let bits = 1; bits <= LONGEST; bits++)
    next[bits] = ((next[bits - 1] as number) + (counts[bits - 1] as number)) << 1;
  return lengths.map(bits => ({ value: reversed((next[bits] as number)++, bits), bits }));
}
