/** Hellos are told to be the first once, in whichever thread, and not at all where that is in doubt. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createEarlyMemory, SeenHellos } from '../../src/state/seen-hellos.ts';
import type { SeenHellosJob } from '../support/seen-hellos-worker.ts';

const NOW = 1_800_000_000;

test('a hello is the first once, also for who looks later into the same memory', () => {
  const memory = createEarlyMemory();
  const [seen, others] = [new SeenHellos(memory), new SeenHellos(memory)];
  assert.deepEqual(seen.instance, others.instance);
  assert.notDeepEqual(seen.instance, new SeenHellos(createEarlyMemory()).instance);
  const binders = Array.from({ length: 1000 }, () => randomBytes(32));
  assert.ok(binders.every((binder, index) => seen.isFirst(binder, NOW + Math.floor(index / 100))));
  assert.ok(!binders.some(binder => others.isFirst(binder, NOW + 10)));
  assert.ok(!binders.some(binder => seen.isFirst(binder, NOW + 25)));
});

test('what is forgotten makes room, and nothing is forgotten for the time a hello is fresh', () => {
  const seen = new SeenHellos(createEarlyMemory(1));
  const binders = Array.from({ length: 9 }, () => randomBytes(48));
  assert.deepEqual(
    binders.map(binder => seen.isFirst(binder, NOW)),
    [true, true, true, true, true, true, true, true, false],
  );
  assert.equal(seen.isFirst(randomBytes(48), NOW + 29), false, 'it is full');
  assert.equal(seen.isFirst(binders[0] as Buffer, NOW + 30), false, 'it is remembered');
  assert.equal(seen.isFirst(randomBytes(48), NOW + 31), true);
});

test('a clock that goes back makes nothing fresh again', () => {
  const seen = new SeenHellos(createEarlyMemory());
  const binder = randomBytes(32);
  assert.equal(seen.isFirst(binder, NOW), true);
  assert.equal(seen.isFirst(randomBytes(32), NOW + 100), true);
  assert.equal(seen.isFirst(randomBytes(32), NOW + 99), true, 'threads look one after the other');
  assert.equal(seen.isFirst(binder, NOW), false);
  assert.equal(seen.isFirst(randomBytes(32), NOW + 98), false);
  assert.equal(seen.isFirst(randomBytes(32), NOW + 101), true);
});

test('a binder that is too short is none', () => {
  assert.equal(new SeenHellos(createEarlyMemory()).isFirst(Buffer.alloc(7), NOW), false);
});

test('threads that ask for the same hellos at once are told of each once at most', async () => {
  const [count, threads] = [20_000, 3];
  const memory = createEarlyMemory();
  const told = new SharedArrayBuffer(count * 4);
  const gate = new SharedArrayBuffer(4);
  const job: SeenHellosJob = { memory, told, gate, count, threads };
  const program = new URL('../support/seen-hellos-worker.js', import.meta.url);
  const workers = Array.from({ length: threads }, () => new Worker(program, { workerData: job }));
  await Promise.all(workers.map(worker => once(worker, 'exit')));
  const times = [...new Int32Array(told)];
  assert.equal(Math.max(...times), 1);
  // where two meet in the midst of it both may be refused
  assert.ok(times.filter(number => number === 1).length > count * 0.9);
});
