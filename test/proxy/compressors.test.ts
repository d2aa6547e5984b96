/** Limits of what compression may cost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-parser/parse.ts';
import { Compressors } from '../../src/proxy/compressors.ts';
import { backendOf, createState } from '../support/state.ts';

function compressorsOf(lines: string, threads = 1): Compressors {
  const text = `global\n${lines}\n`;
  const { config } = parseConfig([{ path: 'test.cfg', text }], {
    environment: {},
    readFile: () => ({ error: 'none' }),
  });
  assert.ok(config);
  const { control } = createState(backendOf('roundrobin', ''));
  return new Compressors(config.global, threads, control);
}

function startAsManyAs(compressors: Compressors, most: number): number {
  let started = 0;
  for (; started < most && compressors.mayStart(0); started++) compressors.take('gzip', [], () => 0);
  return started;
}

test('maxzlibmem: a thread has zlib compress as many bodies at a time as fit into its share', () => {
  // a body takes 2^17 + 2^17 bytes: four of them are a megabyte
  assert.equal(startAsManyAs(compressorsOf('  tune.comp.maxlevel 2\n  maxzlibmem 1'), 50), 4);
  assert.equal(startAsManyAs(compressorsOf('  tune.comp.maxlevel 2\n  maxzlibmem 1', 2), 50), 2);
  assert.equal(startAsManyAs(compressorsOf('  maxzlibmem 1\n  tune.zlib.memlevel 1'), 50), 7);
  assert.equal(startAsManyAs(compressorsOf('  maxzlibmem 1\n  tune.zlib.windowsize 14'), 50), 5);
  assert.equal(startAsManyAs(compressorsOf('  tune.comp.maxlevel 2'), 50), 50);
});

test('maxzlibmem is no limit where zlib is not needed', () => {
  assert.equal(startAsManyAs(compressorsOf('  tune.comp.maxlevel 1\n  maxzlibmem 1'), 50), 50);
});

test('maxcompcpuusage: nothing is compressed while the process uses more than that', () => {
  const busy = compressorsOf('  maxcompcpuusage 1');
  const free = compressorsOf('  maxcompcpuusage 100');
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
