/**
 * Counts what a run of code does instead of how long that takes: how often each block of this program's own code was
 * run, and how many entries were put into maps and sets, as copies do. Exact, on a busy machine too.
 */
import { Session } from 'node:inspector/promises';
import { mock } from 'node:test';

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

/** `folder`: part of the path of the built files that count. */
export async function countWork(folder: string, run: () => void): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    await session.post('Profiler.takePreciseCoverage');
    const entries = countEntries(run);
    return entries + blocksOf(await session.post('Profiler.takePreciseCoverage'), folder);
  } finally {
    session.disconnect();
  }
}

function blocksOf({ result }: Coverage, folder: string): number {
  return result
    .filter(({ url }) => url.includes(folder))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0);
}

/** Constructors that copy call these methods as well. */
function countEntries(run: () => void): number {
  const watched = [mock.method(Map.prototype, 'set'), mock.method(Set.prototype, 'add')];
  try {
    run();
    return watched.reduce((sum, method) => sum + method.mock.callCount(), 0);
  } finally {
    for (const method of watched) method.mock.restore();
  }
}
