/** A data thread of the stick table tests: tracks keys in turn and counts for them, then says that it is done. */
import { parentPort, workerData } from 'node:worker_threads';
import { IpAddress } from '../../src/base/ip-address.ts';
import type { StoredAt } from '../../src/state/stick-table/layout.ts';
import type { StickTable } from '../../src/state/stick-table/stick-table.ts';
import { StickTables, type SharedStickTable } from '../../src/state/stick-table/stick-tables.ts';

export interface TrackingJob {
  readonly shared: readonly SharedStickTable[];
  readonly thread: number;
  readonly rounds: number;
  readonly keys: number;
  /** Keys tracked for good, in turn. */
  readonly keeps: number;
}

const job = workerData as TrackingJob;
const table = StickTables.attach(job.shared, job.thread).find('t') as StickTable;
const addresses = Array.from({ length: job.keys }, (_, key) => IpAddress.v4(key));

function track(round: number): number {
  table.key.loadIpv4(addresses[round % job.keys] as IpAddress);
  return table.track(undefined, table.now);
}

for (let round = 0; round < job.rounds; round++) {
  const entry = track(round);
  table.countTracked(entry, 'request', 1, table.now);
  table.enterEntry();
  table.add(entry, table.place('gpc0') as StoredAt, 0, 1);
  table.leave();
  table.untrack(entry, table.now);
}
for (let round = 0; round < job.keeps; round++) track(round);
parentPort?.postMessage('done');
parentPort?.on('message', () => undefined);
