import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillByEvents, fillByScan, fillMap } from '../../src/balancers/server-map.ts';
import { createNumbers } from '../support/placement.ts';

test('the fast way fills the map as the plain one does', () => {
  const number = createNumbers(3);
  for (let round = 0; round < 300; round++) {
    const weights = Array.from({ length: 1 + number(40) }, () => 1 + number(round % 2 === 0 ? 256 : 5));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (total === 1) continue;
    assert.deepEqual(fillByEvents(weights, total), fillByScan(weights, total), weights.join());
  }
});

test('each server gets exactly as many places as its weight', () => {
  const weights = [10, 20, 5, 1];
  const counts = [0, 0, 0, 0];
  for (const index of fillMap(weights, 36)) counts[index] = (counts[index] as number) + 1;
  assert.deepEqual(counts, weights);
});

test('a map of 4,000 servers with mixed weights is filled in a moment', () => {
  const number = createNumbers(4);
  const weights = Array.from({ length: 4000 }, () => 1 + number(256));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const start = performance.now();
  fillMap(weights, total);
  const elapsed = performance.now() - start;
  assert.ok(elapsed < 2000, `${elapsed} ms; place by place it would be ${total * 4000} steps`);
});
