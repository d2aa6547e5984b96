/**
 * Which caches a proxy uses, by its rules and its `filter cache` lines (manual, sections 6.2.2 and 9.4). A response is
 * always stored before it is compressed; configurations that ask for another order are refused, as HAProxy does.
 */
import type { CacheSettings } from '../model/http-cache.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Word } from '../model/word.ts';
import { didYouMean } from './nearest.ts';
import type { ParserContext } from './parser-context.ts';

const COMPRESSION: ReadonlySet<string> = new Set(['compression', 'comp-req', 'comp-res']);

/** Where a cache is named first, and whether a filter line does so. */
interface CacheUse {
  readonly name: Word;
  readonly filter: readonly Word[] | undefined;
}

export function checkCaches(proxy: Proxy, caches: readonly CacheSettings[], context: ParserContext): void {
  const title = `${proxy.kind === 'listen' ? 'proxy' : proxy.kind} '${proxy.name}'`;
  refuseRepetition(proxy, context);
  for (const use of usedCaches(proxy)) {
    const { name } = use;
    const wrong = caches.some(cache => cache.name === name.text)
      ? wrongOrder(proxy, use)
      : `unable to find the cache '${name.text}' referenced by the filter 'cache'.`;
    if (wrong === undefined) continue;
    const hint = didYouMean(
      name.text,
      caches.map(cache => cache.name),
    );
    context.alert(name, `${title}: ${wrong}`, wrong.startsWith('unable to find') ? hint : undefined);
  }
}

function refuseRepetition({ name, filters }: Proxy, context: ParserContext): void {
  const said = new Set<string>();
  for (const [kind, cache] of filters) {
    if (kind?.text !== 'cache' || cache === undefined) continue;
    if (said.has(cache.text))
      context.alert(cache, `${name}: multiple explicit declarations of the cache filter '${cache.text}'`);
    said.add(cache.text);
  }
}

/** In the order of their names' first use; filter lines count wherever they stand. */
function usedCaches({ filters, rules }: Proxy): readonly CacheUse[] {
  const uses = new Map<string, CacheUse>();
  for (const filter of filters) {
    const [kind, name] = filter;
    if (kind?.text === 'cache' && name !== undefined) uses.set(name.text, { name, filter });
  }
  for (const { action, args } of rules) {
    const [name] = args;
    if ((action !== 'cache-use' && action !== 'cache-store') || name === undefined) continue;
    if (!uses.has(name.text)) uses.set(name.text, { name, filter: undefined });
  }
  return [...uses.values()];
}

/** What is wrong with the filters beside it. */
function wrongOrder({ filters }: Proxy, { name, filter }: CacheUse): string | undefined {
  const isAhead = (other: readonly Word[]): boolean =>
    filter === undefined ? isEarlier(other, name) : filters.indexOf(other) < filters.indexOf(filter);
  if (filters.some(other => COMPRESSION.has(other[0]?.text ?? '') && isAhead(other)))
    return `unable to enable the compression filter before the cache '${name.text}'.`;
  const needsLine = filters.some(
    ([kind]) => !COMPRESSION.has(kind?.text ?? '') && !IMPLIED.has(kind?.text ?? ''),
  );
  if (filter === undefined && needsLine)
    return `require an explicit filter declaration to use the cache '${name.text}'.`;
  return undefined;
}

/** Beside these a cache needs no line of its own. */
const IMPLIED: ReadonlySet<string> = new Set(['cache', 'fcgi-app']);

function isEarlier([one]: readonly Word[], { position }: Word): boolean {
  return one !== undefined && one.position.file === position.file && one.position.line < position.line;
}
