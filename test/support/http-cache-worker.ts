/**
 * A data thread of the cache tests: reads and stores responses in turn, each of which looks as its name says, and
 * tells how many it found and how many were not what they should be. `holds`: then it keeps some and fills one.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { HttpCaches } from '../../src/state/http-cache/http-caches.ts';
import type { HttpCache, SharedCache } from '../../src/state/http-cache/http-cache.ts';
import { bodyOf, find, readBody, store, STORED, type TestCache } from './http-cache.ts';
import { randomNumbers } from './random-numbers.ts';

export interface CachingJob {
  readonly shared: readonly SharedCache[];
  readonly thread: number;
  readonly rounds: number;
  readonly names: number;
  readonly holds: boolean;
}

export interface CachingResult {
  readonly found: number;
  readonly stored: number;
  readonly wrong: number;
}

const job = workerData as CachingJob;
const all = HttpCaches.attach(job.shared, job.thread);
const mine: TestCache = { all, cache: all.find('c') as HttpCache, key: all.createKey() };
const below = randomNumbers(job.thread);
const result = { found: 0, stored: 0, wrong: 0 };

/** Its length is told by its name; its version is what it begins with. */
function lengthOf(name: number): number {
  return 4 + ((name * 397) % 9000);
}

function body(name: number, version: number): Buffer {
  const bytes = bodyOf(name * 1000 + version, lengthOf(name));
  bytes.writeUInt32LE(version);
  return bytes;
}

for (let round = 0; round < job.rounds; round++) {
  const name = below(job.names);
  const reader = below(4) === 0 ? undefined : find(mine, `/${name}`);
  if (reader === undefined) {
    if (store(mine, `/${name}`, body(name, below(1000)))) result.stored++;
    continue;
  }
  const read = readBody(reader, 1 + below(3000));
  reader.release();
  result.found++;
  if (!read.equals(body(name, read.readUInt32LE()))) result.wrong++;
}
if (job.holds) {
  store(mine, '/held', body(1, 1));
  find(mine, '/held');
  find(mine, '/held');
  mine.key.load('host', '/begun');
  mine.cache.begin(mine.key, STORED, 0);
}
parentPort?.postMessage(result satisfies CachingResult);
parentPort?.on('message', () => undefined);
