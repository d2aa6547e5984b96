import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BACKEND_WORD } from '../../src/state/server-words.ts';
import { computeLayout } from '../../src/state/layout.ts';
import { createNumbers } from '../support/placement.ts';
import { backendOf, createState } from '../support/state.ts';

/** Load relative to weight, as HAProxy sorts servers. */
function keyOf(load: number, weight: number): number {
  return load === 0 ? 0 : Math.floor(((load + 1) * 4096) / (weight * 16));
}

test('the heap always knows a least loaded server, whatever is taken and released by whichever thread', () => {
  const weights = [1, 5, 100, 256, 7, 7, 30, 1, 64, 200];
  const made = createState(backendOf('leastconn', ...weights.map(weight => `weight ${weight}`)), 2);
  const states = [made.attach(1), made.attach(2)];
  const number = createNumbers(7);
  const held: { state: number; server: number }[] = [];
  for (let step = 0; step < 5000; step++) {
    const at = number(2);
    const { queues, loads, servers, ...rest } = states[at] as (typeof states)[number];
    if (held.length > 0 && number(held.length + 20) > 20) {
      const [gone] = held.splice(number(held.length), 1) as [(typeof held)[number]];
      states[gone.state]?.queues.release(gone.server);
    } else {
      const usable = (states[at] as (typeof states)[number]).usable(0);
      usable.refresh();
      const avoid = number(5) === 0 ? number(weights.length) : -1;
      const best = loads.best(usable, avoid);
      const keys = weights.map((weight, server) =>
        server === avoid ? Infinity : keyOf(servers.served(server), weight),
      );
      assert.equal(keys[best], Math.min(...keys), `step ${step}`);
      assert.ok(queues.tryTake(best));
      held.push({ state: at, server: best });
    }
    assert.equal(rest.thread, at + 1);
  }
});

test('a change of weight or state is seen by the next look', () => {
  const { control, writer } = createState(backendOf('leastconn', '', '', ''));
  const usable = control.usable(0);
  const look = (): number => {
    usable.refresh();
    return control.loads.best(usable, -1);
  };
  control.queues.tryTake(look());
  control.queues.tryTake(look());
  assert.equal(look(), 2);
  writer.setWeight(2, 0);
  assert.equal(look(), 0);
  writer.setWeight(1, 200);
  assert.equal(look(), 1);
  writer.setWeight(2, 1);
  assert.equal(look(), 2);
});

test('full servers are passed over; when all are full there is none', () => {
  const { control } = createState(backendOf('leastconn', ...Array<string>(50).fill('maxconn 1')));
  const usable = control.usable(0);
  usable.refresh();
  const chosen = new Set<number>();
  for (let index = 0; index < 50; index++) {
    const server = control.loads.best(usable, -1);
    chosen.add(server);
    assert.ok(control.queues.tryTake(server));
  }
  assert.equal(chosen.size, 50);
  assert.equal(control.loads.best(usable, -1), -1);
  control.queues.release(17);
  assert.equal(control.loads.best(usable, -1), 17);
  assert.equal(control.loads.best(usable, 17), 17, 'the one to avoid, when no other has room');
});

test('a lock that is held for long delays nobody, and what was missed is repaired at its end', () => {
  const made = createState(backendOf('leastconn', '', ''), 2);
  const one = made.attach(1);
  const usable = one.usable(0);
  usable.refresh();
  assert.equal(one.loads.best(usable, -1), 0);
  const owner = computeLayout(made.control.plan).backends + BACKEND_WORD.heapOwner;
  const words = new Int32Array(made.control.buffer);
  words[owner] = 3;
  assert.ok(one.queues.tryTake(0));
  assert.equal(one.loads.best(usable, -1), 1, 'found without the heap');
  words[owner] = 0;
  one.queues.tryTake(1);
  one.queues.tryTake(1);
  assert.equal(one.loads.best(usable, -1), 0);
});

test('a thread that dies with the lock leaves a heap that is built anew', () => {
  const made = createState(backendOf('leastconn', '', ''), 2);
  const one = made.attach(1);
  const usable = one.usable(0);
  usable.refresh();
  one.queues.tryTake(one.loads.best(usable, -1));
  const layout = computeLayout(made.control.plan);
  const words = new Int32Array(made.control.buffer);
  words[layout.backends + BACKEND_WORD.heapOwner] = 3;
  words.fill(0, layout.heaps[0], (layout.heaps[0] as number) + 2);
  made.control.recover(2);
  assert.equal(words[layout.backends + BACKEND_WORD.heapOwner], 0);
  assert.equal(one.loads.best(usable, -1), 1);
});
