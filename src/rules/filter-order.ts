/**
 * Which filters of a proxy run on the way of a request or of a response, and in which order (manual, section 4.2,
 * `filter-sequence`): as they are declared, or as the sequence of that way says, which leaves out what it does not name.
 */
import type { BandwidthLimit } from '../model/bandwidth-limit.ts';
import type { Compression, Proxy } from '../model/proxy.ts';
import type { Word } from '../model/word.ts';

export type FilterPath = 'request' | 'response';

type Filter = readonly Word[];

/** A name stands for all filters that are declared by it. */
export function filtersInOrder(
  { filters, filterSequence }: Pick<Proxy, 'filters' | 'filterSequence'>,
  path: FilterPath,
): readonly Filter[] {
  const sequence = filterSequence?.[path];
  if (sequence === undefined) return filters;
  const names = new Set(sequence.map(({ text }) => text));
  return [...names].flatMap(name => filters.filter(([kind]) => kind?.text === name));
}

/** A cache without a line of its own is never left out. */
export function leavesCacheOut(proxy: Pick<Proxy, 'filters' | 'filterSequence'>): boolean {
  const isCache = ([kind]: Filter): boolean => kind?.text === 'cache';
  return proxy.filters.some(isCache) && !filtersInOrder(proxy, 'response').some(isCache);
}

const COMPRESSION: Readonly<Record<FilterPath, readonly string[]>> = {
  request: ['compression', 'comp-req'],
  response: ['compression', 'comp-res'],
};

function compresses([kind]: Filter, path: FilterPath, direction: Compression['direction']): boolean {
  const name = kind?.text ?? '';
  if (!COMPRESSION[path].includes(name)) return false;
  return name !== 'compression' || direction === path || direction === 'both';
}

/** Does it compress there? Without a filter line, `compression direction` alone decides. */
export function compressesOn(proxy: Proxy, path: FilterPath): boolean {
  const { compression, filters } = proxy;
  if (compression === undefined) return false;
  const { direction } = compression;
  const names = [...COMPRESSION.request, ...COMPRESSION.response];
  if (!filters.some(([kind]) => names.includes(kind?.text ?? '')))
    return direction === path || direction === 'both';
  return filtersInOrder(proxy, path).some(filter => compresses(filter, path, direction));
}

interface PlacedLimit {
  readonly limit: BandwidthLimit;
  /** It counts bytes before they are compressed. */
  readonly ahead: boolean;
}

/** Bandwidth limits of the filters of these proxies (the frontend's first), in the order bytes pass them. */
export function limitsInOrder(proxies: readonly Proxy[], path: FilterPath): readonly PlacedLimit[] {
  const placed: PlacedLimit[] = [];
  const coderAt = proxies.findIndex(proxy => compressesOn(proxy, path));
  for (const [place, proxy] of proxies.entries()) {
    let ahead = coderAt < 0 ? false : place <= coderAt;
    for (const filter of filtersInOrder(proxy, path)) {
      if (place === coderAt && compresses(filter, path, proxy.compression?.direction ?? 'response'))
        ahead = false;
      const limit = limitOf(proxy, filter, path);
      if (limit !== undefined) placed.push({ limit, ahead });
    }
  }
  return placed;
}

function limitOf(proxy: Proxy, [kind, name]: Filter, path: FilterPath): BandwidthLimit | undefined {
  if (kind?.text !== (path === 'request' ? 'bwlim-in' : 'bwlim-out')) return undefined;
  return proxy.bandwidthLimits.find(limit => limit.name === name?.text);
}
