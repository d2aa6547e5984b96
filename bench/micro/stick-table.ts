/**
 * What stick tables cost: tracking one key, as a request with `http-request track-sc0 src` does (one lookup, one request
 * counted, and the release), reading a rate, and the same with a second thread at the same table.
 *
 *   npm run -s build && node dist/bench/micro/stick-table.js
 */
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { IpAddress } from '../../src/base/ip-address.ts';
import { reading, runForEntry } from '../../src/acl/tracking/operations.ts';
import { StickTables, type SharedStickTable } from '../../src/state/stick-table/stick-tables.ts';
import type { StickTable } from '../../src/state/stick-table/stick-table.ts';
import { TrackedCounters } from '../../src/state/stick-table/tracked-counters.ts';
import { tableSettings } from '../../test/support/stick-table.ts';
import { measure } from './measure.ts';

const KEYS = 50_000;
const STORES = 'conn_cur,http_req_cnt,http_req_rate(10s)';

const addresses = Array.from({ length: KEYS }, (_, index) => IpAddress.v4(0x0a000000 + index * 7));

function trackAndRelease(table: StickTable, counters: TrackedCounters): (round: number) => void {
  return round => {
    table.key.loadIpv4(addresses[round % KEYS] as IpAddress);
    counters.track(0, table, 'request');
    counters.release();
  };
}

async function main(): Promise<void> {
  const tables = StickTables.create([tableSettings('t', STORES, { size: 100_000, expireMs: 60_000 })], 2);
  const now = tables.clock();
  // a data thread knows the time anyway
  tables.clock = () => now;
  const table = tables.find('t') as StickTable;
  const counters = new TrackedCounters();
  measure('track one of 50,000 addresses, count a request, release', trackAndRelease(table, counters));
  table.key.loadIpv4(addresses[0] as IpAddress);
  const entry = table.track(undefined, table.now);
  const rate = reading(['http_req_rate', 0]);
  measure('sc_http_req_rate(0)', () => void runForEntry(rate, table, entry));
  const text = StickTables.create(
    [tableSettings('s', STORES, { keyType: 'string', keyLength: 64, size: 1000 })],
    1,
  );
  text.clock = () => now;
  const strings = text.find('s') as StickTable;
  measure('track a text of 40 characters, count a request, release', () => {
    strings.key.loadText('/some/path/that/is/about/forty/characters');
    counters.track(0, strings, 'request');
    counters.release();
  });
  const worker = new Worker(new URL(import.meta.url), { workerData: tables.shared });
  await once(worker, 'message');
  measure('as the first, while another thread does the same', trackAndRelease(table, counters));
  await worker.terminate();
}

function contend(shared: readonly SharedStickTable[]): void {
  const table = StickTables.attach(shared, 1).find('t') as StickTable;
  const run = trackAndRelease(table, new TrackedCounters());
  let round = 0;
  const piece = (): void => {
    for (const end = round + 10_000; round < end; round++) run(round);
    setImmediate(piece);
  };
  piece();
  parentPort?.postMessage('running');
}

if (isMainThread) await main();
else contend(workerData as readonly SharedStickTable[]);
