import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamTable } from '../../src/http2/stream-table.ts';
import { Stream } from '../../src/http2/stream.ts';

const stream = (id: number): Stream => new Stream(id, 0, 0);

test('streams are found by their numbers, those of either side', () => {
  const table = new StreamTable();
  const streams = [1, 3, 5, 2, 4].map(stream);
  for (const one of streams) table.add(one);
  assert.equal(table.size, 5);
  for (const one of streams) assert.equal(table.get(one.id), one);
  assert.equal(table.get(7), undefined);
});

test('one that stays for thousands of others is still found, as are those that come to its place', () => {
  const table = new StreamTable();
  const patient = stream(1);
  table.add(patient);
  for (let id = 3; id < 9000; id += 2) {
    const next = stream(id);
    table.add(next);
    assert.equal(table.get(id), next);
    assert.equal(table.get(1), patient);
    table.remove(next);
    assert.equal(table.get(id), undefined);
  }
  assert.equal(table.size, 1);
  table.remove(patient);
  assert.deepEqual([table.size, table.get(1), [...table]], [0, undefined, []]);
});

test('more than have a place of their own are told in the order of their numbers', () => {
  const table = new StreamTable();
  const streams = Array.from({ length: 500 }, (_, index) => stream(2 * index + 1));
  for (const one of [...streams].reverse()) table.add(one);
  assert.equal(table.size, 500);
  assert.deepEqual([...table], streams);
  for (const one of streams) assert.equal(table.get(one.id), one);
});

test('one that is gone before its turn is not told', () => {
  const table = new StreamTable();
  const [first, second, far] = [stream(1), stream(3), stream(129)] as const;
  for (const one of [first, second, far]) table.add(one);
  const told: number[] = [];
  for (const one of table) {
    told.push(one.id);
    if (one === first) table.remove(far);
    if (one === first) table.remove(second);
  }
  assert.deepEqual(told, [1]);
  assert.equal(table.size, 1);
});
