import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CheckSlots, checkSlots } from '../../src/health/check-slots.ts';

test('checks that end as soon as they begin do not stack up', () => {
  const slots = new CheckSlots(1);
  const holder = { roomAgain: () => undefined };
  assert.equal(slots.take(holder), true);
  let begun = 0;
  for (let index = 0; index < 50_000; index++) {
    const check = {
      roomAgain: () => {
        begun++;
        slots.give();
      },
    };
    assert.equal(slots.take(check), false);
  }
  slots.give();
  assert.equal(begun, 50_000);
  assert.equal(slots.take(holder), true);
});

test('who left the line is not called, and without a limit there is no line', () => {
  const slots = new CheckSlots(1);
  const called: string[] = [];
  const check = (name: string) => ({ roomAgain: () => void called.push(name) });
  const [first, second, third] = [check('first'), check('second'), check('third')];
  slots.take(first);
  slots.take(second);
  slots.take(third);
  assert.equal(slots.isWaiting(second), true);
  slots.leave(second);
  slots.give();
  assert.deepEqual(called, ['third']);
  assert.equal(checkSlots('0', 4), undefined);
  assert.equal(checkSlots(undefined, 4), undefined);
});
