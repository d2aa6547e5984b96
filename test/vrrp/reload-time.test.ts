/** `reload_time_file`: what its text means, and what happens then. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readReloadTime } from '../../src/vrrp/process/reload-time.ts';
import { ReloadTimer } from '../../src/vrrp/process/reload-timer.ts';
import { FakeClock } from '../support/fake-vrrp.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NOW = Date.UTC(2023, 10, 14, 22, 13, 20);
const DAY_MS = 86_400_000;

function utc(text: string): string | undefined {
  const time = readReloadTime(text, NOW);
  return time === undefined ? undefined : `${new Date(time.at).toISOString().slice(0, 19)} ${time.hasDate}`;
}

test('a time is the next one of today or tomorrow, a date stays what it is', () => {
  assert.equal(utc('22:13:21Z'), '2023-11-14T22:13:21 false');
  assert.equal(utc('22:13:20Z'), '2023-11-15T22:13:20 false');
  assert.equal(utc('2024-02-29 00:00:00Z'), '2024-02-29T00:00:00 true');
  assert.equal(utc('24-12-31 23:59:59Z'), '2024-12-31T23:59:59 true');
  assert.equal(utc('1999-01-01 00:00:00Z'), '1999-01-01T00:00:00 true');
  const local = readReloadTime('12:00:00', NOW);
  assert.equal(new Date(local?.at ?? 0).getHours(), 12);
  assert.ok(local !== undefined && local.at > NOW && local.at <= NOW + DAY_MS);
});

test('what is no time is none', () => {
  for (const text of [
    '',
    'now',
    '1:2:3',
    '25:00:00Z',
    '12:60:00Z',
    '2023-06-31 12:00:00Z',
    '2023-02-29 12:00:00Z',
    '2023-00-10 12:00:00Z',
    ' 12:00:00Z',
    '12:00:00 Z',
    '2023-06-30  12:00:00Z',
  ])
    assert.equal(utc(text), undefined, text);
});

function follow(folder: string, text: string, repeats: boolean) {
  const path = join(folder, 'when');
  writeFileSync(path, text);
  const clock = new FakeClock();
  const said: string[] = [];
  let reloads = 0;
  const timer = new ReloadTimer(
    clock,
    (_level, message) => void said.push(message),
    () => void reloads++,
  );
  timer.follow({ path, repeats });
  return { path, clock, said, timer, reloads: () => reloads };
}

test('the configuration is read again at that time, once, and the file goes', async t => {
  const { path, clock, said, timer, reloads } = follow(temporaryFolder(t), '22:15:30Z\n', false);
  await clock.pass(129_000);
  assert.deepEqual([reloads(), existsSync(path)], [0, true]);
  await clock.pass(1000);
  assert.deepEqual([reloads(), existsSync(path)], [1, false]);
  await clock.pass(2 * DAY_MS);
  assert.equal(reloads(), 1);
  assert.match(said[0] ?? '', /^Scheduling reload for 2023-11-1\d \d\d:\d\d:30$/);
  timer.stop();
});

test('with reload_repeat a time counts for each day, a date once', async t => {
  const folder = temporaryFolder(t);
  const daily = follow(folder, '22:15:30Z', true);
  await daily.clock.pass(2 * DAY_MS);
  assert.deepEqual([daily.reloads(), existsSync(daily.path)], [2, true]);
  daily.timer.stop();
  const once = follow(folder, '2023-11-14 22:15:30Z', true);
  await once.clock.pass(2 * DAY_MS);
  assert.deepEqual([once.reloads(), existsSync(once.path)], [1, false]);
  once.timer.stop();
});

test('a time in the past or none at all is told of, and nothing follows', async t => {
  const folder = temporaryFolder(t);
  const past = follow(folder, '2020-01-01 00:00:00Z', false);
  const odd = follow(folder, 'soon', false);
  for (const one of [past, odd]) {
    await one.clock.pass(DAY_MS);
    assert.equal(one.reloads(), 0);
    one.timer.stop();
  }
  assert.deepEqual(past.said, ['Reload time 2020-01-01 00:00:00Z is in the past - ignoring']);
  assert.deepEqual(odd.said, ["Invalid reload time 'soon' specified - ignoring"]);
});
