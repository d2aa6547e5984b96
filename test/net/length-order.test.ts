import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LengthOrder } from '../../src/net/length-order.ts';
import { randomNumbers } from '../support/random-numbers.ts';

test('places are sorted by length, the longest first, equal ones as they came, time after time', () => {
  const random = randomNumbers(5);
  const order = new LengthOrder(128, 1200);
  for (let round = 0; round < 300; round++) {
    const count = random(129);
    const spread = 1 + random(1200);
    const lengths = Uint32Array.from({ length: 128 }, () => 1 + random(spread));
    order.sort(lengths, count);
    const wanted = [...lengths.subarray(0, count).keys()].sort(
      (a, b) => (lengths[b] as number) - (lengths[a] as number) || a - b,
    );
    assert.deepEqual([...order.places.subarray(0, count)], wanted);
  }
});

test('what is longer than is sorted comes first', () => {
  const order = new LengthOrder(4, 10);
  order.sort(Uint32Array.of(3, 70_000, 10, 11), 4);
  assert.deepEqual([...order.places], [1, 3, 2, 0]);
  order.keep(4);
  assert.deepEqual([...order.places], [0, 1, 2, 3]);
});
