/** The protocol between peers: integers, messages out of a stream, the handshake, definitions, names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStore } from '../../src/config-parser/haproxy/stick-store.ts';
import type { StickStore } from '../../src/model/stick-table.ts';
import {
  definitionRoom,
  readDefinition,
  typeBits,
  writeDefinition,
  type TableDefinition,
} from '../../src/peers/definition.ts';
import { HeardNames, SentNames } from '../../src/peers/dictionary.ts';
import { FrameReader } from '../../src/peers/frames.ts';
import { HelloReader, LineTaker, readStatus, renderHello } from '../../src/peers/hello.ts';
import { MessageWriter } from '../../src/peers/message-writer.ts';
import { WireReader, writeVarint } from '../../src/peers/varint.ts';
import { CLASS, CONTROL, STATUS, TABLE } from '../../src/peers/wire.ts';
import { ByteMutator } from '../support/mutated-bytes.ts';
import { randomNumbers } from '../support/random-numbers.ts';

function encoded(value: number): string {
  const bytes = Buffer.alloc(12);
  return bytes.toString('hex', 0, writeVarint(bytes, 0, value));
}

/** As peers.txt says it, with integers of 64 bits. */
function reference(value: bigint): string {
  if (value < 0xf0n) return Buffer.from([Number(value)]).toString('hex');
  const bytes = [Number((value & 0xffn) | 0xf0n)];
  let rest = (value - 0xf0n) >> 4n;
  for (; rest >= 0x80n; rest = (rest - 0x80n) >> 7n) bytes.push(Number((rest & 0xffn) | 0x80n));
  return Buffer.from([...bytes, Number(rest)]).toString('hex');
}

function decoded(hex: string): { value: number; left: number; failed: boolean } {
  const bytes = Buffer.from(hex, 'hex');
  const reader = new WireReader().from(bytes, 0, bytes.length);
  const value = reader.varint();
  return { value, left: reader.left, failed: reader.failed };
}

test('integers are encoded as the protocol says, at every border of length', () => {
  assert.equal(encoded(0x1234), 'f49401');
  const borders = [0, 0xef, 0xf0, 2287, 2288, 264_431, 264_432, 33_818_863, 33_818_864, 4_328_786_160];
  for (const value of [...borders, 2 ** 32 - 1, 2 ** 53 - 1]) {
    assert.equal(encoded(value), reference(BigInt(value)), String(value));
    assert.deepEqual(decoded(encoded(value)), { value, left: 0, failed: false });
  }
});

test('any integer comes back as it was', () => {
  const below = randomNumbers(7);
  for (let count = 0; count < 20_000; count++) {
    const value = (below(2 ** 31) % 2 ** below(32)) + (below(4) === 0 ? below(2 ** 21) * 2 ** 32 : 0);
    assert.equal(encoded(value), reference(BigInt(value)), String(value));
    assert.equal(decoded(encoded(value)).value, value);
  }
});

test('an integer that is cut off, or never ends, is a failure and not a number', () => {
  for (const hex of ['', 'f0', 'f480', 'ff'.repeat(11)]) assert.equal(decoded(hex).failed, true, hex);
});

test('messages come out of a stream the same, however it is cut', () => {
  const writer = new MessageWriter();
  const bodies = [0, 1, 239, 240, 300, 2287, 2288, 9000];
  for (const length of bodies) {
    writer.message(
      CLASS.table,
      TABLE.update,
      length,
      (target, at) => target.fill(length, at, at + length) && at + length,
    );
    writer.plain(CLASS.control, CONTROL.heartbeat);
  }
  const bytes = writer.take();
  const below = randomNumbers(3);
  for (let round = 0; round < 50; round++) {
    const reader = new FrameReader(16_384);
    const seen: number[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + 1 + below(round < 10 ? 5 : 4000));
      reader.add(bytes.subarray(at, end));
      for (at = end; reader.next() === 'message';) {
        const { left, at: start, bytes: held } = reader.body;
        if (reader.class === CLASS.table) seen.push(left);
        if (left > 0) assert.ok(held.subarray(start, start + left).every(byte => byte === (left & 0xff)));
      }
    }
    assert.deepEqual(seen, bodies);
  }
});

test('a message longer than can be is told apart from one whose length has no end', () => {
  const outsized = new FrameReader(100);
  outsized.add(Buffer.concat([Buffer.from([CLASS.table, TABLE.update]), Buffer.from(encoded(101), 'hex')]));
  assert.equal(outsized.next(), 'outsized');
  const malformed = new FrameReader(100);
  malformed.add(Buffer.from([CLASS.table, TABLE.update, ...Array.from({ length: 10 }, () => 0xff)]));
  assert.equal(malformed.next(), 'malformed');
});

function answerTo(lines: readonly string[]): unknown {
  const reader = new HelloReader('here', name => name === 'there');
  for (const line of lines) {
    const said = reader.take(line);
    if (said !== undefined) return said;
  }
  return undefined;
}

test('each line of a hello that is wrong has its own status', () => {
  const hello = (first: string, second = 'here', third = 'there 12 1'): unknown =>
    answerTo([first, second, third]);
  assert.deepEqual(hello('HAProxyS 2.1'), { from: 'there', minorVersion: 1 });
  assert.deepEqual(hello('HAProxyS 2.0'), { from: 'there', minorVersion: 0 });
  assert.equal(hello('GET / HTTP/1.1'), STATUS.protocolError);
  for (const version of ['2.2', '3.0', '1.9', '2', '2.1x', ''])
    assert.equal(hello(`HAProxyS ${version}`), STATUS.badVersion);
  assert.equal(hello('HAProxyS 2.1', 'elsewhere'), STATUS.localMismatch);
  assert.equal(hello('HAProxyS 2.1', 'here', 'nobody 1 1'), STATUS.remoteMismatch);
  assert.equal(hello('HAProxyS 2.1', 'here', 'there'), STATUS.protocolError);
});

test('lines of the handshake end with a line feed, and may have a carriage return before it', () => {
  const lines = new LineTaker();
  const hello = renderHello({ to: 'B', from: 'A', pid: 3, minorVersion: 1 });
  lines.add(Buffer.from(hello.slice(0, 5)));
  assert.equal(lines.line(), undefined);
  lines.add(Buffer.from(`${hello.slice(5)}200\r\nrest`));
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => lines.line()),
    ['HAProxyS 2.1', 'B', 'A 3 1', '200', undefined],
  );
  assert.equal(lines.rest.toString(), 'rest');
  lines.add(Buffer.alloc(2000, 'a'));
  assert.equal(lines.line(), false);
  assert.deepEqual(['200', '504', 'what'].map(readStatus), [200, 504, STATUS.none]);
});

function stores(text: string): StickStore[] {
  return text.split(' ').map(one => parseStore(one) as StickStore);
}

const DEFINITION: TableDefinition = {
  id: 300,
  name: '/table',
  keyType: 6,
  keyLength: 33,
  expireMs: 3_600_000,
  types: 0,
  stores: stores(
    'server_id gpc0_rate(10s) conn_cur bytes_out_cnt server_key gpt(3) gpc(2) gpc_rate(4,1m) glitch_rate(5s)',
  ),
};

function written(definition: TableDefinition): Buffer {
  const bytes = Buffer.alloc(definitionRoom(definition.name));
  return bytes.subarray(0, writeDefinition(bytes, 0, definition));
}

test('a definition comes back with every type, array and period', () => {
  const body = written(DEFINITION);
  const read = readDefinition(new WireReader().from(body, 0, body.length));
  assert.deepEqual(read, { ...DEFINITION, types: typeBits(DEFINITION.stores) });
});

test('a definition of an old node has no periods, and cannot have arrays', () => {
  const bytes = Buffer.alloc(100);
  const write = (types: number): WireReader => {
    let at = writeVarint(bytes, 0, 1);
    at = writeVarint(bytes, at, 1);
    at += bytes.write('t', at);
    for (const value of [4, 4, types]) at = writeVarint(bytes, at, value);
    return new WireReader().from(bytes, 0, at);
  };
  const plain = stores('gpc0 conn_rate(1s)').map(store => ({ ...store, periodMs: 0 }));
  const read = readDefinition(write(typeBits(plain)));
  assert.ok(typeof read === 'object' && 'stores' in read);
  assert.deepEqual(read.stores, plain);
  assert.deepEqual(readDefinition(write(typeBits(stores('gpt(1)')))), { useless: 't' });
});

test('whatever a definition is made into, reading it ends with an answer', () => {
  const mutator = new ByteMutator(11);
  const body = written(DEFINITION);
  for (let count = 0; count < 20_000; count++) {
    const bytes = mutator.mutate(body);
    const read = readDefinition(new WireReader().from(bytes, 0, bytes.length));
    assert.ok(
      read === 'malformed' || 'useless' in read || read.stores.every(({ count: many }) => many <= 100),
    );
  }
});

test('a name is told once and called by its number until 128 newer ones have come', () => {
  const sent = new SentNames();
  const heard = new HeardNames();
  const below = randomNumbers(5);
  for (let count = 0; count < 5000; count++) {
    const name = `s${below(count < 2000 ? 100 : 200)}`;
    const number = sent.numberOf(name);
    if (number < 0) heard.set(-number, name);
    assert.equal(heard.get(Math.abs(number)), name);
    assert.ok(Math.abs(number) >= 1 && Math.abs(number) <= 128);
  }
  assert.ok(new SentNames().numberOf('x') === -1);
});
