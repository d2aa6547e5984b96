/** `-m dir` and `-m dom`: a pattern between delimiters; those at its own ends do not count. */
import { fold, lowerCase } from '../fold.ts';
import { Buckets, earlier, Lengths } from './pattern.ts';
import type { PatternIndex, StoredPattern } from './pattern.ts';

const DIRECTORY_DELIMITERS = '/?';
const DOMAIN_DELIMITERS = '/?.:';

export const createDirectoryIndex = (ignoreCase: boolean): PatternIndex =>
  createWordIndex(isDirectoryDelimiter, ignoreCase);
export const createDomainIndex = (ignoreCase: boolean): PatternIndex =>
  createWordIndex(isDomainDelimiter, ignoreCase);

const isDirectoryDelimiter = flagsOf(DIRECTORY_DELIMITERS);
const isDomainDelimiter = flagsOf(DOMAIN_DELIMITERS);

function flagsOf(delimiters: string): Uint8Array {
  const isDelimiter = new Uint8Array(256);
  for (const char of delimiters) isDelimiter[char.charCodeAt(0)] = 1;
  return isDelimiter;
}

export const withoutDirectoryDelimiters = (text: string): string => stripped(text, isDirectoryDelimiter);
export const withoutDomainDelimiters = (text: string): string => stripped(text, isDomainDelimiter);

function createWordIndex(isDelimiter: Uint8Array, ignoreCase: boolean): PatternIndex {
  const buckets = new Buckets<string>();
  const lengths = new Lengths();
  const keyOf = (text: string): string => stripped(ignoreCase ? fold(text) : text, isDelimiter);
  return {
    insert: pattern => {
      const key = keyOf(pattern.entry.key);
      buckets.add(key, pattern);
      lengths.add(key.length);
      return undefined;
    },
    remove: pattern => {
      const key = keyOf(pattern.entry.key);
      buckets.remove(key, pattern);
      lengths.remove(key.length);
    },
    find: value => {
      const text = ignoreCase ? lowerCase(value as string) : (value as string);
      let best: StoredPattern | undefined;
      let mayStart = true;
      for (let start = 0; start < text.length; start++) {
        const delimiter = isDelimiter[text.charCodeAt(start)] === 1;
        if (!delimiter && mayStart)
          best = earlier(best, findAt(text, start, buckets, lengths.sorted, isDelimiter));
        mayStart = delimiter;
      }
      return best;
    },
  };
}

/** Patterns that start here and end before a delimiter or at the end. */
function findAt(
  text: string,
  start: number,
  buckets: Buckets<string>,
  lengths: readonly number[],
  isDelimiter: Uint8Array,
): StoredPattern | undefined {
  let best: StoredPattern | undefined;
  for (const length of lengths) {
    const end = start + length;
    if (length === 0 || end > text.length) continue;
    if (end === text.length || isDelimiter[text.charCodeAt(end)] === 1)
      best = earlier(best, buckets.first(text.slice(start, end)));
  }
  return best;
}

function stripped(text: string, isDelimiter: Uint8Array): string {
  let start = 0;
  let end = text.length;
  while (start < end && isDelimiter[text.charCodeAt(start)] === 1) start++;
  while (end > start && isDelimiter[text.charCodeAt(end - 1)] === 1) end--;
  return text.slice(start, end);
}
