/** `-m reg`: patterns in order; verdicts on recent subjects are remembered when there are many. */
import { LRUCache } from 'lru-cache';
import { compileRegex, isRegexMistake } from '../regex/regex.ts';
import type { CompiledRegex } from '../regex/regex.ts';
import type { PatternIndex, StoredPattern } from './pattern.ts';

const MANY = 5;
const REMEMBERED = 2048;

interface HeldRegex {
  readonly regex: CompiledRegex;
  readonly pattern: StoredPattern;
}

export interface RegularIndex extends PatternIndex {
  /** The expression of a pattern it holds, for maps that substitute. */
  readonly regexOf: (pattern: StoredPattern) => CompiledRegex | undefined;
}

export function createRegularIndex(ignoreCase: boolean): RegularIndex {
  const held: HeldRegex[] = [];
  let verdicts: LRUCache<string, StoredPattern | 'none'> | undefined;
  const search = (text: string): StoredPattern | undefined =>
    held.find(({ regex }) => regex.test(text))?.pattern;
  return {
    insert: pattern => {
      const regex = compileRegex(pattern.entry.key, ignoreCase);
      if (isRegexMistake(regex)) return regex.error;
      held.push({ regex, pattern });
      verdicts?.clear();
      return undefined;
    },
    remove: pattern => {
      const at = held.findIndex(candidate => candidate.pattern === pattern);
      if (at >= 0) held.splice(at, 1);
      verdicts?.clear();
    },
    find: value => {
      const text = value as string;
      if (held.length < MANY) return search(text);
      verdicts ??= new LRUCache({ max: REMEMBERED });
      let verdict = verdicts.get(text);
      if (verdict === undefined) {
        verdict = search(text) ?? 'none';
        verdicts.set(text, verdict);
      }
      return verdict === 'none' ? undefined : verdict;
    },
    regexOf: pattern => held.find(candidate => candidate.pattern === pattern)?.regex,
  };
}
