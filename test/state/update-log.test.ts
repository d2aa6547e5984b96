/** The log of changes that peers are told of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEADER } from '../../src/state/stick-table/layout.ts';
import { UpdateLog } from '../../src/state/stick-table/update-log.ts';

const PLACES = { numbers: 16, log: 32, logMask: 15 };

function logFrom(update: number): { log: UpdateLog; words: Int32Array } {
  const words = new Int32Array(new SharedArrayBuffer(4 * 64));
  words[HEADER.update] = words[HEADER.told] = update;
  return { log: new UpdateLog(words, PLACES), words };
}

test('numbers of changes go round, and 0 is none of them', () => {
  const { log } = logFrom(-2);
  const numbers = [1, 2, 3].map(entry => {
    log.note(entry);
    return log.of(entry);
  });
  assert.deepEqual(numbers, [0xffffffff, 1, 2]);
  assert.deepEqual(
    [0xffffffff, 0, 1, 2].map(number => log.entryOf(number)),
    [1, 0, 2, 3],
  );
  assert.equal(log.last, 2);
  log.told(0xffffffff);
  log.note(1);
  assert.equal(log.of(1), 3);
  assert.equal(log.entryOf(0xffffffff), 0);
});

test('a change nobody was told of keeps its number, also when others were told of later ones', () => {
  const { log } = logFrom(0);
  log.note(5);
  log.note(5);
  assert.equal(log.of(5), 1);
  log.told(1);
  log.note(5);
  assert.equal(log.of(5), 2);
  log.note(6);
  log.told(3);
  log.told(1);
  log.note(6);
  assert.equal(log.of(6), 4);
});

test('an entry that is gone has no changes any more', () => {
  const { log } = logFrom(0);
  log.note(5);
  log.forget(5);
  assert.equal(log.entryOf(1), 0);
  assert.equal(log.isLost(0), false);
  for (let count = 0; count < 16; count++) {
    log.note(5);
    log.told(log.last);
  }
  assert.equal(log.isLost(0), true);
});

test('who waits is woken by the next change', async () => {
  const { log, words } = logFrom(0);
  const next = log.next();
  assert.equal(words[HEADER.waiting], 1);
  setImmediate(() => log.note(1));
  assert.equal(await next, 'ok');
  assert.equal(words[HEADER.waiting], 0);
});
