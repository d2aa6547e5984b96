/** When connections are counted: for who needs it, each second, more rarely where it takes long, and what is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Counts } from '../../src/l4/counting/count-connections.ts';
import { LoadWatch } from '../../src/l4/counting/load-watch.ts';
import type { Service } from '../../src/l4/service.ts';

function service(scheduler: Service['scheduler']): Service {
  return {
    id: scheduler,
    name: scheduler,
    family: 4,
    targets: [],
    method: 'NAT',
    scheduler,
    hashesPort: false,
    servers: [],
  };
}

/** Time stands still but for what counting takes. */
class Kernel {
  readonly counted: string[] = [];
  readonly delays: number[] = [];
  readonly said: string[] = [];
  readonly timers = new Set<() => void>();
  taken = 0;
  trouble: string | undefined;
  takesMs = 0;
  #now = 0;
  readonly watch = new LoadWatch({
    after: (delayMs, callback) => {
      this.delays.push(delayMs);
      this.timers.add(callback);
      return () => void this.timers.delete(callback);
    },
    now: () => this.#now,
    count: services => {
      this.counted.push(services.map(({ id }) => id).join(' '));
      this.#now += this.takesMs;
      const counts: Counts = new Map();
      return Promise.resolve(this.trouble ?? counts);
    },
    take: () => Promise.resolve(this.taken++),
    log: (level, message) => void this.said.push(`${level} ${message}`),
  });

  async fire(): Promise<void> {
    const due = [...this.timers];
    this.timers.clear();
    for (const callback of due) callback();
    await new Promise(resolve => setImmediate(resolve));
  }
}

test('only services that go by connections are counted, and nobody looks where there are none', async () => {
  const kernel = new Kernel();
  kernel.watch.watch([service('rr')]);
  assert.equal(kernel.timers.size, 0);
  kernel.watch.watch([service('rr'), service('lc'), service('sed')]);
  await kernel.fire();
  await kernel.fire();
  assert.deepEqual(kernel.counted, ['lc sed', 'lc sed']);
  assert.equal(kernel.taken, 2);
  kernel.watch.watch([]);
  await kernel.fire();
  assert.equal(kernel.counted.length, 2);
});

test('counting has a twentieth of the time', async () => {
  const kernel = new Kernel();
  kernel.watch.watch([service('wlc')]);
  kernel.takesMs = 10;
  await kernel.fire();
  kernel.takesMs = 200;
  await kernel.fire();
  assert.deepEqual(kernel.delays, [1000, 1000, 3800]);
});

test('a reload while they are counted counts for others, and once at a time', async () => {
  const kernel = new Kernel();
  kernel.watch.watch([service('wlc')]);
  const looking = kernel.fire();
  kernel.watch.watch([service('nq')]);
  await looking;
  assert.equal(kernel.taken, 0);
  assert.equal(kernel.timers.size, 1);
  await kernel.fire();
  assert.deepEqual(kernel.counted, ['wlc', 'nq']);
});

test('what keeps them from being counted is told once, and its end', async () => {
  const kernel = new Kernel();
  kernel.watch.watch([service('wlc')]);
  kernel.trouble = 'not permitted';
  await kernel.fire();
  await kernel.fire();
  kernel.trouble = undefined;
  await kernel.fire();
  assert.deepEqual(kernel.said, [
    'warning connections cannot be counted: not permitted - servers take turns by their weights, without limits',
    'notice connections are counted again',
  ]);
  assert.equal(kernel.taken, 1);
});
