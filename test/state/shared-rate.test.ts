import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SharedRates } from '../../src/state/shared-rate.ts';
import { createState } from '../support/state.ts';

function admit(rates: SharedRates, rate: number, nowMs: number): boolean {
  if (rates.delayMs(rate, nowMs) > 0) return false;
  rates.count(rate, nowMs);
  return true;
}

test('a limited rate admits so many events a second over all threads and says when to come back', () => {
  const made = createState('frontend f\n bind 127.0.0.1:1\n rate-limit sessions 100', 2);
  const one = made.attach(1).rates;
  const two = made.attach(2).rates;
  const rate = one.frontendSessions(0);
  assert.equal(one.limit(rate), 100);
  const start = 5_000_000;
  let admitted = 0;
  for (let index = 0; index < 150; index++) if (admit(index % 2 === 0 ? one : two, rate, start)) admitted++;
  assert.equal(admitted, 100);
  assert.equal(two.perSecond(rate, start), 100);
  assert.ok(one.delayMs(rate, start) >= 1);
  assert.ok(!admit(one, rate, start + 900));

  admitted = 0;
  for (let ms = 1000; ms < 4000; ms += 2) if (admit(one, rate, start + ms)) admitted++;
  assert.ok(admitted >= 280 && admitted <= 320, `100 a second for three seconds: ${admitted}`);
  assert.equal(one.perSecond(rate, start + 9000), 0);
});

test('a rate without a limit admits everything', () => {
  const { control } = createState('frontend f\n bind 127.0.0.1:1');
  for (let index = 0; index < 1000; index++)
    assert.ok(admit(control.rates, control.rates.processConnections, 1_000_000));
});

test('the clock of rates may pass the range of 32 bits', () => {
  const { control } = createState('frontend f\n bind 127.0.0.1:1\n rate-limit sessions 10');
  const { rates } = control;
  const rate = rates.frontendSessions(0);
  const start = 2 ** 31 - 500;
  let admitted = 0;
  for (let ms = 0; ms < 2000; ms += 10) if (admit(rates, rate, start + ms)) admitted++;
  assert.ok(admitted >= 19 && admitted <= 22, `10 a second for two seconds: ${admitted}`);
});
