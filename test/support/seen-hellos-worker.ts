/** A thread that asks for hellos which others ask for at the same time; `told` counts how often each was the first. */
import { createHash } from 'node:crypto';
import { workerData } from 'node:worker_threads';
import { SeenHellos } from '../../src/state/seen-hellos.ts';

export interface SeenHellosJob {
  readonly memory: SharedArrayBuffer;
  readonly told: SharedArrayBuffer;
  /** Nobody begins before all are there. */
  readonly gate: SharedArrayBuffer;
  readonly count: number;
  readonly threads: number;
}

const NOW = 1_800_000_000;

const { memory, told, gate, count, threads } = workerData as SeenHellosJob;
const seen = new SeenHellos(memory);
const [times, arrived] = [new Int32Array(told), new Int32Array(gate)];
const binders = Array.from({ length: count }, (_, index) =>
  createHash('sha256').update(String(index)).digest(),
);
Atomics.add(arrived, 0, 1);
while (Atomics.load(arrived, 0) < threads);
for (const [index, binder] of binders.entries()) if (seen.isFirst(binder, NOW)) Atomics.add(times, index, 1);
