/** Limits of what compression may cost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Compressors } from '../../src/proxy/bodies/compressors.ts';
import type { ContentCoder } from '../../src/proxy/bodies/content-coder.ts';
import { backendOf, createState } from '../support/state.ts';

/** Of the threads of a process. */
function compressorsOf(lines: string, threads = 1): readonly Compressors[] {
  const state = createState(`global\n${lines}\n${backendOf('roundrobin', '')}`, threads);
  return Array.from(
    { length: threads },
    (_, index) => new Compressors(state.config.global, threads, state.attach(index + 1)),
  );
}

/** In turns. */
function startAsManyAs(compressors: readonly Compressors[], most: number): readonly ContentCoder[] {
  const started: ContentCoder[] = [];
  while (started.length < most) {
    const next = compressors[started.length % compressors.length] as Compressors;
    if (!next.mayStart(0)) break;
    started.push(next.take('gzip', [], () => 0));
  }
  return started;
}

const most = (lines: string, threads = 1): number => startAsManyAs(compressorsOf(lines, threads), 50).length;

test('maxzlibmem: zlib compresses as many bodies of a process at a time as it leaves room for', () => {
  // a body takes 2^17 + 2^17 bytes: four of them are a megabyte
  assert.equal(most('  tune.comp.maxlevel 2\n  maxzlibmem 1'), 4);
  assert.equal(most('  tune.comp.maxlevel 2\n  maxzlibmem 1', 3), 4);
  assert.equal(most('  maxzlibmem 1\n  tune.zlib.memlevel 1'), 7);
  assert.equal(most('  maxzlibmem 1\n  tune.zlib.windowsize 14'), 5);
  assert.equal(most('  tune.comp.maxlevel 2'), 50);
});

test('a body that is over makes room for another', () => {
  const compressors = compressorsOf('  tune.comp.maxlevel 2\n  maxzlibmem 1', 2);
  const [first] = startAsManyAs(compressors, 50);
  first?.close(false);
  assert.equal(startAsManyAs(compressors, 50).length, 1);
});

test('maxzlibmem is no limit where zlib is not needed', () => {
  assert.equal(most('  tune.comp.maxlevel 1\n  maxzlibmem 1'), 50);
});

test('maxcompcpuusage: nothing is compressed while the process uses more than that', () => {
  const [busy] = compressorsOf('  maxcompcpuusage 1') as [Compressors];
  const [free] = compressorsOf('  maxcompcpuusage 100') as [Compressors];
  assert.equal(busy.mayStart(0), true, 'nothing is known yet');
  const { user, system } = process.cpuUsage();
  const until = user + system + 200_000;
  for (let now = 0; now < until;) {
    const used = process.cpuUsage();
    now = used.user + used.system;
  }
  // 200 ms of processor time in a second are 20 %
  assert.equal(busy.mayStart(1000), false);
  assert.equal(free.mayStart(1000), true);
  assert.equal(busy.mayStart(1_000_000), true, 'an idle time later');
});
