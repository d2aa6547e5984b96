/** What targets ask of `mode haterm`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_WISHES, readWishes, type Wishes } from '../../../src/proxy/haterm/wishes.ts';

function wishes(target: string): Wishes | 'help' {
  return readWishes(target, () => 0.5);
}

test('every argument is read, with multiples and random parts', () => {
  assert.deepEqual(wishes('/?s=20k&r=404&c=0&A=1&K=1&t=700&k=1&R=1'), {
    size: 20_480,
    status: 404,
    cacheable: false,
    answersFirst: true,
    keepAlive: true,
    waitMs: 700,
    chunked: true,
    random: true,
  });
  assert.deepEqual(wishes('/?s=1mr;C=1'), { ...NO_WISHES, size: 524_288, keepAlive: false });
  assert.deepEqual(wishes('/?K=0'), { ...NO_WISHES, keepAlive: false });
  assert.deepEqual(wishes('/?C=0'), { ...NO_WISHES, keepAlive: true });
});

test('any separator will do, the last word counts, and what nobody knows is passed over', () => {
  assert.deepEqual(wishes('/a/b?s=1?s=2,x=3/s=4;S=9&t=&r=abc&s=5x'), { ...NO_WISHES, size: 4 });
});

test('numbers beyond all bounds stay within them', () => {
  const { size, waitMs } = wishes('/?s=99999999999999999999g&t=99999999999g') as Wishes;
  assert.equal(size, Number.MAX_SAFE_INTEGER);
  assert.equal(waitMs, 2 ** 31 - 1);
  assert.equal((wishes('/?s=-5') as Wishes).size, 0);
});

test('an empty query asks how to ask, none asks for nothing', () => {
  assert.equal(wishes('/?'), 'help');
  assert.deepEqual(wishes('/'), NO_WISHES);
});
