/** http-request normalize-uri (manual, section 4.4). */
import { pathAndQuery } from '../../acl/fetches/header-text.ts';
import type { ActionDefinition } from '../action-definition.ts';
import type { Action } from '../context.ts';
import { withPath, withPathAndQuery, withQuery } from '../request-target.ts';
import type { RuleLine } from '../rule-line.ts';
import {
  fragmentEncode,
  fragmentStrip,
  mergeSlashes,
  percentDecodeUnreserved,
  percentToUppercase,
  sortQuery,
  stripDot,
  stripDotDot,
} from '../uri-normalizers.ts';
import { BAD_MESSAGE, CONTINUE } from '../verdict.ts';

/** Works on the path, on path and query, or on the query with its question mark. */
interface Normalizer {
  readonly part: 'path' | 'pathq' | 'query';
  /** The word that may follow: `full` or `strict`. */
  readonly option?: string;
  readonly normalize: (text: string, option: boolean) => string | undefined;
}

const NORMALIZERS: ReadonlyMap<string, Normalizer> = new Map<string, Normalizer>([
  ['fragment-encode', { part: 'pathq', normalize: fragmentEncode }],
  ['fragment-strip', { part: 'pathq', normalize: fragmentStrip }],
  ['path-merge-slashes', { part: 'path', normalize: mergeSlashes }],
  ['path-strip-dot', { part: 'path', normalize: stripDot }],
  ['path-strip-dotdot', { part: 'path', option: 'full', normalize: stripDotDot }],
  ['percent-decode-unreserved', { part: 'pathq', option: 'strict', normalize: percentDecodeUnreserved }],
  ['percent-to-uppercase', { part: 'pathq', option: 'strict', normalize: percentToUppercase }],
  ['query-sort-by-name', { part: 'query', normalize: sortQuery }],
]);

/** The target with that part normalized; undefined when it is not valid. */
function normalizeTarget(
  target: string,
  { part, normalize }: Normalizer,
  option: boolean,
): string | undefined {
  const pathq = pathAndQuery(target);
  if (pathq === undefined) return target;
  const mark = pathq.indexOf('?');
  if (part === 'query')
    return mark < 0 ? target : withQuery(target, (normalize(pathq.slice(mark), option) ?? '?').slice(1));
  const text = part === 'path' && mark >= 0 ? pathq.slice(0, mark) : pathq;
  const normalized = normalize(text, option);
  if (normalized === undefined) return undefined;
  return part === 'path' ? withPath(target, normalized) : withPathAndQuery(target, normalized);
}

function compileNormalizeUri(line: RuleLine): Action | undefined {
  const name = line.take()?.text;
  if (name === undefined) return line.error('missing argument <normalizer>');
  const normalizer = NORMALIZERS.get(name);
  if (normalizer === undefined) return line.error(`unknown normalizer '${name}'`);
  const option = normalizer.option !== undefined && line.accept(normalizer.option);
  if (!option && normalizer.option !== undefined && line.left > 0)
    return line.error(`unknown argument '${line.next}' for '${name}' normalizer`);
  return ctx => {
    const head = ctx.request;
    if (head === undefined) return CONTINUE;
    const target = normalizeTarget(head.target, normalizer, option);
    if (target === undefined) return BAD_MESSAGE;
    if (target !== head.target) head.target = target;
    return CONTINUE;
  };
}

export const NORMALIZE_ACTIONS: readonly ActionDefinition[] = [
  {
    name: 'normalize-uri',
    rulesets: ['http-request'],
    args: '<normalizer>',
    experimental: true,
    compile: compileNormalizeUri,
  },
];
