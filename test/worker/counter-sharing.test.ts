import assert from 'node:assert/strict';
import { openSync, closeSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { lockFile } from '../../src/net/system-calls.ts';
import type { FieldName } from '../../src/state/counter-fields.ts';
import { FIELD } from '../../src/state/counter-fields.ts';
import { loadStatsFile, renderStatsFile } from '../../src/stats/stats-file.ts';
import { ConfiguredView } from '../../src/stats/view.ts';
import { CounterFile } from '../../src/worker/counters/counter-file.ts';
import { CounterSharing } from '../../src/worker/counters/counter-sharing.ts';
import { randomNumbers } from '../support/random-numbers.ts';
import { createState } from '../support/state.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CONFIG = `frontend f\n bind :80\n guid fe\nbackend b\n guid be\n server s 127.0.0.1:80 guid srv\nfrontend own\n bind :81`;
const MINUTE = 60_000;

interface Player {
  readonly sharing: CounterSharing;
  readonly view: ConfiguredView;
  readonly told: string[];
  /** Its one data thread counts so many sessions of the first frontend, or something of any row. */
  count(amount: number, row?: number, name?: FieldName): void;
  shown(row?: number, name?: FieldName): number;
  readonly rows: {
    readonly frontend: number;
    readonly backend: number;
    readonly server: number;
    readonly own: number;
  };
}

/** Processes that share a file, and a clock that the test has. */
class Host {
  readonly path: string;
  now = 1_000_000;

  constructor(t: TestContext) {
    this.path = join(temporaryFolder(t), 'counters');
  }

  start({ config = CONFIG, maxObjects = 100, statsFile = '' } = {}): Player {
    const state = createState(config);
    const { counters } = state.control;
    const view = new ConfiguredView(state.config, state.control);
    const data = state.attach(1).counters;
    const told: string[] = [];
    const file = CounterFile.open(this.path);
    assert.ok(typeof file !== 'string');
    loadStatsFile(statsFile, view);
    const parts = {
      file,
      maxObjects,
      view,
      warn: (text: string) => void told.push(text),
      now: () => this.now,
    };
    const rows = {
      frontend: counters.frontend(0),
      backend: counters.backend(1),
      server: counters.server(0),
      own: counters.frontend(2),
    };
    return {
      sharing: new CounterSharing(parts),
      view,
      told,
      rows,
      count: (amount, row = rows.frontend, name = 'stot') => data.add(row, FIELD[name], amount),
      shown: (row = rows.frontend, name = 'stot') => counters.read(row, name, this.now),
    };
  }
}

test('processes that share a file show what all of them have counted, of objects with a guid', async t => {
  const host = new Host(t);
  const first = host.start();
  first.count(3);
  first.count(7, first.rows.server, 'hrsp_2xx');
  first.count(9, first.rows.own);
  first.sharing.exchange();
  const second = host.start();
  assert.equal(second.shown(), 3);
  assert.equal(second.shown(second.rows.server, 'hrsp_2xx'), 7);
  assert.equal(second.shown(second.rows.backend), 0);
  assert.equal(second.shown(second.rows.own), 0);
  second.count(2);
  first.count(1);
  second.sharing.exchange();
  first.sharing.exchange();
  second.sharing.exchange();
  assert.deepEqual([first.shown(), second.shown()], [6, 6]);
  assert.deepEqual([first.told, second.told], [[], []]);
  await first.sharing.end();
  await second.sharing.end();
});

test('what a process has counted last is found by those that are there; after the last one counters begin anew', async t => {
  const host = new Host(t);
  const old = host.start();
  const next = host.start();
  old.count(5);
  await old.sharing.end();
  next.sharing.exchange();
  assert.equal(next.shown(), 5);
  await next.sharing.end();
  const later = host.start();
  assert.equal(later.shown(), 0);
  await later.sharing.end();
});

for (const [when, afterMs, total] of [
  ['soon', MINUTE - 1, 4],
  ['a minute later', MINUTE, 0],
] as const)
  test(`a process that comes ${when} after another was killed finds ${total}`, async t => {
    const host = new Host(t);
    const killed = host.start();
    killed.count(4);
    killed.sharing.exchange();
    host.now += afterMs;
    const next = host.start();
    assert.equal(next.shown(), total);
    await next.sharing.end();
    await killed.sharing.end();
  });

test('a file from before the system was started again holds nobody', async t => {
  const host = new Host(t);
  const before = host.start();
  before.count(4);
  before.sharing.exchange();
  host.now = 5;
  const after = host.start();
  assert.equal(after.shown(), 0);
  await after.sharing.end();
  await before.sharing.end();
});

test('counters that are cleared are cleared for all', async t => {
  const host = new Host(t);
  const [first, second] = [host.start(), host.start()];
  first.count(8);
  first.sharing.exchange();
  second.sharing.exchange();
  second.view.state.counters.clear(true);
  second.count(1);
  second.sharing.exchange();
  first.count(2);
  first.sharing.exchange();
  second.sharing.exchange();
  assert.deepEqual([first.shown(), second.shown()], [3, 3]);
  await first.sharing.end();
  await second.sharing.end();
});

test('a server that is removed takes its totals along; another one of that guid begins with none', async t => {
  const host = new Host(t);
  const player = host.start();
  const { server } = player.rows;
  player.count(6, server);
  player.sharing.exchange();
  player.view.setServer(0, { ...(player.view.servers(1)[0]?.config ?? assert.fail()), guid: 'other' });
  player.view.state.counters.clearRow(server);
  player.sharing.exchange();
  const next = host.start();
  assert.equal(next.shown(next.rows.server), 0);
  await next.sharing.end();
  await player.sharing.end();
});

test('objects that no process has any more are forgotten after a minute, and make room', async t => {
  const host = new Host(t);
  const old = host.start({ maxObjects: 3 });
  old.sharing.exchange();
  const config = CONFIG.replaceAll(/guid (\w+)/g, 'guid new-$1');
  const next = host.start({ config, maxObjects: 3 });
  next.count(2);
  next.sharing.exchange();
  assert.equal(next.told.length, 1);
  assert.match(next.told[0] ?? '', /counters' is full: raise 'shm-stats-file-max-objects' \(3\)\.$/);
  assert.equal(next.shown(), 2);
  host.now += MINUTE;
  next.sharing.exchange();
  next.sharing.exchange();
  const third = host.start({ config, maxObjects: 3 });
  assert.equal(third.shown(), 2);
  for (const { sharing } of [old, next, third]) await sharing.end();
});

test('what stats-file says counts where the file knows nothing better, and is in it then', async t => {
  const host = new Host(t);
  const earlier = host.start();
  earlier.count(50);
  const statsFile = renderStatsFile(earlier.view);
  await earlier.sharing.end();
  const first = host.start({ statsFile });
  first.count(1);
  first.sharing.exchange();
  const second = host.start({ statsFile });
  assert.deepEqual([first.shown(), second.shown()], [51, 51]);
  await first.sharing.end();
  await second.sharing.end();
});

for (const [whose, content] of [
  ['of HAProxy', Buffer.concat([Buffer.from([1, 2, 0, 0]), Buffer.alloc(668)])],
  ['of something else', Buffer.from('# notes\n')],
  ['of a version that counts other things', Buffer.concat([Buffer.from('lbcount1'), Buffer.alloc(2000, 1)])],
] as const)
  test(`a file ${whose} is left as it is`, async t => {
    const host = new Host(t);
    writeFileSync(host.path, content);
    const player = host.start();
    player.count(1);
    player.sharing.exchange();
    await player.sharing.end();
    assert.deepEqual(readFileSync(host.path), content);
    assert.equal(player.told.length, 1);
    assert.match(player.told[0] ?? '', /was written by another program or version/);
  });

test('a file that is cut short while it is used is written anew, with what is shown', async t => {
  const host = new Host(t);
  const [first, second] = [host.start(), host.start()];
  first.count(4);
  first.sharing.exchange();
  for (const length of [0, 9, 500, 1100]) {
    truncateSync(host.path, length);
    first.sharing.exchange();
    second.sharing.exchange();
    assert.deepEqual([first.shown(), second.shown()], [4, 4]);
  }
  assert.deepEqual(first.told.length, 1);
  assert.match(first.told[0] ?? '', /is broken: it is written anew\.$/);
  await first.sharing.end();
  await second.sharing.end();
});

test('whatever stands in the file, what is shown are numbers that count something', async t => {
  const host = new Host(t);
  const random = randomNumbers(11);
  const player = host.start();
  player.count(1);
  player.sharing.exchange();
  const good = readFileSync(host.path);
  for (let round = 0; round < 500; round++) {
    const bytes = Buffer.from(good);
    for (let changes = 1 + random(40); changes > 0; changes--)
      bytes[8 + random(bytes.length - 8)] = random(256);
    // that of the fields stays: else it is another version's
    good.copy(bytes, 8, 8, 16);
    writeFileSync(host.path, bytes);
    player.sharing.exchange();
    assert.ok(player.shown() >= 0 && Number.isFinite(player.shown()), String(player.shown()));
  }
  await player.sharing.end();
});

test('a file that another process has for the moment is not waited for', async t => {
  const host = new Host(t);
  const player = host.start();
  const other = openSync(host.path, 'r');
  assert.equal(lockFile(other), 0);
  assert.equal(player.sharing.exchange(), false);
  closeSync(other);
  assert.equal(player.sharing.exchange(), true);
  await player.sharing.end();
});

test('of more processes than the file has places for some count for themselves', async t => {
  const host = new Host(t);
  const players = Array.from({ length: 65 }, () => host.start());
  const last = players.at(-1) ?? assert.fail();
  assert.match(last.told[0] ?? '', /is shared by as many processes as there may be/);
  last.count(2);
  last.sharing.exchange();
  assert.equal(last.shown(), 2);
  assert.equal(players[0]?.told.length, 0);
  for (const { sharing } of players) await sharing.end();
});
