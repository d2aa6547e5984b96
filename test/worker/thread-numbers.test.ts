import assert from 'node:assert/strict';
import { test } from 'node:test';
import { threadNumbers } from '../../src/worker/threads/thread-numbers.ts';

test('memory that is allocated and memory that is used are measured together', () => {
  const numbers = threadNumbers({
    node: 'n',
    startTimeMs: 0,
    maxconn: 0,
    nbthread: 1,
    engine: 'node',
    stopping: () => false,
    droppedLogs: () => 0,
  });
  for (let tries = 0; tries < 20; tries++) {
    const began = performance.now();
    const { allocatedBytes } = numbers.memory();
    const more = Buffer.alloc(8 << 20, 'x');
    const { usedBytes, allocatedBytes: later } = numbers.memory();
    assert.ok(more.length > 0 && usedBytes > 0 && usedBytes <= later);
    // a machine that is held up for longer measures anew
    if (performance.now() - began > 500) continue;
    assert.equal(later, allocatedBytes);
    return;
  }
  assert.fail('the machine is too slow');
});
