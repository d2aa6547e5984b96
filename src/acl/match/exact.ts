/** `-m str`, `-m bin` and methods: one hash lookup, however many patterns. */
import { fold, lowerCase } from '../fold.ts';
import { Buckets } from './pattern.ts';
import type { PatternIndex } from './pattern.ts';

export function createExactIndex(ignoreCase: boolean): PatternIndex {
  const buckets = new Buckets<string>();
  const keyOf = (text: string): string => (ignoreCase ? fold(text) : text);
  return {
    insert: pattern => {
      buckets.add(keyOf(pattern.entry.key), pattern);
      return undefined;
    },
    remove: pattern => buckets.remove(keyOf(pattern.entry.key), pattern),
    find: ignoreCase
      ? value => buckets.first(lowerCase(value as string))
      : value => buckets.first(value as string),
  };
}

const HTTP_METHODS = new Set(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']);

/** The `method` ACL: well-known methods are case sensitive even under `-i`. */
export function createHttpMethodIndex(ignoreCase: boolean): PatternIndex {
  const known = createExactIndex(false);
  const others = createExactIndex(ignoreCase);
  const indexOf = (method: string): PatternIndex => (HTTP_METHODS.has(method) ? known : others);
  return {
    insert: pattern => indexOf(pattern.entry.key).insert(pattern),
    remove: pattern => indexOf(pattern.entry.key).remove(pattern),
    find: value => indexOf(value as string).find(value),
  };
}

function parseHex(text: string): string | undefined {
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) return undefined;
  return Buffer.from(text, 'hex').toString('latin1');
}

/** Patterns are hexadecimal. */
export function createBinaryIndex(): PatternIndex {
  const buckets = new Buckets<string>();
  return {
    insert: pattern => {
      const bytes = parseHex(pattern.entry.key);
      if (bytes === undefined) return 'an even number of hexadecimal digits is expected';
      buckets.add(bytes, pattern);
      return undefined;
    },
    remove: pattern => buckets.remove(parseHex(pattern.entry.key) ?? '', pattern),
    find: value => buckets.first(value as string),
  };
}
