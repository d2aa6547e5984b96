/**
 * A data thread of the queue tests: serves `jobs` requests, several at a time, each holding a place on the server
 * for a moment, and notes in a shared array how many places were taken at once. Messages go through the parent.
 *
 *   seen[0] taken now · seen[1] most taken at once
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { StatePlan } from '../../src/state/plan.ts';
import { SharedState } from '../../src/state/shared-state.ts';

export interface QueueJob {
  readonly buffer: SharedArrayBuffer;
  readonly plan: StatePlan;
  readonly thread: number;
  readonly seen: SharedArrayBuffer;
  readonly jobs: number;
  readonly atOnce: number;
  /** Wait for any server of the backend instead of server 0. */
  readonly anyServer: boolean;
  /** Keep every place that was got, for ever. */
  readonly keeps: boolean;
}

const job = workerData as QueueJob;
const state = SharedState.attach(job.buffer, job.plan, job.thread);
const { queues, servers, limits } = state;
const seen = new Int32Array(job.seen);
let left = job.jobs;
let finished = 0;

queues.notify = (thread, server, queue) => parentPort?.postMessage({ kind: 'grant', thread, server, queue });
parentPort?.on('message', ({ server, queue }: { server: number; queue: number }) =>
  queues.onGrant(server, queue),
);

function startOne(): void {
  if (left === 0) return;
  left--;
  limits.enter(limits.backend(0));
  if (!job.anyServer && queues.tryTake(0)) serve(0);
  else if (job.anyServer) queues.waitForBackend(0, { onSlot: serve });
  else queues.waitForServer(0, { onSlot: serve });
}

function serve(server: number): void {
  const taken = Atomics.add(seen, 0, 1) + 1;
  if (taken > Atomics.load(seen, 1)) Atomics.store(seen, 1, taken);
  if (job.keeps) return void setImmediate(report, 'keeps');
  setImmediate(() => {
    Atomics.sub(seen, 0, 1);
    queues.release(server);
    limits.leave(limits.backend(0));
    finished++;
    if (finished === job.jobs) report('done');
    else startOne();
  });
}

function report(kind: string): void {
  parentPort?.postMessage({ kind, served: servers.served(0) });
}

for (let index = 0; index < job.atOnce; index++) startOne();
