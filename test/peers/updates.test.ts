/** Updates: every type of data from one table into another, and bytes that are no update. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StickTableSettings } from '../../src/model/stick-table.ts';
import { HeardNames, SentNames } from '../../src/peers/dictionary.ts';
import { Learner } from '../../src/peers/learning.ts';
import { FrameReader } from '../../src/peers/frames.ts';
import { MessageWriter } from '../../src/peers/message-writer.ts';
import { SharedTable, taughtTable, type TaughtTable } from '../../src/peers/shared-table.ts';
import { tellAll, tellChanges, type Voice } from '../../src/peers/teaching.ts';
import { CLASS } from '../../src/peers/wire.ts';
import { COPY, type StickTable } from '../../src/state/stick-table/stick-table.ts';
import { StickTables } from '../../src/state/stick-table/stick-tables.ts';
import { ByteMutator } from '../support/mutated-bytes.ts';
import { randomNumbers } from '../support/random-numbers.ts';
import { tableSettings } from '../support/stick-table.ts';

const ALL =
  'server_id,gpt0,gpc0,gpc0_rate(10s),conn_cnt,conn_rate(10s),conn_cur,sess_cnt,sess_rate(1m),http_req_cnt,' +
  'http_req_rate(10s),http_err_cnt,http_err_rate(10s),bytes_in_cnt,bytes_in_rate(10s),bytes_out_cnt,' +
  'bytes_out_rate(10s),gpc1,gpc1_rate(1h),server_key,http_fail_cnt,http_fail_rate(10s),glitch_cnt,glitch_rate(10s)';
const ARRAYS = 'server_key,gpt(3),gpc(2),gpc_rate(4,10s)';

/** One node with one table; its clock is the test's. */
class Node {
  readonly table: StickTable;
  readonly shared: SharedTable;
  readonly names = { sent: new SentNames(), heard: new HeardNames() };
  readonly learner: Learner;
  readonly voice: Voice;
  now = 1_000_000;

  constructor(store: string, settings: Partial<StickTableSettings> = {}, receiveOnly = false) {
    const exchange = { peers: 'p', wireName: 't', receiveOnly, shards: 0 };
    const tables = StickTables.create(
      [tableSettings('t', store, { expireMs: 60_000, exchange, ...settings })],
      1,
    );
    tables.clock = () => this.now;
    this.table = tables.find('t') as StickTable;
    this.shared = new SharedTable(taughtTable(this.table, tables, 1) as TaughtTable);
    this.learner = new Learner([this.shared], this.names.heard);
    this.voice = {
      writer: new MessageWriter(),
      names: this.names.sent,
      current: undefined,
      timed: true,
      shard: 0,
    };
  }

  /** Changes an entry, as a request does. */
  change(key: string, set: (table: StickTable, entry: number) => void): void {
    this.table.key.loadText(key);
    const entry = this.table.enterNew(this.now);
    set(this.table, entry);
    this.table.touch(entry, this.now);
    this.table.leave();
  }

  /** Everything that is stored of a key, undefined: nothing. */
  read(key: string): unknown {
    this.table.key.loadText(key);
    const entry = this.table.enter(this.now);
    const said =
      entry === 0
        ? undefined
        : [...this.table.places].map(place => {
            if (place.type === 'server_key') return this.table.text(entry, place);
            return Array.from({ length: place.count * place.cells }, (_, at) =>
              this.table.cell(entry, place, Math.floor(at / place.cells), at % place.cells),
            );
          });
    this.table.leave();
    return said;
  }

  get used(): number {
    return this.table.used(this.now);
  }
}

/** Gives what one has to say to the other; how many messages that were. */
function pass(from: Node, to: Node): number {
  const reader = new FrameReader(16_384);
  reader.add(from.voice.writer.take());
  let count = 0;
  for (; reader.next() === 'message'; count++) {
    assert.equal(reader.class, CLASS.table);
    assert.equal(to.learner.take(reader.type, reader.body, false), true);
  }
  return count;
}

const TEXT = { keyType: 'string', keyLength: 31 } as const;

function fill(table: StickTable, entry: number, value: number, now: number): void {
  for (const place of table.places) {
    if (place.type === 'server_key') table.setText(entry, place, `server${value % 300}`);
    else
      for (let index = 0; index < place.count; index++) {
        if (place.cells === 1) table.setNumber(entry, place, index, value + index);
        else {
          table.setCell(entry, place, index, 0, now - (value % 5000));
          table.setCell(entry, place, index, 1, value + index);
          table.setCell(entry, place, index, 2, value + 7);
        }
      }
  }
}

for (const [what, store] of [
  ['every counter, rate and server', ALL],
  ['arrays', ARRAYS],
] as const)
  test(`a peer learns ${what} as it is`, () => {
    const [one, two] = [new Node(store, TEXT), new Node(store, TEXT, true)];
    for (const value of [0, 1, 239, 240, 70_000, 2 ** 31 - 100])
      one.change(`key ${value}`, (table, entry) => fill(table, entry, value, one.now));
    tellChanges(one.shared, one.voice, 100);
    assert.equal(pass(one, two), 7);
    for (const value of [0, 1, 239, 240, 70_000, 2 ** 31 - 100])
      assert.deepEqual(two.read(`key ${value}`), one.read(`key ${value}`), String(value));
  });

for (const [keyType, keyLength] of [
  ['ip', 4],
  ['ipv6', 16],
  ['integer', 4],
  ['binary', 9],
] as const)
  test(`keys of type ${keyType} come through`, () => {
    const settings = { keyType, keyLength };
    const [one, two] = [new Node('gpc0', settings), new Node('gpc0', settings)];
    const words = [0x7f000001, -2, 3, 0x01020304];
    const load = ({ key }: StickTable): void => {
      if (keyType === 'binary') key.loadBinary('a\0b\xff');
      else if (keyType === 'integer') key.loadInteger(words[1] as number);
      else if (keyType === 'ip') key.loadIpv4({ w3: words[0] } as never);
      else key.loadIpv6({ w0: words[0], w1: words[1], w2: words[2], w3: words[3] } as never);
    };
    load(one.table);
    const entry = one.table.enterNew(one.now);
    one.table.touch(entry, one.now);
    one.table.leave();
    tellChanges(one.shared, one.voice, 10);
    pass(one, two);
    load(two.table);
    assert.notEqual(two.table.enter(two.now), 0);
    two.table.leave();
  });

test('who stores other things learns what both store', () => {
  const one = new Node('gpt0,gpc0,conn_rate(10s),server_key,http_fail_cnt', TEXT);
  const two = new Node('gpc0,http_req_cnt,http_fail_cnt', TEXT);
  one.change('k', (table, entry) => fill(table, entry, 5, one.now));
  tellChanges(one.shared, one.voice, 10);
  pass(one, two);
  assert.deepEqual(two.read('k'), [[5], [0], [5]]);
});

test('conn_cur is told always, and learned where the table only receives', () => {
  const [one, two, only] = [
    new Node('conn_cur', TEXT),
    new Node('conn_cur', TEXT),
    new Node('conn_cur', TEXT, true),
  ];
  one.change('k', (table, entry) => fill(table, entry, 4, one.now));
  tellChanges(one.shared, one.voice, 10);
  const bytes = one.voice.writer.take();
  for (const node of [two, only]) {
    const reader = new FrameReader(16_384);
    for (reader.add(bytes); reader.next() === 'message';) node.learner.take(reader.type, reader.body, false);
  }
  assert.deepEqual([two.read('k'), only.read('k')], [[[0]], [[4]]]);
});

test('a table whose keys are others learns nothing', () => {
  const [one, two] = [new Node('gpc0', TEXT), new Node('gpc0', { keyType: 'string', keyLength: 32 })];
  one.change('k', () => undefined);
  tellChanges(one.shared, one.voice, 10);
  pass(one, two);
  assert.equal(two.used, 0);
});

test('an entry that changes again before it was told of is told of once', () => {
  const [one, two] = [new Node('gpc0', TEXT), new Node('gpc0', TEXT)];
  const bump = (): void =>
    one.change('k', (table, entry) => table.add(entry, [...table.places][0] as never, 0, 1));
  for (let count = 0; count < 5; count++) bump();
  tellChanges(one.shared, one.voice, 10);
  assert.equal(pass(one, two), 2);
  assert.deepEqual(two.read('k'), [[5]]);
  assert.equal(tellChanges(one.shared, one.voice, 10), 10);
  bump();
  tellChanges(one.shared, one.voice, 10);
  assert.equal(pass(one, two), 1);
  assert.deepEqual(two.read('k'), [[6]]);
});

test('what was learned is not told back, but in a lesson', () => {
  const [one, two] = [new Node('gpc0', TEXT), new Node('gpc0', TEXT)];
  one.change('k', () => undefined);
  tellChanges(one.shared, one.voice, 10);
  pass(one, two);
  tellChanges(two.shared, two.voice, 10);
  assert.equal(two.voice.writer.length, 0);
  const three = new Node('gpc0', TEXT);
  two.shared.beginLesson();
  tellAll(two.shared, two.voice, 10);
  pass(two, three);
  assert.equal(three.used, 1);
});

test('a lesson says how long entries live; they end at the same time', () => {
  const [one, two] = [new Node('gpc0', TEXT), new Node('gpc0', TEXT)];
  one.change('old', () => undefined);
  one.now += 50_000;
  two.now += 50_000;
  one.change('young', () => undefined);
  one.shared.beginLesson();
  tellAll(one.shared, one.voice, 10);
  pass(one, two);
  assert.equal(two.used, 2);
  two.now += 10_001;
  assert.equal(two.used, 1);
  assert.equal(two.read('old'), undefined);
});

test('a lesson on more entries than may be told at once goes on where it ended', () => {
  const [one, two] = [new Node('gpc0', { ...TEXT, size: 1000 }), new Node('gpc0', { ...TEXT, size: 1000 })];
  for (let count = 0; count < 1000; count++) one.change(`k${count}`, () => undefined);
  one.shared.beginLesson();
  let turns = 1;
  for (; tellAll(one.shared, one.voice, 64) === 0; turns++) pass(one, two);
  pass(one, two);
  assert.equal(two.used, 1000);
  assert.equal(turns, 16);
});

test('whoever fell behind further than the log reaches is told of all that changed', () => {
  const [one, two] = [new Node('gpc0', { ...TEXT, size: 8 }), new Node('gpc0', { ...TEXT, size: 8 })];
  for (let round = 0; round < 10; round++)
    for (let count = 0; count < 8; count++) {
      one.change(`k${count}`, (table, entry) => table.add(entry, [...table.places][0] as never, 0, 1));
      // somebody else hears of every change
      one.table.updates?.told(one.table.updates.last);
    }
  assert.equal(one.table.updates?.isLost(one.shared.lastPushed), true);
  assert.equal(tellChanges(one.shared, one.voice, 5), 0);
  tellChanges(one.shared, one.voice, 100);
  pass(one, two);
  assert.equal(two.used, 8);
  assert.deepEqual(two.read('k7'), [[10]]);
  assert.equal(one.shared.lastPushed, one.table.updates?.last);
});

test('peers with a part of a table each are told of all entries together, and of none twice', () => {
  const exchange = { peers: 'p', wireName: 't', receiveOnly: false, shards: 3 };
  const one = new Node('gpc0', { ...TEXT, exchange });
  for (let count = 0; count < 90; count++) one.change(`k${count}`, () => undefined);
  const told = [1, 2, 3].map(shard => {
    const peer = new Node('gpc0', TEXT);
    one.shared.connected();
    tellChanges(one.shared, { ...one.voice, current: undefined, shard }, 1000);
    pass(one, peer);
    assert.ok(peer.used > 10, `${peer.used} of shard ${shard}`);
    return peer.used;
  });
  assert.equal(
    told.reduce((sum, count) => sum + count),
    90,
  );
});

test('write-to: servers and tags go to the other table too, counters do not', () => {
  const exchange = { peers: 'p', wireName: 't', receiveOnly: false, shards: 0, writeTo: 'copy' };
  const tables = StickTables.create(
    [
      tableSettings('t', 'gpt0,gpc0,server_key', { ...TEXT, exchange, expireMs: 60_000 }),
      tableSettings('copy', 'gpt0,gpc0,server_key', { ...TEXT, expireMs: 60_000 }),
    ],
    1,
  );
  const [from, to] = [...tables.all] as [StickTable, StickTable];
  const shared = new SharedTable(taughtTable(from, tables, 1) as TaughtTable);
  const one = new Node('gpt0,gpc0,server_key', TEXT);
  one.change('k', (table, entry) => fill(table, entry, 5, one.now));
  tellChanges(one.shared, one.voice, 10);
  const reader = new FrameReader(16_384);
  const learner = new Learner([shared], new HeardNames());
  for (reader.add(one.voice.writer.take()); reader.next() === 'message';)
    assert.equal(learner.take(reader.type, reader.body, false), true);
  const values = [from, to].map(table => {
    table.key.loadText('k');
    const entry = table.enter(table.now);
    table.leave();
    return [...table.places].map(place =>
      place.type === 'server_key' ? table.text(entry, place) : table.number(entry, place, 0),
    );
  });
  assert.deepEqual(values, [
    [5, 5, 'server5'],
    [5, 0, 'server5'],
  ]);
});

test('acknowledgements of what was never told are passed over', () => {
  const one = new Node('gpc0', TEXT);
  for (let count = 0; count < 3; count++) one.change(`k${count}`, () => undefined);
  tellChanges(one.shared, one.voice, 10);
  for (const wrong of [4, 0x02000000, 0xffffffff]) one.shared.acknowledged(wrong);
  assert.equal(one.shared.update, 0);
  one.shared.acknowledged(2);
  one.shared.acknowledged(1);
  assert.equal(one.shared.update, 2);
});

test('whatever updates are made into, the table and all that is known of the peer stay whole', () => {
  const mutator = new ByteMutator(23);
  const below = randomNumbers(29);
  const [one, two] = [new Node(ALL, TEXT), new Node(ALL, TEXT)];
  const learned = new Set<string>();
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    one.change(`key ${below(50)}`, (table, entry) => fill(table, entry, below(2 ** 31), one.now));
    if (round % 2 === 0) one.voice.current = undefined;
    tellChanges(one.shared, one.voice, 10);
    const reader = new FrameReader(16_384);
    reader.add(mutator.mutate(one.voice.writer.take()));
    while (reader.next() === 'message') {
      const isGood = reader.class !== CLASS.table || two.learner.take(reader.type, reader.body, false);
      if (!isGood) refused++;
      if (!isGood) break;
    }
    two.now = one.now += below(100);
  }
  assert.ok(refused > 100, `${refused} refused`);
  two.table.enterEntry();
  for (let entry = COPY; entry <= two.table.lastEntry; entry++)
    if (two.table.isUsed(entry, two.now)) learned.add(two.table.keyText(entry));
  two.table.leave();
  assert.ok(learned.size > 20 && learned.size <= 100);
  assert.equal(two.used, learned.size);
});
