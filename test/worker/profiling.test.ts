import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lateness } from '../../src/worker/profiling/lateness.ts';
import { MemoryProfile } from '../../src/worker/profiling/memory-profile.ts';
import { Modules } from '../../src/worker/profiling/modules.ts';
import { TimeProfile } from '../../src/worker/profiling/time-profile.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NS_PER_MS = 1_000_000;

function connected(): Session {
  const session = new Session();
  session.connect();
  return session;
}

/** Uses so much processor time. */
function burn(ms: number): number {
  const end = process.cpuUsage().user + ms * 1000;
  let sum = 0;
  while (process.cpuUsage().user < end) for (let i = 0; i < 100_000; i++) sum += Math.sqrt(sum + i);
  return sum;
}

function hoard(count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({ i, text: `kept ${i}` }));
}

test('time is told by function, and what is slept is nobody’s', async () => {
  const profile = new TimeProfile(connected());
  profile.start();
  const before = process.cpuUsage();
  burn(150);
  await sleep(600);
  const { user, system } = process.cpuUsage(before);
  const times = profile.report();
  const burnt = times.filter(({ name, url }) => name === 'burn' && url.endsWith('profiling.test.js'));
  const burntMs = burnt.reduce((sum, { ns }) => sum + ns, 0) / NS_PER_MS;
  const allMs = times.reduce((sum, { ns }) => sum + ns, 0) / NS_PER_MS;
  assert.ok(burntMs > 0, 'burn() was seen');
  // processors of the whole process, and samples are a millisecond apart
  assert.ok(allMs <= (user + system) / 1000 + 100, `${allMs} ms told, ${(user + system) / 1000} ms used`);
  assert.ok(profile.spanMs >= 600);
  profile.stop();
  assert.equal(profile.running, false);
  const { length } = profile.report();
  assert.ok(length >= times.length, 'what was measured stays');
});

test('parts are added up, and a new start forgets them', () => {
  const profile = new TimeProfile(connected());
  const samples = (): number => profile.report().reduce((sum, place) => sum + place.samples, 0);
  profile.start();
  burn(60);
  const first = samples();
  burn(60);
  const second = samples();
  assert.ok(second > first && first > 0, `${first}, then ${second} samples`);
  profile.stop();
  const all = samples();
  assert.ok(all >= second);
  profile.start();
  assert.ok(samples() < all);
  profile.stop();
});

test('memory is told by the function that made what is in use', () => {
  const profile = new MemoryProfile(connected());
  assert.deepEqual(profile.report(), []);
  profile.start();
  const kept = hoard(100_000);
  const bytes = profile.report().reduce((sum, place) => sum + place.bytes, 0);
  assert.ok(bytes > 1_000_000, `${bytes} bytes for ${kept.length} objects`);
  profile.stop();
  assert.deepEqual(profile.report(), []);
});

test('a thread is late from a millisecond on average, until it is less than 990 microseconds', () => {
  const told: boolean[] = [];
  const lateness = new Lateness(isLate => told.push(isLate));
  lateness.stop();
  for (let i = 0; i < 100; i++) lateness.noted(0.98);
  assert.deepEqual(told, []);
  for (let i = 0; i < 100; i++) lateness.noted(1.1);
  assert.deepEqual(told, [true]);
  for (let i = 0; i < 100; i++) lateness.noted(0.995);
  assert.deepEqual(told, [true]);
  for (let i = 0; i < 100; i++) lateness.noted(0.5);
  assert.deepEqual(told, [true, false]);
});

test('a line of joined code is told by the module that it came from', t => {
  const file = join(temporaryFolder(t), 'program.js');
  writeFileSync(
    file,
    "'use strict';\n// dist/src/net/relay.js\nlet a;\nlet b;\n// dist/src/proxy/accept.js\nlet c;\n",
  );
  const modules = new Modules();
  assert.equal(modules.at(file, 0), '');
  assert.equal(modules.at(file, 2), 'net/relay');
  assert.equal(modules.at(`file://${file}`, 3), 'net/relay');
  assert.equal(modules.at(file, 5), 'proxy/accept');
  assert.equal(modules.at('file:///somewhere/dist/src/base/clock.js', 7), 'base/clock');
  for (const url of ['', 'node:fs', 'evalmachine.<anonymous>', '/gone.js'])
    assert.equal(modules.at(url, 1), '');
});
