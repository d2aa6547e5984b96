/** The numbers of random(3) of the C library, which were taken from it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../src/config-parser/keepalived/seeded-random.ts';

test('a seed gives the numbers of the C library', () => {
  const OF_C: Readonly<Record<number, readonly number[]>> = {
    0: [1804289383, 846930886, 1681692777, 1714636915, 1957747793],
    1: [1804289383, 846930886, 1681692777, 1714636915, 1957747793],
    42: [71876166, 708592740, 1483128881, 907283241, 442951012],
    4000000000: [1111130805, 1380198982, 1306113867, 1557021840, 1956528986],
  };
  for (const [seed, numbers] of Object.entries(OF_C)) {
    const random = seededRandom(Number(seed));
    assert.deepEqual(
      numbers.map(() => random()),
      numbers,
      seed,
    );
  }
  const later = seededRandom(42);
  for (let skipped = 0; skipped < 105; skipped++) later();
  assert.equal(later(), 282190198);
});
