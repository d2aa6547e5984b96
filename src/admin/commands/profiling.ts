/**
 * `set profiling` and `show profiling`: what the process spends its time and memory on, by the functions of this program
 * in place of HAProxy's tasks. Options and order are those of the manual of management.
 */
import type { ProfiledPlace, ThreadProfile } from '../../model/profiling.ts';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import type { Profiling } from '../runtime.ts';

const KINDS = ['all', 'status', 'tasks', 'memory'] as const;
const USAGE =
  "Expects either 'all', 'status', 'tasks', 'memory', 'byaddr', 'bytime', 'byctx', 'aggr' or a max number of output lines.";
/** Of the switch of tasks; locks and waits for memory are nothing that costs time here. */
const PARTS = new Set(['lock', 'no-lock', 'memory', 'no-memory']);

/** A line of an answer. */
interface Row {
  /** As `proxy/http-stream:finish`. */
  readonly where: string;
  readonly caller: string;
  /** Nanoseconds or bytes. */
  size: number;
  samples: number;
}

type Order = (one: Row, other: Row) => number;

interface Wanted {
  readonly kind: (typeof KINDS)[number];
  /** Undefined: the largest first. */
  readonly order: Order | undefined;
  /** A line for a function, whoever called it. */
  readonly summed: boolean;
  readonly most: number;
}

/** By the place itself, where it is not by size. */
const ORDERS: Readonly<Record<string, Order | undefined>> = {
  byaddr: (one, other) => one.where.localeCompare(other.where),
  byctx: (one, other) => one.caller.localeCompare(other.caller),
  bytime: undefined,
};

function isKind(word: string): word is Wanted['kind'] {
  return (KINDS as readonly string[]).includes(word);
}

/** Undefined: a word that is none. */
function readWords(words: readonly string[]): Wanted | undefined {
  let wanted: Wanted = { kind: 'all', order: undefined, summed: false, most: Infinity };
  for (const word of words) {
    if (isKind(word)) wanted = { ...wanted, kind: word };
    else if (word in ORDERS) wanted = { ...wanted, order: ORDERS[word] };
    else if (word === 'aggr') wanted = { ...wanted, summed: true };
    else if (/^\d+$/.test(word)) wanted = { ...wanted, most: Number(word) };
    else return undefined;
  }
  return wanted;
}

/** Three digits and a unit, as HAProxy writes times. */
function timeText(ns: number): string {
  for (const [unit, size] of [
    ['m', 60e9],
    ['s', 1e9],
    ['ms', 1e6],
    ['us', 1e3],
  ] as const)
    if (ns >= size) return `${(ns / size).toPrecision(4)}${unit}`;
  return `${ns.toFixed(1)}ns`;
}

/** Finds the row of a place: the same in all threads is one. */
class Rows {
  readonly #profiling: Profiling;
  readonly #wanted: Wanted;
  readonly #rows = new Map<string, Row>();

  constructor(profiling: Profiling, wanted: Wanted) {
    this.#profiling = profiling;
    this.#wanted = wanted;
  }

  add(place: ProfiledPlace, size: number, samples: number): void {
    const module = this.#profiling.moduleOf(place);
    const where = module === '' ? place.name : `${module}:${place.name}`;
    const caller = this.#wanted.summed ? '' : place.caller;
    const key = `${where}\0${caller}`;
    const row = this.#rows.get(key) ?? { where, caller, size: 0, samples: 0 };
    row.size += size;
    row.samples += samples;
    this.#rows.set(key, row);
  }

  /** In the order wanted: by size where no other is. */
  shown(): readonly Row[] {
    const { order, most } = this.#wanted;
    const rows = [...this.#rows.values()];
    return rows.toSorted(order ?? ((one, other) => other.size - one.size)).slice(0, most);
  }
}

function lineOf(figures: readonly string[], { where, caller }: Row): string {
  const text = caller === '' ? where : `${where} <- ${caller}`;
  return `  ${figures.map(figure => figure.padStart(9)).join(' ')}  ${text}\n`;
}

function* statusLines({ settings }: Profiling, threads: readonly ThreadProfile[]): Iterable<string> {
  const isRunning = threads.some(({ running }) => running);
  const tasks = settings.tasks === 'auto' ? `auto-${isRunning ? 'on' : 'off'}` : settings.tasks;
  yield `Per-task CPU profiling              : ${tasks.padEnd(8)}      # set profiling tasks {on|auto|off}\n`;
  const memory = settings.memory ? 'on' : 'off';
  yield `Memory usage profiling              : ${memory.padEnd(8)}      # set profiling memory {on|off}\n`;
}

function* taskLines(rows: Rows, threads: readonly ThreadProfile[]): Iterable<string> {
  let total = 0;
  for (const place of threads.flatMap(({ times }) => times)) {
    rows.add(place, place.ns, place.samples);
    total += place.ns;
  }
  const seconds = Math.max(0, ...threads.map(({ spanMs }) => spanMs)) / 1000;
  yield `Tasks activity over ${seconds.toFixed(3)} sec: ${timeText(total)} of processor time, looked at each millisecond.\n`;
  yield '    samples   cpu_tot     cpu_%  function <- caller\n';
  for (const row of rows.shown())
    yield lineOf([`${row.samples}`, timeText(row.size), ((100 * row.size) / total).toFixed(2)], row);
}

function* memoryLines(rows: Rows, threads: readonly ThreadProfile[]): Iterable<string> {
  for (const place of threads.flatMap(({ memory }) => memory)) rows.add(place, place.bytes, 1);
  yield 'Memory in use of what was made since this profiling began, looked at each 32 kB.\n';
  yield '      bytes  function <- caller\n';
  for (const row of rows.shown()) yield lineOf([`${row.size}`], row);
}

async function show({ args, runtime }: Call): Promise<Answer> {
  const wanted = readWords(args.from(2));
  if (wanted === undefined) return fail(USAGE);
  const { kind } = wanted;
  const { profiling } = runtime;
  const threads = await profiling.report();
  const { tasks, memory } = profiling.settings;
  const pieces: string[] = [];
  if (kind === 'all' || kind === 'status') pieces.push(...statusLines(profiling, threads));
  const hasTimes = tasks !== 'off' || threads.some(({ times }) => times.length > 0);
  if (kind === 'tasks' || (kind === 'all' && hasTimes))
    pieces.push(...taskLines(new Rows(profiling, wanted), threads));
  if (kind === 'memory' || (kind === 'all' && memory))
    pieces.push(...memoryLines(new Rows(profiling, wanted), threads));
  return dump(pieces);
}

async function set({ args, runtime }: Call): Promise<Answer> {
  const { profiling } = runtime;
  const [what, ...words] = args.from(2);
  if (what === 'memory') {
    const [word] = words;
    if (word !== 'on' && word !== 'off') return fail("Expects either 'on' or 'off'.");
    await profiling.change({ ...profiling.settings, memory: word === 'on' });
    return undefined;
  }
  if (what !== 'tasks') return fail("Expects either 'tasks' or 'memory'.");
  let { tasks } = profiling.settings;
  for (const word of words)
    if (word === 'on' || word === 'off' || word === 'auto') tasks = word;
    else if (!PARTS.has(word))
      return fail("Expects 'on', 'auto', 'off', or 'lock', 'no-lock', 'memory', 'no-memory'.");
  if (words.length === 0) return fail("Expects 'on', 'auto', or 'off'.");
  await profiling.change({ ...profiling.settings, tasks });
  return undefined;
}

export const PROFILING_COMMANDS: readonly Command[] = [
  {
    words: 'show profiling',
    args: '[<what>|<#lines>|<opts>]*',
    summary: 'what takes processor time and memory',
    level: 'admin',
    run: show,
  },
  {
    words: 'set profiling',
    args: '<what> {auto|on|off}',
    summary: 'switches the measuring of time and memory',
    level: 'admin',
    run: set,
  },
];
