/** On which tries `option redispatch` lets a request leave its server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayRedispatch } from '../../src/proxy/server/redispatch.ts';
import type { BackendRuntime } from '../../src/proxy/runtime/runtime.ts';
import type { Transaction } from '../../src/proxy/transaction.ts';

/** The tries, of `retries`, that may go elsewhere. */
function triesElsewhere(
  redispatchAfter: number,
  retries: number,
  { isRoundRobin = false, isBound = false, isRunning = true, isForced = false } = {},
  retriesAllowed?: number,
): number[] {
  const backend = {
    config: { redispatchAfter, retries },
    isRoundRobin,
    activeServers: () => 2,
    forcesPersistence: () => isForced,
  } as unknown as BackendRuntime;
  const transaction = { retriesAllowed } as unknown as Transaction;
  const allowed = retriesAllowed ?? retries;
  const tries = Array.from({ length: allowed }, (_, index) => index + 1);
  return tries.filter(tried => mayRedispatch(backend, transaction, { isBound, isRunning }, allowed - tried));
}

test('a positive interval counts from the first try, a negative one is so long that as many are left behind it', () => {
  assert.deepEqual(triesElsewhere(0, 3), []);
  assert.deepEqual(triesElsewhere(1, 3), [1, 2, 3]);
  assert.deepEqual(triesElsewhere(2, 5), [2, 4]);
  assert.deepEqual(triesElsewhere(-1, 3), [3]);
  assert.deepEqual(triesElsewhere(-1, 1), [1]);
  assert.deepEqual(triesElsewhere(-2, 3), [2]);
  assert.deepEqual(triesElsewhere(-2, 6), [5]);
  assert.deepEqual(triesElsewhere(-5, 3), [1, 2, 3], 'more than there are');
});

test('nothing holds a request at a server that is down or warming up, unless redispatching is off', () => {
  assert.deepEqual(triesElsewhere(-1, 3, { isBound: true, isRunning: false }), [1, 2, 3]);
  assert.deepEqual(triesElsewhere(0, 3, { isRunning: false }), []);
});

test('a request that no persistence holds leaves at once where any server will do', () => {
  assert.deepEqual(triesElsewhere(-1, 3, { isRoundRobin: true }), [1, 2, 3]);
  assert.deepEqual(triesElsewhere(-1, 3, { isRoundRobin: true, isBound: true }), [3]);
});

test('a rule about retries changes which one is the last', () => {
  assert.deepEqual(triesElsewhere(-1, 3, {}, 5), [5]);
  assert.deepEqual(triesElsewhere(1, 3, {}, 0), []);
});

test('force-persist holds a request', () => {
  assert.deepEqual(triesElsewhere(1, 3, { isForced: true }), []);
});
