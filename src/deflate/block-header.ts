/** The beginning of a block that is not stored (RFC 1951 sections 3.2.3 and 3.2.7), but for the bit that marks the last. */
import { LENGTHS_OF_TEXT_LENGTHS, TEXT_LENGTHS } from './code-lengths.ts';
import { prefixCodes, type Code } from './prefix-codes.ts';

const FIXED = 1;
const OWN_CODES = 2;

/** The order in which the lengths of the codes of lengths are sent. */
const LENGTH_SYMBOLS = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const REPEATED = 16;

export function fixedHeader(): readonly Code[] {
  return [{ value: FIXED << 1, bits: 3 }];
}

/** All codes have a length, so the symbols that stand for runs of none are not needed. */
export function textHeader(): readonly Code[] {
  const { literals, distances } = TEXT_LENGTHS;
  return [
    { value: OWN_CODES << 1, bits: 3 },
    { value: literals.length - 257, bits: 5 },
    { value: distances.length - 1, bits: 5 },
    { value: LENGTH_SYMBOLS.length - 4, bits: 4 },
    ...LENGTH_SYMBOLS.map(symbol => ({ value: LENGTHS_OF_TEXT_LENGTHS[symbol] as number, bits: 3 })),
    ...codedLengths([...literals, ...distances]),
  ];
}

function codedLengths(lengths: readonly number[]): readonly Code[] {
  const codes = prefixCodes(LENGTHS_OF_TEXT_LENGTHS);
  const coded: Code[] = [];
  for (let at = 0; at < lengths.length;) {
    const end = endOfRun(lengths, at);
    coded.push(codes[lengths[at++] as number] as Code);
    // 3 to 6 of them at once
    while (end - at >= 3) {
      const times = Math.min(end - at, 6);
      coded.push(codes[REPEATED] as Code, { value: times - 3, bits: 2 });
      at += times;
    }
  }
  return coded;
}

/** Where equal ones end. */
function endOfRun(lengths: readonly number[], from: number): number {
  let end = from;
  while (end < lengths.length && lengths[end] === lengths[from]) end++;
  return end;
}
