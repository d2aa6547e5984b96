/** Checks do not all start, or run, at the same moment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spreadDelay, startDelays } from '../../src/health/spread.ts';

const same = (delayMs: number): number => delayMs;

test('four servers with the same interval start a quarter of it apart', () => {
  assert.deepEqual(startDelays([2000, 2000, 2000, 2000], 0, same), [0, 500, 1000, 1500]);
});

test('max-spread-checks limits the time over which all start', () => {
  assert.deepEqual(startDelays([60_000, 60_000], 1000, same), [0, 500]);
});

test('servers checked often start over the interval of the others', () => {
  assert.deepEqual(startDelays([100, 2000], 0, same), [0, 1000]);
  assert.deepEqual(startDelays([100, 100], 0, same), [0, 50]);
});

test('spread-checks varies a pause by its percentage both ways', () => {
  assert.deepEqual(
    [0, 0.5, 1].map(random => spreadDelay(1000, 20, random)),
    [1200, 1000, 800],
  );
});
