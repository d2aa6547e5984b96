/**
 * Gives back what a dead data thread held: connections at the gates, places on servers, its waiting requests,
 * its idle connections, what its variables took, the lock of a load heap. For the control thread, after the worker has ended and before
 * its replacement starts. Its counters stay: what happened has happened.
 */
import { BACKEND_ROW, GATE_ROW, SERVER_ROW, WAIT_ROW, type StateLayout } from './layout.ts';
import type { LoadHeap } from './load-heap.ts';
import type { ServerQueues } from './server-queues.ts';
import { BACKEND_COUNTS_SERVED, BACKEND_WORD, SERVER_WORD } from './server-words.ts';
import type { ServerTable } from './server-table.ts';

const S = SERVER_WORD;
const B = BACKEND_WORD;
const WAITING = 2;

export function recoverThread(
  words: Int32Array,
  layout: StateLayout,
  table: ServerTable,
  heap: LoadHeap,
  queues: ServerQueues,
  thread: number,
): void {
  layout.heaps.forEach((_, backend) => heap.abandon(backend, thread));
  words[layout.variableBytes + thread] = 0;
  leaveGates(words, layout, thread);
  leaveQueues(words, layout, thread);
  const freed = giveBackPlaces(words, layout, table, thread);
  for (const { [thread]: start = 0 } of [layout.idle, layout.idleSafe])
    words.fill(0, start, start + layout.serverCount);
  for (const server of freed) {
    heap.update(server);
    queues.offer(server);
  }
}

function leaveGates(words: Int32Array, layout: StateLayout, thread: number): void {
  const held = layout.held[thread] as number;
  for (let gate = 0; gate < layout.gateCount; gate++) {
    const count = Atomics.exchange(words, held + gate, 0);
    if (count !== 0) Atomics.sub(words, layout.gates + gate * GATE_ROW, count);
  }
}

function leaveQueues(words: Int32Array, layout: StateLayout, thread: number): void {
  const queues = layout.serverCount + layout.heaps.length;
  for (let queue = 0; queue < queues; queue++) {
    const row = (layout.waits[thread] as number) + queue * WAIT_ROW;
    const waiting = Atomics.exchange(words, row + WAITING, 0);
    Atomics.store(words, row + WAITING + 1, 0);
    if (waiting === 0) continue;
    const length =
      queue < layout.serverCount
        ? layout.servers + queue * SERVER_ROW + S.queued
        : layout.backends + (queue - layout.serverCount) * BACKEND_ROW + B.queued;
    Atomics.sub(words, length, waiting);
  }
}

function giveBackPlaces(
  words: Int32Array,
  layout: StateLayout,
  table: ServerTable,
  thread: number,
): readonly number[] {
  const held = (layout.held[thread] as number) + layout.gateCount;
  const granted = layout.granted[thread] as number;
  const freed: number[] = [];
  for (let server = 0; server < layout.serverCount; server++) {
    const count = Atomics.exchange(words, held + server, 0) + Atomics.exchange(words, granted + server, 0);
    if (count === 0) continue;
    Atomics.sub(words, layout.servers + server * SERVER_ROW + S.served, count);
    const backend = layout.backends + table.backendOf(server) * BACKEND_ROW;
    if (((words[backend + B.flags] as number) & BACKEND_COUNTS_SERVED) !== 0)
      Atomics.sub(words, backend + B.served, count);
    freed.push(server);
  }
  return freed;
}
