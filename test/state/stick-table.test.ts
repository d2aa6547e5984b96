/** Stick tables: one thread against a plain model, rates, and threads that count together. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { IpAddress } from '../../src/base/ip-address.ts';
import type { StoredAt } from '../../src/state/stick-table/layout.ts';
import type { StickTable } from '../../src/state/stick-table/stick-table.ts';
import { StickTables } from '../../src/state/stick-table/stick-tables.ts';
import { randomNumbers } from '../support/random-numbers.ts';
import type { TrackingJob } from '../support/stick-table-worker.ts';
import { tableSettings } from '../support/stick-table.ts';

interface Known {
  expiresAt: number;
  refs: number;
  count: number;
}

/** What a table promises, said with a Map: it is in the order of last use. */
class Model {
  readonly #entries = new Map<string, Known>();
  readonly #size: number;
  readonly #expireMs: number;
  readonly #nopurge: boolean;

  constructor(size: number, expireMs: number, nopurge: boolean) {
    this.#size = size;
    this.#expireMs = expireMs;
    this.#nopurge = nopurge;
  }

  sweep(now: number): void {
    if (this.#expireMs === 0) return;
    for (const [key, { refs, expiresAt }] of this.#entries)
      if (refs === 0 && expiresAt <= now) this.#entries.delete(key);
  }

  find(key: string, now: number): Known | undefined {
    this.sweep(now);
    return this.#entries.get(key);
  }

  findOrMake(key: string, now: number): Known | undefined {
    const found = this.find(key, now);
    if (found !== undefined) return found;
    if (this.#entries.size >= this.#size) {
      const oldest = [...this.#entries].find(([, { refs }]) => refs === 0);
      if (this.#nopurge || oldest === undefined) return undefined;
      this.#entries.delete(oldest[0]);
    }
    const made = { expiresAt: now + this.#expireMs, refs: 0, count: 0 };
    this.#entries.set(key, made);
    return made;
  }

  touch(key: string, now: number): void {
    const known = this.#entries.get(key) as Known;
    known.expiresAt = now + this.#expireMs;
    this.#entries.delete(key);
    this.#entries.set(key, known);
  }

  remove(key: string): void {
    this.#entries.delete(key);
  }

  used(now: number): number {
    this.sweep(now);
    return this.#entries.size;
  }
}

function tableOf(...args: Parameters<typeof tableSettings>): StickTable {
  return StickTables.create([tableSettings(...args)], 1).find(args[0]) as StickTable;
}

function placeOf(table: StickTable, type: Parameters<StickTable['place']>[0]): StoredAt {
  const place = table.place(type);
  assert.ok(place !== undefined);
  return place;
}

for (const nopurge of [false, true])
  for (const expireMs of [0, 50])
    test(`a table does what a plain map does (${nopurge ? 'nopurge' : 'oldest make room'}, ${expireMs === 0 ? 'nothing expires' : 'entries expire'})`, () => {
      const size = 7;
      const table = tableOf('t', 'gpc0,conn_cur', {
        keyType: 'string',
        keyLength: 11,
        size,
        expireMs,
        nopurge,
      });
      const gpc0 = placeOf(table, 'gpc0');
      const model = new Model(size, expireMs, nopurge);
      const next = randomNumbers(4711 + expireMs + (nopurge ? 1 : 0));
      const tracked: { readonly key: string; readonly entry: number; readonly known: Known }[] = [];
      let now = 1_000_000;

      const steps: readonly ((key: string) => void)[] = [
        key => {
          const known = model.findOrMake(key, now);
          const entry = table.enterNew(now);
          if (entry !== 0) table.add(entry, gpc0, 0, 1);
          table.leave();
          assert.equal(entry !== 0, known !== undefined, 'made');
          if (known !== undefined) known.count++;
        },
        key => {
          const known = model.find(key, now);
          const entry = table.enter(now);
          const count = entry === 0 ? undefined : table.number(entry, gpc0, 0);
          if (entry !== 0) table.touch(entry, now);
          table.leave();
          assert.equal(count, known?.count, 'found');
          if (known !== undefined) model.touch(key, now);
        },
        key => {
          const known = model.findOrMake(key, now);
          const entry = table.track(undefined, now);
          assert.equal(entry !== 0, known !== undefined, 'tracked');
          if (known === undefined) return;
          known.refs++;
          model.touch(key, now);
          tracked.push({ key, entry, known });
        },
        () => {
          const one = tracked.splice(next(tracked.length + 1), 1)[0];
          if (one === undefined) return;
          table.untrack(one.entry, now);
          one.known.refs--;
          model.touch(one.key, now);
        },
        key => {
          const known = model.find(key, now);
          const entry = table.enter(now);
          const isRemoved = entry !== 0 && table.remove(entry);
          table.leave();
          assert.equal(isRemoved, known !== undefined && known.refs === 0, 'removed');
          if (isRemoved) model.remove(key);
        },
        () => {
          now += next(30);
        },
      ];
      for (let round = 0; round < 20_000; round++) {
        const key = `key-${'x'.repeat(next(3))}${next(12)}`;
        table.key.loadText(key);
        (steps[next(steps.length)] as (key: string) => void)(key);
        assert.equal(table.used(now), model.used(now), `used after round ${round}`);
      }
    });

test('a table that a thread left half-changed is put in order again', () => {
  const [shared] = StickTables.create([tableSettings('t', 'gpc0', { size: 50 })], 1).shared;
  assert.ok(shared !== undefined);
  const [control, dying] = [0, 1].map(
    thread => StickTables.attach([shared], thread).find('t') as StickTable,
  ) as [StickTable, StickTable];
  for (let address = 1; address <= 30; address++) {
    control.key.loadIpv4(IpAddress.v4(address));
    control.enterNew(address);
    control.leave();
  }
  dying.enterEntry();
  const words = new Int32Array(shared.buffer);
  // the chains and lists are lost
  words.fill(0, 1, 2);
  words.fill(0, 4, 80);
  words[3] = 30;
  control.recover(1);
  assert.equal(control.used(100), 30);
  for (let address = 1; address <= 30; address++) {
    control.key.loadIpv4(IpAddress.v4(address));
    assert.notEqual(control.enter(100), 0, `address ${address}`);
    control.leave();
  }
});

test('keys of every type are told apart, texts by as much of them as is stored', () => {
  const longest = tableOf('s', 'gpc0', { keyType: 'string', keyLength: 5, size: 10 });
  const found = (load: () => void, table: StickTable): boolean => {
    load();
    const entry = table.enter(1);
    table.leave();
    return entry !== 0;
  };
  longest.key.loadText('abcdefgh');
  longest.enterNew(1);
  longest.leave();
  assert.ok(found(() => longest.key.loadText('abcdeXYZ'), longest));
  assert.ok(!found(() => longest.key.loadText('abcd'), longest));
  const binary = tableOf('b', 'gpc0', { keyType: 'binary', keyLength: 6, size: 10 });
  binary.key.loadBinary('ab');
  binary.enterNew(1);
  binary.leave();
  assert.ok(
    found(() => binary.key.loadBinary('ab\0\0'), binary),
    'padded with zeros',
  );
  assert.ok(!found(() => binary.key.loadBinary('abc'), binary));
  const v6 = tableOf('6', 'gpc0', { keyType: 'ipv6', keyLength: 16, size: 10 });
  v6.key.loadIpv6(new IpAddress(6, 1, 2, 3, 4));
  v6.enterNew(1);
  v6.leave();
  assert.ok(found(() => v6.key.loadIpv6(new IpAddress(6, 1, 2, 3, 4)), v6));
  assert.ok(!found(() => v6.key.loadIpv6(new IpAddress(6, 1, 2, 4, 3)), v6));
});

test('a rate fades over the period after the one it was counted in', () => {
  const table = tableOf('t', 'http_req_rate(1000),bytes_in_rate(1000)', { bratesFactor: 10 });
  const rate = placeOf(table, 'http_req_rate');
  table.key.loadIpv4(IpAddress.v4(1));
  const entry = table.track(undefined, 10_000);
  for (let count = 0; count < 100; count++) table.countTracked(entry, 'request', 1, 10_000);
  const seen = [0, 500, 1000, 1250, 1500, 1999, 2000, 5000].map(later =>
    table.rate(entry, rate, 0, 10_000 + later),
  );
  assert.deepEqual(seen, [100, 100, 100, 75, 50, 0, 0, 0]);
  for (const at of [11_500, 11_600]) table.countTracked(entry, 'request', 1, at);
  assert.equal(table.rate(entry, rate, 0, 11_600), 2 + 40);
  table.countTracked(entry, 'uploaded', 95, 12_000);
  assert.equal(table.rate(entry, placeOf(table, 'bytes_in_rate'), 0, 12_000), 100, 'in blocks of 10');
});

test('threads that count for the same keys lose nothing', async t => {
  const settings = tableSettings('t', 'gpc0,conn_cnt,conn_cur,http_req_cnt,http_req_rate(1h)', { size: 64 });
  const tables = StickTables.create([settings], 3);
  const control = tables.find('t') as StickTable;
  const rounds = 30_000;
  const keys = 16;
  const workers = [1, 2, 3].map(thread =>
    startWorker({ shared: tables.shared, thread, rounds, keys, keeps: 0 }),
  );
  t.after(() => Promise.all(workers.map(worker => worker.terminate())));
  await Promise.all(workers.map(worker => once(worker, 'message')));
  const total = { gpc0: 0, conn_cnt: 0, conn_cur: 0, http_req_cnt: 0, http_req_rate: 0 };
  for (let key = 0; key < keys; key++) {
    control.key.loadIpv4(IpAddress.v4(key));
    const entry = control.enter(control.now);
    assert.notEqual(entry, 0);
    for (const type of ['gpc0', 'conn_cnt', 'conn_cur', 'http_req_cnt'] as const)
      total[type] += control.number(entry, placeOf(control, type), 0);
    total.http_req_rate += control.rate(entry, placeOf(control, 'http_req_rate'), 0, control.now);
    control.leave();
  }
  const all = 3 * rounds;
  assert.deepEqual(total, {
    gpc0: all,
    conn_cnt: all,
    conn_cur: 0,
    http_req_cnt: all,
    http_req_rate: all,
  });
  assert.equal(control.used(control.now), keys);
});

test('what a dead thread tracked is given back', async t => {
  const settings = tableSettings('t', 'conn_cur', { size: 64 });
  const tables = StickTables.create([settings], 1);
  const control = tables.find('t') as StickTable;
  const worker = startWorker({ shared: tables.shared, thread: 1, rounds: 0, keys: 4, keeps: 12 });
  t.after(() => worker.terminate());
  await once(worker, 'message');
  const open = (): number[] =>
    [0, 1, 2, 3].map(key => {
      control.key.loadIpv4(IpAddress.v4(key));
      const entry = control.enter(control.now);
      const value = control.number(entry, placeOf(control, 'conn_cur'), 0) + control.references(entry);
      control.leave();
      return value;
    });
  assert.deepEqual(open(), [6, 6, 6, 6]);
  await worker.terminate();
  tables.recover(1);
  assert.deepEqual(open(), [0, 0, 0, 0]);
});

function startWorker(workerData: TrackingJob): Worker {
  return new Worker(new URL('../support/stick-table-worker.js', import.meta.url), { workerData });
}
