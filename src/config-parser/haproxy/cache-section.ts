/** Keyword rows of the `cache` section (manual, section 6.2.1). */
import type { Position } from '../../model/diagnostic.ts';
import type { CacheSettings } from '../../model/http-cache.ts';
import { integer, oneWordOf, time, type Shape } from '../argument-shape.ts';
import type { Keyword } from '../keyword.ts';
import type { ParserContext } from '../parser-context.ts';

/** As said; 0: not said. */
export interface CacheDraft {
  readonly name: string;
  readonly position: Position;
  totalMegabytes: number;
  maxObjectBytes: number;
  maxAgeSeconds: number;
  processVary: boolean;
  maxSecondaryEntries: number;
}

const MAX = 0x7fffffff;
const MEGABYTE = 1024 * 1024;
/** What is counted in bytes has 32 bits in HAProxy. */
const MOST_MEGABYTES = 4095;

export function createCacheDraft(name: string, position: Position): CacheDraft {
  return {
    name,
    position,
    totalMegabytes: 0,
    maxObjectBytes: 0,
    maxAgeSeconds: 60,
    processVary: false,
    maxSecondaryEntries: 10,
  };
}

function row(
  name: string,
  shape: Shape,
  summary: string,
  set: (draft: CacheDraft, value: string | number) => void,
): Keyword<CacheDraft> {
  return {
    name,
    sections: ['cache'],
    args: shape.args,
    arity: shape.arity,
    summary,
    parse: (draft, words, context) => {
      const value = shape.read(words, name, context);
      if (value !== undefined) set(draft, value);
    },
  };
}

export const CACHE_KEYWORDS: readonly Keyword<CacheDraft>[] = [
  row('total-max-size', integer(1, MOST_MEGABYTES), 'megabytes of the cache', (draft, value) => {
    draft.totalMegabytes = Number(value);
  }),
  row('max-object-size', integer(1, MAX), 'largest object in bytes', (draft, value) => {
    draft.maxObjectBytes = Number(value);
  }),
  row('max-age', time('s'), 'longest life of an object, in seconds', (draft, value) => {
    draft.maxAgeSeconds = Math.floor(Number(value) / 1000);
  }),
  row('process-vary', oneWordOf('on', 'off'), 'honours Vary', (draft, value) => {
    draft.processVary = value === 'on';
  }),
  row('max-secondary-entries', integer(1, MAX), 'variants of an object', (draft, value) => {
    draft.maxSecondaryEntries = Number(value);
  }),
];

/** At the end of the section. */
export function checkCache(draft: CacheDraft, context: ParserContext): void {
  const { name, position, totalMegabytes, maxObjectBytes } = draft;
  const half = (totalMegabytes * MEGABYTE) / 2;
  if (totalMegabytes === 0) context.alert(position, `Size not specified for cache '${name}'`);
  else if (maxObjectBytes > half)
    context.alert(position, `"max-object-size" is limited to an half of "total-max-size" => ${half}`);
}

export function finishCache(draft: CacheDraft): CacheSettings {
  const { name, position, maxAgeSeconds, processVary, maxSecondaryEntries } = draft;
  const totalBytes = draft.totalMegabytes * MEGABYTE;
  const maxObjectBytes = draft.maxObjectBytes === 0 ? totalBytes / 256 : draft.maxObjectBytes;
  return { name, position, totalBytes, maxObjectBytes, maxAgeSeconds, processVary, maxSecondaryEntries };
}
