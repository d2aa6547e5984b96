import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CounterImage, judgeImage } from '../../src/stats/counter-image.ts';

const NOW = 5000;

test('objects that are forgotten leave their place to others, which are found there', () => {
  const image = new CounterImage(4, 10);
  for (const [index, guid] of ['a', 'b', 'c', 'd'].entries()) image.add('fe', guid, NOW)?.fill(index);
  image.forget('fe', 'a');
  image.forget('be', 'b');
  assert.equal(image.find('fe', 'a', NOW), undefined);
  for (const [index, guid] of ['b', 'c', 'd'].entries())
    assert.equal(image.find('fe', guid, NOW)?.at(-1), index + 1);
});

test('what was written is read again: objects of both sides, and who is there', () => {
  const written = new CounterImage(2, 10);
  const guid = 'g'.repeat(127);
  written.arrive(7, NOW);
  written.add('fe', guid, NOW)?.fill(1);
  written.add('be', guid, NOW)?.fill(2);
  assert.equal(judgeImage(written.bytes), 'good');
  const read = new CounterImage(0, 10, written.bytes);
  assert.deepEqual(
    [read.find('fe', guid, NOW)?.[0], read.find('be', guid, NOW)?.[0], read.add('fe', 'more', NOW)],
    [1, 2, undefined],
  );
  assert.deepEqual([read.hasOthers(7, NOW), read.hasOthers(8, NOW)], [false, true]);
  read.leave(7);
  assert.equal(read.hasOthers(8, NOW), false);
  assert.equal(judgeImage(written.bytes.subarray(0, -1)), 'broken');
});
