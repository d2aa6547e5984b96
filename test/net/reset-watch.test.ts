import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ResetWatch, type Watched } from '../../src/net/engines/uring/reset-watch.ts';
import { TimerWheel } from '../../src/net/timer-wheel.ts';

function watched(index: number): Watched {
  return { index, serial: 1, fd: 0, watched: false, errorFound: () => undefined };
}

/** Seen by nobody else. */
function addClosed(watch: ResetWatch): WeakRef<Watched> {
  const connection = watched(2);
  watch.add(connection);
  return new WeakRef(connection);
}

test('a connection that is looked at later is not kept in memory for that', async () => {
  let now = 0;
  const wheel = new TimerWheel(() => now);
  const open = watched(1);
  const asked: number[] = [];
  const watch = new ResetWatch(wheel, index => {
    asked.push(index);
    return index === 1 ? open : undefined;
  });
  watch.add(open);
  const closed = addClosed(watch);
  // what a WeakRef has given stays until the end of the task
  await new Promise(resolve => setImmediate(resolve));
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  assert.equal(closed.deref(), undefined);
  now = 1000;
  wheel.advance();
  assert.deepEqual(asked, [1, 2]);
  assert.equal(open.watched, false);
});
