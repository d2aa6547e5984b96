/** Places on servers and the queues before them; two attached states stand for two threads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADMIN_FMAINT } from '../../src/state/server-words.ts';
import type { Waiter } from '../../src/state/local-queue.ts';
import type { SharedState } from '../../src/state/shared-state.ts';
import { backendOf, createState } from '../support/state.ts';

const A = 0;
const B = 1;

function recorder(log: string[], name: string): Waiter {
  return { onSlot: server => void log.push(`${name}:${server}`) };
}

/** Two threads whose grants wait in a box until they are delivered. */
function twoThreads(options: string, servers = 1) {
  const made = createState(backendOf('roundrobin', ...Array<string>(servers).fill(options)), 2);
  const one = made.attach(1);
  const two = made.attach(2);
  const box: (() => void)[] = [];
  const post = (state: SharedState) => (thread: number, server: number, queue: number) => {
    assert.notEqual(thread, state.thread, 'a thread does not write to itself');
    box.push(() => (thread === 1 ? one : two).queues.onGrant(server, queue));
  };
  one.queues.notify = post(one);
  two.queues.notify = post(two);
  made.control.queues.notify = post(made.control);
  const deliver = (): void => {
    for (let next = box.shift(); next !== undefined; next = box.shift()) next();
  };
  return { ...made, one, two, box, deliver };
}

test('places are taken up to maxconn and given to those that wait in their order', () => {
  const { control } = createState(backendOf('roundrobin', 'maxconn 2'));
  const { queues, servers } = control;
  const log: string[] = [];
  assert.ok(queues.tryTake(A));
  assert.ok(queues.tryTake(A));
  assert.ok(!queues.tryTake(A));
  queues.waitForServer(A, recorder(log, 'first'));
  queues.waitForServer(A, recorder(log, 'second'));
  assert.equal(servers.queued(A), 2);
  queues.release(A);
  assert.deepEqual(log, ['first:0']);
  queues.release(A);
  assert.deepEqual(log, ['first:0', 'second:0']);
  queues.release(A);
  queues.release(A);
  assert.equal(servers.served(A), 0);
  assert.equal(servers.queued(A), 0);
});

test('a server without maxconn serves any number', () => {
  const { control } = createState(backendOf('roundrobin', ''));
  for (let taken = 0; taken < 1000; taken++) assert.ok(control.queues.tryTake(A));
  assert.equal(control.servers.served(A), 1000);
});

test('a newcomer does not overtake those that wait', () => {
  const { one, two, box, deliver } = twoThreads('maxconn 1');
  const log: string[] = [];
  assert.ok(one.queues.tryTake(A));
  two.queues.waitForServer(A, recorder(log, 'waits'));
  one.queues.release(A);
  assert.equal(box.length, 1);
  assert.ok(!one.queues.tryTake(A), 'the place is on its way to the other thread');
  deliver();
  assert.deepEqual(log, ['waits:0']);
});

test('a free place goes to the oldest request of all threads', () => {
  const { one, two, deliver } = twoThreads('maxconn 1');
  const log: string[] = [];
  assert.ok(one.queues.tryTake(A));
  two.queues.waitForServer(A, recorder(log, 'two'), 0, -20);
  one.queues.waitForServer(A, recorder(log, 'one'), 0, -10);
  one.queues.release(A);
  deliver();
  two.queues.release(A);
  deliver();
  assert.deepEqual(log, ['two:0', 'one:0']);
});

test('the priority class goes before age, also across threads', () => {
  const { one, two, deliver } = twoThreads('maxconn 1');
  const log: string[] = [];
  assert.ok(one.queues.tryTake(A));
  one.queues.waitForServer(A, recorder(log, 'ordinary'));
  one.queues.waitForServer(A, recorder(log, 'late'), 5);
  two.queues.waitForServer(A, recorder(log, 'urgent'), -5);
  for (const holder of [one, two, one]) {
    holder.queues.release(A);
    deliver();
  }
  assert.deepEqual(log, ['urgent:0', 'ordinary:0', 'late:0']);
});

test('the server queue and the backend queue are served by age', () => {
  const { control } = createState(backendOf('roundrobin', 'maxconn 1'));
  const { queues } = control;
  const log: string[] = [];
  assert.ok(queues.tryTake(A));
  queues.waitForBackend(0, recorder(log, 'backend'), 0, -20);
  queues.waitForServer(A, recorder(log, 'server'), 0, -10);
  queues.release(A);
  assert.deepEqual(log, ['backend:0']);
  queues.release(A);
  assert.deepEqual(log, ['backend:0', 'server:0']);
});

test('whichever server is free first serves the backend queue, a server in maintenance does not', () => {
  const { control, writer } = createState(backendOf('roundrobin', 'maxconn 1', 'maxconn 1'));
  const { queues, servers } = control;
  const log: string[] = [];
  assert.ok(queues.tryTake(A));
  assert.ok(queues.tryTake(B));
  queues.waitForBackend(0, recorder(log, 'x'));
  queues.waitForBackend(0, recorder(log, 'y'));
  writer.setAdmin(A, ADMIN_FMAINT, 0);
  queues.release(A);
  assert.deepEqual(log, []);
  queues.release(B);
  assert.deepEqual(log, ['x:1']);
  writer.setAdmin(A, 0, ADMIN_FMAINT);
  queues.offer(A);
  assert.deepEqual(log, ['x:1', 'y:0']);
  assert.equal(servers.backendQueued(0), 0);
});

test('a place that came free while a request was about to queue is not lost', () => {
  const { control } = createState(backendOf('roundrobin', 'maxconn 1', 'maxconn 1'));
  const log: string[] = [];
  const entry = control.queues.waitForBackend(0, recorder(log, 'x'));
  assert.deepEqual(log, ['x:0']);
  assert.ok(!entry.queued);
});

test('maxqueue refuses to queue more', () => {
  const { one, two } = twoThreads('maxconn 1 maxqueue 2');
  const log: string[] = [];
  assert.ok(one.queues.tryTake(A));
  assert.ok(one.queues.waitForServer(A, recorder(log, 'x')));
  assert.ok(two.queues.waitForServer(A, recorder(log, 'y')));
  assert.equal(one.queues.waitForServer(A, recorder(log, 'z')), undefined);
});

test('a request may leave the middle of the queue; its position is told when it was served', () => {
  const { control } = createState(backendOf('roundrobin', 'maxconn 1'));
  const { queues } = control;
  const log: string[] = [];
  queues.tryTake(A);
  const entries = ['a', 'b', 'c'].map(name => queues.waitForServer(A, recorder(log, name)));
  queues.remove(entries[1] as NonNullable<(typeof entries)[number]>);
  queues.remove(entries[1] as NonNullable<(typeof entries)[number]>);
  assert.equal(control.servers.queued(A), 2);
  queues.release(A);
  queues.release(A);
  assert.deepEqual(log, ['a:0', 'c:0']);
  assert.deepEqual([entries[0]?.position, entries[2]?.position], [1, 2]);
});

test('a grant that finds nobody waiting goes on to the next who does', () => {
  const { one, two, deliver, control } = twoThreads('maxconn 1');
  const log: string[] = [];
  one.queues.tryTake(A);
  const gone = two.queues.waitForServer(A, recorder(log, 'gone'), 0, -20);
  one.queues.waitForServer(A, recorder(log, 'stays'));
  one.queues.release(A);
  two.queues.remove(gone as NonNullable<typeof gone>);
  deliver();
  assert.deepEqual(log, ['stays:0']);
  one.queues.release(A);
  assert.equal(control.servers.served(A), 0);
});

test('two free places reach two requests of another thread at once', () => {
  const { one, two, box, deliver } = twoThreads('maxconn 2');
  const log: string[] = [];
  one.queues.tryTake(A);
  one.queues.tryTake(A);
  two.queues.waitForServer(A, recorder(log, 'x'));
  two.queues.waitForServer(A, recorder(log, 'y'));
  one.queues.release(A);
  one.queues.release(A);
  assert.equal(box.length, 2);
  deliver();
  assert.deepEqual(log, ['x:0', 'y:0']);
});

test('flushing gives the waiting requests back to be balanced again', () => {
  const { control } = createState(backendOf('roundrobin', 'maxconn 1'));
  const { queues, servers } = control;
  queues.tryTake(A);
  queues.waitForServer(A, recorder([], 'x'));
  queues.waitForBackend(0, recorder([], 'y'));
  assert.equal(queues.flushServer(A).length, 1);
  assert.equal(queues.flushBackend(0).length, 1);
  assert.equal(servers.queued(A) + servers.backendQueued(0), 0);
});

test('requests that end as soon as they are served do not nest', () => {
  const { control } = createState(backendOf('roundrobin', 'maxconn 1'));
  const { queues, servers } = control;
  queues.tryTake(A);
  let served = 0;
  const waiter: Waiter = {
    onSlot: server => {
      served++;
      queues.release(server);
    },
  };
  for (let index = 0; index < 20_000; index++) queues.waitForServer(A, waiter);
  queues.release(A);
  assert.equal(served, 20_000);
  assert.equal(servers.served(A), 0);
});

test('a request that gives up between its grant and its turn to be told gives its place back', () => {
  const { control } = createState(backendOf('roundrobin', 'maxconn 1'));
  const { queues, servers } = control;
  const log: string[] = [];
  queues.tryTake(A);
  queues.waitForServer(A, {
    onSlot: server => {
      log.push('first');
      queues.release(server);
      const second = queues.waitForServer(A, recorder(log, 'second'));
      assert.equal(servers.served(A), 1, 'the place is the second one already');
      queues.remove(second as NonNullable<typeof second>);
      assert.equal(servers.served(A), 0);
    },
  });
  queues.release(A);
  assert.deepEqual(log, ['first']);
  assert.ok(queues.tryTake(A));
});

test('with minconn the limit follows the sessions of the backend up to fullconn', () => {
  const { control } = createState(`backend b\n fullconn 100\n server s1 127.0.0.1:80 minconn 10 maxconn 50`);
  const { servers, limits } = control;
  const gate = limits.backend(0);
  const limitAt = (sessions: number): number => {
    while (limits.current(gate) < sessions) limits.enter(gate);
    return servers.dynamicMaxconn(A);
  };
  assert.equal(limitAt(0), 10);
  assert.equal(limitAt(20), 10);
  assert.equal(limitAt(60), 30);
  assert.equal(limitAt(100), 50);
  assert.equal(limitAt(200), 50);
});
