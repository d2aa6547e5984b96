/**
 * What HAProxy tells about its inner machinery, told about this runtime's: threads, memory, descriptors, libraries.
 * Where there is no counterpart (task scheduler) the answer says so, or shows an empty list.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import type { ThreadNumbers } from '../runtime.ts';
import { DESCRIPTOR_COMMAND } from './descriptors.ts';
import { POOLS_COMMAND } from './pools.ts';
import { PROFILING_COMMANDS } from './profiling.ts';
import { wholeInteger } from '../units.ts';

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const ACTIVITY: readonly (readonly [string, (thread: ThreadNumbers) => number])[] = [
  ['accepted', thread => thread.accepted],
  ['streams', thread => thread.streams],
  ['cpu_ms', thread => thread.busyMs],
  ['heap_bytes', thread => thread.usedBytes],
  ['dropped_logs', thread => thread.droppedLogs],
];

/** `show activity [-1|0|<thread>]`: 0 sums alone, a number that thread alone. */
async function showActivity({ args, runtime }: Call): Promise<Answer> {
  const threads = await runtime.threadNumbers();
  const wanted = wholeInteger(args.at(2)) ?? -1;
  if (wanted < -1 || wanted > threads.length) return fail('Thread ID number must be between -1 and nbthread');
  const lines = [`thread_id: 0 (0..${threads.length})\n`, `date_now: ${(Date.now() / 1000).toFixed(6)}\n`];
  for (const [name, read] of ACTIVITY) {
    const values = threads.map(read);
    const total = sum(values);
    if (wanted > 0) lines.push(`${name}: ${values[wanted - 1] ?? 0}\n`);
    else lines.push(wanted === 0 ? `${name}: ${total}\n` : `${name}: ${total} [ ${values.join(' ')} ]\n`);
  }
  return dump(lines);
}

async function showThreads({ runtime }: Call): Promise<Answer> {
  const threads = await runtime.threadNumbers();
  const lines = threads.map(
    ({ thread, busyMs, streams, usedBytes }) =>
      `  Thread ${thread} : id=${thread} act=${streams > 0 ? 1 : 0} streams=${streams}\n` +
      `      cpu_ns: now=${busyMs * 1_000_000}\n` +
      `      heap_bytes: ${usedBytes}\n`,
  );
  return dump(lines);
}

async function showTasks({ runtime }: Call): Promise<Answer> {
  const threads = await runtime.threadNumbers();
  return dump([
    `Running tasks: 0 (${threads.length} threads)\n`,
    '  function                     places     %    lat_tot   lat_avg\n',
  ]);
}

function debugLog({ args, runtime }: Call): Answer {
  runtime.logGlobally(args.from(3).join(' '));
  return undefined;
}

const MAPS = '/proc/self/maps';

/** Files that the process has mapped for execution; a file mapped in two places has two lines. */
function showLibraries(): Answer {
  const seen: { readonly path: string; readonly start: bigint; end: bigint }[] = [];
  if (!existsSync(MAPS)) return fail(`Not possible inside a chroot: there is no ${MAPS}.`);
  for (const line of readFileSync(MAPS, 'latin1').split('\n')) {
    const [, from, to, path] = /^([0-9a-f]+)-([0-9a-f]+) ..x. .* (\/.*)$/.exec(line) ?? [];
    if (from === undefined || to === undefined || path === undefined) continue;
    const [start, end] = [BigInt(`0x${from}`), BigInt(`0x${to}`)];
    const last = seen.at(-1);
    if (last?.path === path && last.end === start) last.end = end;
    else seen.push({ path, start, end });
  }
  const hex = (value: bigint, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;
  return dump(
    seen.map(
      ({ path, start, end }) => `${hex(start, 12)}-${hex(end, 12)} (${hex(end - start, 7)}) ${path}\n`,
    ),
  );
}

function showDeveloperFacts({ runtime }: Call): Answer {
  const { versions, arch, platform, pid, execArgv } = process;
  return dump([
    'Platform info\n',
    `  machine arch: ${arch}\n`,
    `  os: ${platform}\n`,
    `  node: ${versions.node}\n`,
    `  v8: ${versions.v8}\n`,
    `  openssl: ${versions.openssl}\n`,
    'Process info\n',
    `  pid: ${pid}\n`,
    `  node options: ${execArgv.join(' ')}\n`,
    `  engine: ${runtime.stats.process.engine}\n`,
    `  data threads: ${runtime.state.plan.threads}\n`,
  ]);
}

export const INTERNAL_COMMANDS: readonly Command[] = [
  {
    words: 'debug dev log',
    args: '[msg]*',
    summary: 'sends this text to the global log targets',
    level: 'admin',
    mode: 'expert',
    run: debugLog,
  },
  {
    words: 'show activity',
    args: '[-1|0|thread_num]',
    summary: 'work of each thread',
    level: 'operator',
    run: showActivity,
  },
  POOLS_COMMAND,
  { words: 'show threads', summary: 'threads and their load', level: 'user', run: showThreads },
  { words: 'show tasks', summary: 'tasks that are due', level: 'user', run: showTasks },
  DESCRIPTOR_COMMAND,
  { words: 'show libs', summary: 'mapped programs and libraries', level: 'operator', run: showLibraries },
  ...PROFILING_COMMANDS,
  { words: 'show dev', summary: 'facts for bug reports', level: 'user', run: showDeveloperFacts },
];
