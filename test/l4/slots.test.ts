/** Schedulers as tables: who gets how many of the next connections, and in which order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planConnections } from '../../src/l4/least-connections.ts';
import { failOver, hashTable, maglevTable, roundRobin, weightedRoundRobin } from '../../src/l4/slots.ts';

function counts(slots: readonly number[], servers: number): number[] {
  return Array.from({ length: servers }, (_, index) => slots.filter(slot => slot === index).length);
}

test('wrr takes turns as the kernel does: A A B A B C A B C for 4, 3 and 2', () => {
  assert.deepEqual(weightedRoundRobin([4, 3, 2]), [0, 0, 1, 0, 1, 2, 0, 1, 2]);
});

test('wrr takes common factors out, and shortens what is too long without losing anybody', () => {
  assert.deepEqual(weightedRoundRobin([200, 100]), [0, 0, 1]);
  const long = counts(weightedRoundRobin([2_147_483_647, 1_073_741_824, 1]), 3);
  assert.deepEqual(long, [683, 341, 1]);
});

test('servers without weight get nothing, and nobody gets anything where no server is', () => {
  assert.deepEqual(roundRobin([1, 0, 3]), [0, 2]);
  assert.deepEqual(weightedRoundRobin([0, 0]), []);
  assert.deepEqual(hashTable([0]), []);
  assert.deepEqual(maglevTable([], []), []);
  assert.deepEqual(failOver([0, 0]), []);
  assert.deepEqual(planConnections('wlc', [{ weight: 0, connections: 0 }]), []);
});

test('fo takes the first of the highest weight', () => {
  assert.deepEqual(failOver([1, 5, 5]), [1]);
});

test('sh fills its 256 places by weight, one server after the other', () => {
  const table = hashTable([1, 3, 0]);
  assert.deepEqual(table.slice(0, 8), [0, 1, 1, 1, 0, 1, 1, 1]);
  assert.equal(table.length, 256);
});

test('mh shares its 251 places by weight, and moves few when a server goes', () => {
  const keys = [900_001, 77_777_777, 123_456];
  const table = maglevTable([1, 1, 1], keys);
  assert.deepEqual(counts(table, 3), [84, 84, 83]);
  const without = maglevTable([1, 1, 0], keys);
  const moved = table.filter((server, slot) => server !== 2 && without[slot] !== server).length;
  assert.ok(moved < 60, `${moved} of 168 moved`);
});

test('lc fills up who has few connections, then takes turns', () => {
  const plan = planConnections('lc', [
    { weight: 1, connections: 10 },
    { weight: 1, connections: 0 },
    { weight: 1, connections: 5 },
  ]);
  assert.deepEqual(plan.slice(0, 7), [1, 1, 1, 1, 1, 1, 2]);
  const [first = 0, second = 0, third = 0] = counts(plan, 3);
  assert.deepEqual([first + 10, second, third + 5], [27, 26, 26]);
});

test('wlc, sed and nq differ where servers are idle', () => {
  const loads = [
    { weight: 1, connections: 0 },
    { weight: 3, connections: 1 },
  ];
  assert.equal(planConnections('wlc', loads)[0], 0);
  assert.equal(planConnections('sed', loads)[0], 1);
  assert.equal(planConnections('nq', loads)[0], 0);
  assert.deepEqual(counts(planConnections('wlc', loads), 2), [17, 47]);
});

test('ovf fills the highest weight up before the next one gets something', () => {
  const plan = planConnections('ovf', [
    { weight: 2, connections: 0 },
    { weight: 3, connections: 0 },
  ]);
  assert.deepEqual(plan.slice(0, 6), [1, 1, 1, 0, 0, 0]);
});

test('of equals another one is the first each time, and a plan is longer than all connections that may be replaced', () => {
  const idle = { weight: 1, connections: 0 };
  assert.deepEqual(planConnections('lc', [idle, idle, idle], 4).slice(0, 4), [1, 2, 0, 1]);
  assert.deepEqual(planConnections('ovf', [idle, idle, idle], 4).slice(0, 1), [0]);
  assert.equal(planConnections('lc', [idle, idle]).length, 64);
  const busy = { weight: 1, connections: 25 };
  assert.deepEqual(counts(planConnections('wlc', [busy, busy]), 2), [100, 100]);
  const many = { weight: 1, connections: 10_000 };
  assert.deepEqual(counts(planConnections('lc', [many, { ...many, connections: 0 }]), 2), [192, 320]);
});
