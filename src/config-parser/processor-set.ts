/** Sets of threads and processors as `cpu-map` and `cpu-set` write them (manual, section 3.1). */

const MOST_THREADS = 64;
/** As many as `nbthread` may be. */
const MOST_LISTENING = 1024;

interface ThreadTarget {
  readonly group: number;
  readonly threads: readonly number[];
  /** `auto:`: each thread has one processor of its own. */
  readonly spread: boolean;
}

/** `[auto:]<group>[/<threads>]`; `all`, and a range that begins with 1, mean the one group there is. */
export function readThreadTarget(text: string): ThreadTarget {
  const spread = text.startsWith('auto:');
  const [group = '', threads = 'all'] = text.slice(spread ? 5 : 0).split('/');
  const groups = readRange(group, 1, MOST_THREADS);
  return { group: groups.includes(1) ? 1 : 0, threads: readRange(threads, 1, MOST_THREADS), spread };
}

/** `all`, `odd`, `even`, `3`, `1-4`, `2-`. */
function readRange(text: string, first: number, last: number): number[] {
  const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  if (text === 'all') return all;
  if (text === 'odd') return all.filter(number => number % 2 === 1);
  if (text === 'even') return all.filter(number => number % 2 === 0);
  const [from = '', to] = text.split('-');
  const end = to === undefined ? Number(from) : to === '' ? last : Number(to);
  return all.filter(number => number >= Number(from) && number <= end);
}

/**
 * `[<group>/]<set>[,...]` of `bind ... thread`: the threads, ascending; undefined when it is none. All threads are of the
 * first group.
 */
export function readThreadSet(text: string): readonly number[] | undefined {
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(?:(\d+)\/)?(all|odd|even|[1-9]\d*(?:-\d*)?)$/.exec(part);
    if (match === null) return undefined;
    const [, group = '1', range = ''] = match;
    if (group === '1') for (const number of readRange(range, 1, MOST_LISTENING)) found.add(number);
  }
  return [...found].toSorted((a, b) => a - b);
}

const MOST_CPUS = 1024;

/** In ascending order, however they are written. */
export function readCpus(sets: readonly string[]): readonly number[] {
  const numbers = sets.flatMap(set => set.split(',')).flatMap(range => readRange(range, 0, MOST_CPUS - 1));
  return [...new Set(numbers)].toSorted((a, b) => a - b);
}

/** `auto:` gives each thread a processor of its own, so there are as many. */
export function isSpreadEvenly(target: string, sets: readonly string[]): boolean {
  const { spread, threads } = readThreadTarget(target);
  return !spread || !/\d+-\d+$|\/\d+$/.test(target) || threads.length === readCpus(sets).length;
}
