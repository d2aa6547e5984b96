/** The heap of dates, with a clock of the test's own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scheduled, Scheduler, TimerAlarm, type Alarm } from '../../src/health/scheduler.ts';
import { randomNumbers } from '../support/random-numbers.ts';

class FakeAlarm implements Alarm {
  time = 0;
  at = Infinity;
  #ring: (() => void) | undefined;

  now(): number {
    return this.time;
  }
  set(atMs: number, ring: () => void): void {
    this.at = atMs;
    this.#ring = ring;
  }
  /** Lets time pass up to a date, ringing when it has to. */
  until(time: number): void {
    while (this.at <= time) {
      this.time = Math.max(this.time, this.at);
      this.#ring?.();
    }
    this.time = time;
  }
}

function scheduled(order: string[], name: string): Scheduled {
  return new Scheduled(() => void order.push(name));
}

test('what is due runs in the order of its dates, and never early', () => {
  const alarm = new FakeAlarm();
  const scheduler = new Scheduler(alarm);
  const order: string[] = [];
  for (const delay of [50, 10, 40, 20, 30]) scheduler.after(delay, scheduled(order, String(delay)));
  alarm.until(9);
  assert.deepEqual(order, []);
  alarm.until(30);
  assert.deepEqual(order, ['10', '20', '30']);
  alarm.until(100);
  assert.deepEqual(order, ['10', '20', '30', '40', '50']);
  assert.equal(alarm.at, Infinity, 'nothing is left to ring for');
});

test('who is scheduled again moves, and who is cancelled does not run', () => {
  const alarm = new FakeAlarm();
  const scheduler = new Scheduler(alarm);
  const order: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map(name => scheduled(order, name)) as [Scheduled, Scheduled, Scheduled];
  scheduler.after(10, a);
  scheduler.after(20, b);
  scheduler.after(30, c);
  scheduler.after(40, a);
  scheduler.after(5, c);
  scheduler.cancel(b);
  alarm.until(100);
  assert.deepEqual(order, ['c', 'a']);
  assert.equal(scheduler.size, 0);
});

test('a task may schedule itself, and others, while it runs', () => {
  const alarm = new FakeAlarm();
  const scheduler = new Scheduler(alarm);
  let runs = 0;
  const again: Scheduled = new Scheduled(() => {
    if (++runs < 5) scheduler.after(10, again);
  });
  scheduler.after(10, again);
  alarm.until(1000);
  assert.equal(runs, 5);
});

test('thousands of random dates, moved and cancelled, come in order', () => {
  const alarm = new FakeAlarm();
  const scheduler = new Scheduler(alarm);
  const random = randomNumbers(7);
  const dates: number[] = [];
  const all = Array.from({ length: 3000 }, () => new Scheduled(() => void dates.push(alarm.time)));
  for (const one of all) scheduler.after(random(5000), one);
  for (const one of all) if (random(2) === 0) scheduler.after(random(5000), one);
  const cancelled = all.filter(() => random(5) === 0);
  for (const one of cancelled) scheduler.cancel(one);
  alarm.until(5000);
  assert.equal(dates.length, all.length - cancelled.length);
  assert.deepEqual(
    dates,
    dates.toSorted((a, b) => a - b),
  );
});

test('what is due right behind a ring waits for the next one, and runs with what is due by then', async () => {
  const alarm = new TimerAlarm(() => 1000);
  const ring = (atMs: number): Promise<number> =>
    new Promise(resolve => alarm.set(atMs, () => resolve(alarm.now())));
  const first = await ring(alarm.now());
  const second = await ring(first + 1);
  // timers count whole milliseconds
  assert.ok(second - first > 24, `${second - first} ms`);
});
