/** Real threads contending for the same places; and one that dies. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { QueueJob } from '../support/queue-worker.ts';
import { backendOf, createState, type TestState } from '../support/state.ts';

interface Message {
  readonly kind: 'grant' | 'done' | 'keeps';
  readonly thread: number;
  readonly server: number;
  readonly queue: number;
}

class Threads {
  readonly seen = new SharedArrayBuffer(8);
  readonly #made: TestState;
  readonly #workers = new Map<number, Worker>();

  constructor(t: TestContext, made: TestState) {
    this.#made = made;
    made.control.queues.notify = (thread, server, queue) =>
      this.#workers.get(thread)?.postMessage({ server, queue });
    t.after(() => Promise.all([...this.#workers.values()].map(worker => worker.terminate())));
  }

  start(thread: number, options: Pick<QueueJob, 'jobs' | 'atOnce' | 'anyServer' | 'keeps'>): Worker {
    const { buffer, plan } = this.#made.control;
    const workerData: QueueJob = { buffer, plan, thread, seen: this.seen, ...options };
    const worker = new Worker(new URL('../support/queue-worker.js', import.meta.url), { workerData });
    this.#workers.set(thread, worker);
    worker.on('message', ({ kind, ...grant }: Message) => {
      if (kind === 'grant') this.#workers.get(grant.thread)?.postMessage(grant);
    });
    return worker;
  }

  get mostAtOnce(): number {
    return new Int32Array(this.seen)[1] as number;
  }
}

/** Resolves at the nth message of that kind. */
async function heard(worker: Worker, kind: Message['kind'], times = 1): Promise<void> {
  for (let left = times; left > 0;) {
    const [message] = (await once(worker, 'message')) as [Message];
    if (message.kind === kind) left--;
  }
}

for (const anyServer of [false, true])
  test(`two threads never take more than maxconn places, and all requests are served (${anyServer ? 'backend' : 'server'} queue)`, async t => {
    const made = createState(backendOf('roundrobin', 'maxconn 3'), 2);
    const threads = new Threads(t, made);
    const work = { jobs: 20_000, atOnce: 10, anyServer, keeps: false };
    const workers = [1, 2].map(thread => threads.start(thread, work));
    await Promise.all(workers.map(worker => heard(worker, 'done')));
    const { servers, limits } = made.control;
    assert.equal(threads.mostAtOnce, 3);
    assert.equal(servers.served(0), 0);
    assert.equal(servers.queued(0) + servers.backendQueued(0), 0);
    assert.equal(limits.current(limits.backend(0)), 0);
  });

test('a dead thread gives back its places, its connections and its turn in the queue', async t => {
  const made = createState(backendOf('leastconn', 'maxconn 4'), 2);
  const { servers, limits } = made.control;
  const threads = new Threads(t, made);
  const dying = threads.start(1, { jobs: 10, atOnce: 10, anyServer: false, keeps: true });
  await heard(dying, 'keeps', 4);
  assert.equal(servers.served(0), 4);
  assert.equal(servers.queued(0), 6);
  assert.equal(limits.current(limits.backend(0)), 10);

  const living = threads.start(2, { jobs: 8, atOnce: 8, anyServer: false, keeps: false });
  const done = heard(living, 'done');
  await dying.terminate();
  made.control.recover(1);
  await done;
  assert.equal(servers.served(0), 0);
  assert.equal(servers.queued(0), 0);
  assert.equal(limits.current(limits.backend(0)), 0);
});

test('a connection limit holds exactly across threads', async t => {
  const made = createState(backendOf('roundrobin', ''), 2);
  const { limits } = made.control;
  const other = made.attach(2).limits;
  const gate = limits.process;
  limits.setLimit(gate, 2);
  assert.ok(limits.tryEnter(gate));
  assert.ok(other.tryEnter(gate));
  assert.ok(!limits.tryEnter(gate));
  assert.ok(limits.full(gate));
  assert.ok(other.leave(gate), 'somebody was refused: all threads are to try again');
  assert.ok(!limits.leave(gate), 'and are told once');
  assert.equal(limits.current(gate), 0);
  assert.equal(limits.enter(gate), 1);
  assert.equal(limits.held(gate), 1);
  assert.equal(other.held(gate), 0);
  t.diagnostic(`${made.control.buffer.byteLength} bytes`);
});
