/** The text a pattern wants: what has to stand in a sample for the pattern to match it, by the method (manual, section 7.1). */
import { fold } from '../fold.ts';
import type { MatchMethod } from './method.ts';
import { withoutDirectoryDelimiters, withoutDomainDelimiters } from './words.ts';

/** Both ends: it is the whole sample. */
export interface Literal {
  readonly text: string;
  readonly atStart: boolean;
  readonly atEnd: boolean;
}

/** Undefined: there is no such text (regular expressions), or it is empty and stands anywhere. */
export function literalOf(method: MatchMethod, key: string, ignoreCase: boolean): Literal | undefined {
  const text = textOf(method, ignoreCase ? fold(key) : key);
  if (text === undefined || text === '') return undefined;
  return { text, atStart: method === 'str' || method === 'beg', atEnd: method === 'str' || method === 'end' };
}

function textOf(method: MatchMethod, key: string): string | undefined {
  switch (method) {
    case 'str':
    case 'beg':
    case 'end':
    case 'sub':
      return key;
    case 'dir':
      return withoutDirectoryDelimiters(key);
    case 'dom':
      return withoutDomainDelimiters(key);
    default:
      return undefined;
  }
}
