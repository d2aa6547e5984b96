/** `-m beg` and `-m end`: one hash lookup for each length that patterns have. */
import { fold, lowerCase } from '../fold.ts';
import { Buckets, earlier, Lengths } from './pattern.ts';
import type { PatternIndex, StoredPattern } from './pattern.ts';

type Cut = (text: string, length: number) => string;

const head: Cut = (text, length) => (length === text.length ? text : text.slice(0, length));
const tail: Cut = (text, length) => (length === text.length ? text : text.slice(text.length - length));

/** HAProxy takes the longest prefix when case counts, and otherwise what stands first in the list. */
export function createPrefixIndex(ignoreCase: boolean): PatternIndex {
  return createAffixIndex(head, ignoreCase, !ignoreCase);
}

export function createSuffixIndex(ignoreCase: boolean): PatternIndex {
  return createAffixIndex(tail, ignoreCase, false);
}

function createAffixIndex(cut: Cut, ignoreCase: boolean, longestWins: boolean): PatternIndex {
  const buckets = new Buckets<string>();
  const lengths = new Lengths();
  const keyOf = (text: string): string => (ignoreCase ? fold(text) : text);
  return {
    insert: pattern => {
      buckets.add(keyOf(pattern.entry.key), pattern);
      lengths.add(pattern.entry.key.length);
      return undefined;
    },
    remove: pattern => {
      buckets.remove(keyOf(pattern.entry.key), pattern);
      lengths.remove(pattern.entry.key.length);
    },
    find: value => {
      const text = ignoreCase ? lowerCase(value as string) : (value as string);
      let best: StoredPattern | undefined;
      for (const length of lengths.sorted) {
        if (length > text.length) continue;
        const found = buckets.first(cut(text, length));
        if (found === undefined) continue;
        if (longestWins) return found;
        best = earlier(best, found);
      }
      return best;
    },
  };
}
