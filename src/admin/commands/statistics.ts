/** `show info`, `show stat` and their schema: what stats/ tells, by the options of the command. */
import { renderInfo } from '../../stats/render-info.ts';
import { JSON_SCHEMA } from '../../stats/json-schema.ts';
import { renderStatsFile } from '../../stats/stats-file.ts';
import { statPieces, type StatFormat } from '../../stats/render-stat.ts';
import type { RowFilter } from '../../stats/rows.ts';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import { allows } from '../level.ts';
import { leadingInteger } from '../units.ts';

async function showInfo({ args, runtime }: Call): Promise<Answer> {
  const options = args.from(2);
  await runtime.refreshNumbers();
  const format = options.findLast(word => word === 'typed' || word === 'json') ?? 'plain';
  const text = renderInfo(runtime.stats, {
    format,
    desc: options.includes('desc'),
    float: options.includes('float'),
  });
  return dump([text]);
}

/** `<iid|proxy> <type> <sid>`, when three words stand there. */
function selection(
  { args, runtime }: Call,
  first: number,
): Pick<RowFilter, 'iid' | 'types' | 'sid'> | undefined {
  if (args.at(first + 2) === '') return {};
  const name = args.at(first);
  const { proxies } = runtime.directory;
  const iid = proxies.find(proxy => proxy.name === name)?.id ?? leadingInteger(name.replace(/^#/, ''));
  if (iid === 0) return undefined;
  return { iid, types: leadingInteger(args.at(first + 1)), sid: leadingInteger(args.at(first + 2)) };
}

function showStat(call: Call): Answer {
  const { args, session, runtime } = call;
  const hasDomain = args.at(2) === 'domain';
  const domain = hasDomain ? args.at(3) : 'proxy';
  if (domain !== 'proxy' && domain !== 'resolvers') return fail('Invalid statistics domain.');
  const first = hasDomain ? 4 : 2;
  const selected = selection(call, first);
  if (selected === undefined) return fail('No such proxy.');
  const options = args.from('iid' in selected ? first + 3 : first);
  if (domain === 'resolvers') return dump([]);
  const filter: RowFilter = {
    ...selected,
    hideDown: options.includes('up'),
    hideMaintenance: options.includes('no-maint'),
    legends: allows(session.level, 'operator'),
  };
  return dump(statPieces(runtime.stats, filter, formatOf(options)));
}

function formatOf(options: readonly string[]): StatFormat {
  const format = options.findLast(word => word === 'typed' || word === 'json');
  if (format === undefined) return 'csv';
  if (format === 'json') return 'json';
  return options.includes('desc') ? 'typed desc' : 'typed';
}

export const STATISTICS_COMMANDS: readonly Command[] = [
  {
    words: 'show info',
    args: '[desc|json|typed|float]*',
    summary: 'what the process is and does',
    level: 'user',
    run: showInfo,
  },
  {
    words: 'show stat',
    args: '[desc|json|no-maint|typed|up]*',
    summary: 'statistics of proxies and servers',
    level: 'user',
    run: showStat,
  },
  {
    words: 'dump stats-file',
    args: '',
    summary: `counters as 'stats-file' takes them over`,
    level: 'user',
    run: ({ runtime }) => dump([renderStatsFile(runtime.stats)]),
  },
  {
    words: 'show schema json',
    summary: `schema of the JSON of 'show stat' and 'show info'`,
    level: 'user',
    run: () => dump([`${JSON_SCHEMA}\n`]),
  },
];
