/** How many data threads a configuration gets on this machine (manual, `nbthread`, `thread-hard-limit`, `cpu-set`). */
import type { Config } from '../../model/config.ts';
import type { Global } from '../../model/global.ts';
import type { Notice } from '../../model/notice.ts';
import { allowedProcessors, givenProcessors } from '../process/processor-map.ts';

/**
 * `nbthread`, else as many as there are processors, but one where scripts of `lua-load` rely on sharing what they keep;
 * `thread-hard-limit` wins over both.
 */
export function threadCount({ global }: Config, notice: Notice): number {
  const line = global.otherLines.findLast(([word]) => word?.text === 'thread-hard-limit');
  const most = line === undefined ? Infinity : Number(line[1]?.text);
  const wanted = global.nbthread ?? defaultCount(global, notice);
  if (global.nbthread !== undefined && wanted > most)
    notice(
      'warning',
      `nbthread ${wanted} is more than thread-hard-limit ${most}: ${most} threads are started.`,
    );
  return Math.min(wanted, most);
}

/** Each thread runs a copy of a script: what one keeps in a variable another one would not find. */
function defaultCount(global: Global, notice: Notice): number {
  const processors = Math.max(1, allowedProcessors(global.otherLines, givenProcessors()).length);
  if (processors === 1 || !global.luaLines.some(({ kind }) => kind === 'load')) return processors;
  notice(
    'notice',
    `scripts of 'lua-load' keep their variables in one thread, so one is started. For ${processors}, set nbthread, or use 'lua-load-per-thread' where threads need not share them.`,
  );
  return 1;
}
