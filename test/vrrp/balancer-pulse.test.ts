/** When a balancer counts as one that hangs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BalancerPulse } from '../../src/vrrp/process/balancer-pulse.ts';
import { FakeClock } from '../support/fake-vrrp.ts';

function follow(): { clock: FakeClock; pulse: BalancerPulse; changes: boolean[] } {
  const clock = new FakeClock();
  const changes: boolean[] = [];
  const pulse = new BalancerPulse(clock, () => void changes.push(pulse.silent));
  return { clock, pulse, changes };
}

test('nothing is expected where there is no balancer', async () => {
  const { clock, changes } = follow();
  await clock.pass(60_000);
  assert.deepEqual(changes, []);
});

test('a balancer that hangs before its first pulse is silent', async () => {
  const { clock, pulse, changes } = follow();
  pulse.expect();
  await clock.pass(5100);
  assert.deepEqual(changes, [true]);
  pulse.beat();
  assert.deepEqual(changes, [true, false]);
  pulse.stop();
});

test('a balancer is silent after five seconds, not after four, and is not any more with the next pulse', async () => {
  const { clock, pulse, changes } = follow();
  pulse.beat();
  await clock.pass(4000);
  pulse.beat();
  await clock.pass(4900);
  assert.deepEqual(changes, []);
  await clock.pass(200);
  assert.deepEqual(changes, [true]);
  pulse.beat();
  assert.deepEqual(changes, [true, false]);
  pulse.stop();
});

test('a machine that stood still as a whole has no silent balancer', async () => {
  const { clock, pulse, changes } = follow();
  pulse.beat();
  clock.stall(60_000);
  await clock.pass(1000);
  pulse.beat();
  await clock.pass(1000);
  assert.deepEqual(changes, []);
  pulse.stop();
});
