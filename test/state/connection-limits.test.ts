import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createState } from '../support/state.ts';

test('a thread that stops accepting at a limit is told when another thread gives a place back', () => {
  const made = createState('frontend f\n bind 127.0.0.1:1\n maxconn 2', 2);
  const one = made.attach(1).limits;
  const two = made.attach(2).limits;
  const gate = one.frontend(0);
  assert.ok(one.tryEnter(gate));
  assert.ok(!one.full(gate));
  assert.ok(one.tryEnter(gate));
  assert.ok(two.full(gate), 'the second thread pauses, it has been refused nothing');
  assert.ok(one.leave(gate), 'whoever leaves tells the others');
  assert.ok(!two.full(gate));
  assert.ok(!one.leave(gate), 'and says it once');
});
