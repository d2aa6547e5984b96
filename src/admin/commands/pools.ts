/**
 * `show pools`: the memory of the process. It has no pools of its own: heaps of its threads, buffers and the memory that
 * threads share stand in their place. Sorted, chosen and counted as the management manual says.
 */
import { getHeapStatistics } from 'node:v8';
import { residentBytes } from '../../base/resident-memory.ts';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import type { AdminRuntime } from '../runtime.ts';

interface Pool {
  readonly name: string;
  readonly allocated: number;
  readonly used: number;
}

const ORDERS: Readonly<Record<string, (a: Pool, b: Pool) => number>> = {
  byname: (a, b) => a.name.localeCompare(b.name),
  bysize: (a, b) => b.allocated - a.allocated,
  byusage: (a, b) => b.used - a.used,
};

const USAGE =
  "Expects either 'byname', 'bysize', 'byusage', 'match <pfx>', 'detailed', or a max number of output lines.";

interface Wanted {
  readonly order: ((a: Pool, b: Pool) => number) | undefined;
  readonly prefix: string;
  readonly most: number;
}

function readWords(words: readonly string[]): Wanted | undefined {
  let wanted: Wanted = { order: undefined, prefix: '', most: Infinity };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const order = ORDERS[word];
    if (order !== undefined) wanted = { ...wanted, order };
    else if (word === 'match' && words[at + 1] !== undefined)
      wanted = { ...wanted, prefix: words[++at] as string };
    else if (/^\d/.test(word)) wanted = { ...wanted, most: Number.parseInt(word, 10) || Infinity };
    else if (word !== 'detailed') return undefined;
  }
  return wanted;
}

async function poolsOf(runtime: AdminRuntime): Promise<readonly Pool[]> {
  const threads = await runtime.threadNumbers();
  const heap = getHeapStatistics();
  const external = heap.external_memory;
  const shared = runtime.state.buffer.byteLength;
  return [
    { name: 'control_heap', allocated: heap.total_heap_size, used: heap.used_heap_size },
    ...threads.map(({ thread, heapBytes, usedBytes }) => ({
      name: `thread${thread}_heap`,
      allocated: heapBytes,
      used: usedBytes,
    })),
    { name: 'buffers', allocated: external, used: external },
    { name: 'shared_state', allocated: shared, used: shared },
  ];
}

async function showPools({ args, runtime }: Call): Promise<Answer> {
  const wanted = readWords(args.from(2));
  if (wanted === undefined) return fail(USAGE);
  const { order, prefix, most } = wanted;
  const pools = (await poolsOf(runtime)).filter(({ name }) => name.startsWith(prefix));
  const shown = (order === undefined ? pools : pools.toSorted(order)).slice(0, most);
  const lines = shown.map(
    ({ name, allocated, used }) =>
      `  - Pool ${name} : ${allocated} bytes allocated, ${used} used, 0 failures\n`,
  );
  const total = (read: (pool: Pool) => number): number => shown.reduce((sum, pool) => sum + read(pool), 0);
  // of the whole process there is more than its pools: code, stacks
  const allocated = prefix === '' && most === Infinity ? residentBytes() : total(pool => pool.allocated);
  return dump([
    'Dumping pools usage. The process has no pools of its own: these are its heaps and shared memory.\n',
    ...lines,
    `Total: ${shown.length} pools, ${allocated} bytes allocated, ${total(pool => pool.used)} used.\n`,
  ]);
}

export const POOLS_COMMAND: Command = {
  words: 'show pools',
  args: '[by*] [match <pfx>] [nb]',
  summary: 'memory in use',
  level: 'user',
  run: showPools,
};
