/** How many data threads a configuration gets on this machine (manual, `nbthread`, `thread-hard-limit`, `cpu-set`). */
import type { Config } from '../model/config.ts';
import type { Notice } from '../model/notice.ts';
import { allowedProcessors, givenProcessors } from './processor-map.ts';

/** `nbthread`, else as many as there are processors; `thread-hard-limit` wins over both. */
export function threadCount({ global }: Config, notice: Notice): number {
  const line = global.otherLines.findLast(([word]) => word?.text === 'thread-hard-limit');
  const most = line === undefined ? Infinity : Number(line[1]?.text);
  const wanted =
    global.nbthread ?? Math.max(1, allowedProcessors(global.otherLines, givenProcessors()).length);
  if (global.nbthread !== undefined && wanted > most)
    notice(
      'warning',
      `nbthread ${wanted} is more than thread-hard-limit ${most}: ${most} threads are started.`,
    );
  return Math.min(wanted, most);
}
