import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TICK_MS, Timer, TimerWheel } from '../../src/net/timer-wheel.ts';

class FakeClock {
  now = 12_345.6;
  readonly read = (): number => this.now;
}

function setUp(): { clock: FakeClock; wheel: TimerWheel; fired: string[]; timer: (name: string) => Timer } {
  const clock = new FakeClock();
  const wheel = new TimerWheel(clock.read);
  const fired: string[] = [];
  return { clock, wheel, fired, timer: name => new Timer(() => fired.push(name)) };
}

test('a timer fires never early and at most one tick late', () => {
  for (const delay of [0.1, 1, 5, 9.9, 10, 10.1, 25, 400, 41_000, 100_000]) {
    const { clock, wheel, fired, timer } = setUp();
    wheel.set(timer('x'), delay);
    const due = clock.now + delay;
    while (fired.length === 0) {
      clock.now += 0.7;
      wheel.advance();
      if (clock.now < due) assert.deepEqual(fired, [], `${delay} ms: early`);
      assert.ok(clock.now < due + TICK_MS + 0.8, `${delay} ms: late`);
    }
    assert.equal(wheel.linked, 0);
    assert.equal(wheel.wakeAt, Infinity);
  }
});

test('a timer that is set again fires at its last deadline only, later or earlier', () => {
  const { clock, wheel, fired, timer } = setUp();
  const a = timer('a');
  const b = timer('b');
  wheel.set(a, 50);
  wheel.set(a, 500);
  wheel.set(b, 500);
  wheel.set(b, 50);
  clock.now += 65;
  wheel.advance();
  assert.deepEqual(fired, ['b']);
  clock.now += 430;
  wheel.advance();
  assert.deepEqual(fired, ['b']);
  clock.now += 20;
  wheel.advance();
  assert.deepEqual(fired, ['b', 'a']);
});

test('a cleared or removed timer does not fire, and 0 and Infinity clear', () => {
  const { clock, wheel, fired, timer } = setUp();
  const timers = ['a', 'b', 'c', 'd'].map(timer) as [Timer, Timer, Timer, Timer];
  for (const each of timers) wheel.set(each, 30);
  wheel.clear(timers[0]);
  wheel.remove(timers[1]);
  wheel.set(timers[2], 0);
  wheel.set(timers[3], Infinity);
  assert.equal(wheel.linked, 3);
  clock.now += 100;
  wheel.advance();
  assert.deepEqual(fired, []);
  assert.equal(wheel.linked, 0);
});

test('a timer that expires may remove, clear and set others of the same slot, and itself', () => {
  const { clock, wheel, fired } = setUp();
  const timers: Timer[] = [];
  const again = new Timer(() => {
    fired.push('again');
    if (fired.length < 3) wheel.set(again, 15);
  });
  for (let i = 0; i < 10; i++)
    timers.push(
      new Timer(() => {
        fired.push(`t${i}`);
        for (const [j, other] of timers.entries()) if (j !== i) wheel.remove(other);
      }),
    );
  for (const timer of timers) wheel.set(timer, 20);
  wheel.set(again, 20);
  clock.now += 35;
  wheel.advance();
  assert.equal(fired.filter(name => name.startsWith('t')).length, 1);
  assert.equal(fired.filter(name => name === 'again').length, 1);
  assert.equal(wheel.linked, 1);
  clock.now += 30;
  wheel.advance();
  assert.equal(fired.filter(name => name === 'again').length, 2);
});

test('timers survive a long stop of the process', () => {
  const { clock, wheel, fired, timer } = setUp();
  wheel.set(timer('short'), 20);
  wheel.set(timer('long'), 3_600_000);
  clock.now += 1_000_000;
  wheel.advance();
  assert.deepEqual(fired, ['short']);
  clock.now += 2_600_020;
  wheel.advance();
  assert.deepEqual(fired, ['short', 'long']);
});

test('the wheel asks to be woken for its nearest timer, and not at all when nothing is linked', () => {
  const clock = new FakeClock();
  const wakes: number[] = [];
  const wheel = new TimerWheel(clock.read, { wake: at => wakes.push(at) });
  const a = new Timer(() => undefined);
  const b = new Timer(() => undefined);
  wheel.set(a, 5000);
  wheel.set(b, 100);
  wheel.set(b, 200);
  assert.equal(wakes.length, 2, 'a, then the earlier b; a later b is no news');
  assert.ok(wheel.wakeAt >= clock.now + 100 && wheel.wakeAt <= clock.now + 100 + TICK_MS);
  clock.now += 111;
  wheel.advance();
  assert.ok(wheel.wakeAt >= clock.now + 89 && wheel.wakeAt <= clock.now + 89 + TICK_MS);
  wheel.remove(a);
  wheel.remove(b);
  clock.now += 200;
  wheel.advance();
  assert.equal(wheel.wakeAt, Infinity);
});

test('against a plain list of deadlines, 20,000 random steps give the same timers', () => {
  const { clock, wheel } = setUp();
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed % below;
  };
  const deadlines = new Map<number, number>();
  const timers = Array.from(
    { length: 200 },
    (_, i) =>
      new Timer(() => {
        const deadline = deadlines.get(i);
        assert.ok(deadline !== undefined && deadline <= clock.now, `timer ${i} fired early or unset`);
        deadlines.delete(i);
      }),
  );
  for (let step = 0; step < 20_000; step++) {
    const i = random(timers.length);
    const timer = timers[i] as Timer;
    const action = random(10);
    if (action < 6) {
      const delay = 1 + random(random(20) === 0 ? 100_000 : 800);
      wheel.set(timer, delay);
      deadlines.set(i, wheel.now + delay);
    } else if (action < 8) {
      if (action === 6) wheel.clear(timer);
      else wheel.remove(timer);
      deadlines.delete(i);
    } else {
      clock.now += random(random(100) === 0 ? 60_000 : 30);
      wheel.advance();
      for (const [left, deadline] of deadlines)
        assert.ok(deadline > clock.now - TICK_MS, `timer ${left} is overdue`);
    }
  }
});
