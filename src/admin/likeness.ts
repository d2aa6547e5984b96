/**
 * How far words are from each other by the characters in them and by the pairs of them: a mistake changes a few, wherever it is.
 * All digits are one character, and so is everything else that is no letter, the ends of a word among it.
 */
const OTHER = 28;
const DIGIT = 27;
const KINDS = 32;

/** Numbers by pairs, which come from 32 on; below that 1 by each kind of character that is there. */
type Pairs = Map<number, number>;

function kindOf(character: string): number {
  if (/[a-z]/i.test(character)) return character.toLowerCase().charCodeAt(0) - 96;
  return /\d/.test(character) ? DIGIT : OTHER;
}

function pairsOf(words: readonly string[]): Pairs {
  const pairs: Pairs = new Map();
  for (const word of words) {
    let before = OTHER;
    for (const character of word) {
      const kind = kindOf(character);
      pairs.set(kind, 1);
      addPair(pairs, before, kind);
      before = kind;
    }
    addPair(pairs, before, OTHER);
  }
  return pairs;
}

function addPair(pairs: Pairs, from: number, to: number): void {
  const pair = KINDS * from + to;
  pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
}

/** How many pairs, and kinds of characters, are in one of them only; 0: as good as the same. */
export function distanceBetween(some: readonly string[], others: readonly string[]): number {
  const [left, right] = [pairsOf(some), pairsOf(others)];
  let distance = 0;
  for (const pair of new Set([...left.keys(), ...right.keys()]))
    distance += Math.abs((left.get(pair) ?? 0) - (right.get(pair) ?? 0));
  return distance;
}
