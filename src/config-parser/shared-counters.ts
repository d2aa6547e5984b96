/** `shm-stats-file` and `shm-stats-file-max-objects` (manual, section 3.1), and that what is to be kept fits. */
import type { Global } from '../model/global.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Word } from '../model/word.ts';
import type { ParserContext } from './parser-context.ts';

const PATH = 'shm-stats-file';
const MAX_OBJECTS = 'shm-stats-file-max-objects';
const USUAL_MAX_OBJECTS = 2048;

interface SharedCounters {
  /** Undefined: counters are not shared. */
  readonly path: string | undefined;
  readonly maxObjects: number;
}

export function sharedCountersOf(global: Global): SharedCounters {
  const most = wordOf(global, MAX_OBJECTS)?.text;
  return {
    path: wordOf(global, PATH)?.text,
    maxObjects: most === undefined ? USUAL_MAX_OBJECTS : Number(most),
  };
}

function wordOf({ otherLines }: Global, keyword: string): Word | undefined {
  return otherLines.findLast(([word]) => word?.text === keyword)?.[1];
}

export function checkSharedCounters(global: Global, proxies: readonly Proxy[], context: ParserContext): void {
  const path = wordOf(global, PATH);
  if (path === undefined) return;
  const { maxObjects } = sharedCountersOf(global);
  const objects = proxies
    .filter(({ disabled }) => !disabled)
    .reduce((sum, proxy) => sum + objectsOf(proxy), 0);
  if (objects <= maxObjects) return;
  const at = wordOf(global, MAX_OBJECTS) ?? path;
  const why = `the configuration has ${objects} objects with a guid, '${MAX_OBJECTS}' allows ${maxObjects}`;
  context.alert(at, `'${PATH}' : ${why}.`);
}

/** Frontends, listeners with counters of their own, servers and backends that have a guid. */
function objectsOf({ kind, guid, options, binds, servers }: Proxy): number {
  const sides = guid === undefined ? 0 : kind === 'listen' ? 2 : 1;
  const listeners = options.flags.has('socket-stats')
    ? binds.filter(({ otherOptions }) => otherOptions.has('guid-prefix')).length
    : 0;
  return sides + listeners + servers.filter(server => server.guid !== undefined).length;
}
