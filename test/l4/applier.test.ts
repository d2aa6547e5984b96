/** What is wanted of the kernel against what it takes: in order, together, and again after a refusal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Applier } from '../../src/l4/applier.ts';
import type { ServerState, Service, ServiceState } from '../../src/l4/service.ts';

const SERVICES = ['a', 'b'].map((name, index): Service => ({
  id: `vs${index}`,
  name,
  family: 4,
  targets: [],
  method: 'NAT',
  scheduler: 'rr',
  hashesPort: false,
  servers: [{ address: '10.0.0.1', port: 80 }],
}));

function weight(value: number): ServerState[] {
  return [{ weight: value, gone: false }];
}

function shown(state: ServiceState): string {
  return `${state.service.name}${state.states[0]?.weight}`;
}

/** A kernel that refuses what `trouble` says. */
class Kernel {
  readonly did: string[] = [];
  readonly ways: string[] = [];
  readonly said: string[] = [];
  readonly timers: (() => void)[] = [];
  trouble: string | undefined;
  readonly applier = new Applier(
    {
      driver: {
        install: states => this.#answer(`install ${states.map(shown).join(' ')}`),
        change: (old, next) => this.#answer(`${shown(old)} > ${shown(next)}`),
        count: () => Promise.resolve('nobody counts'),
        reroute: all => this.#answerTo(this.ways, `reroute ${all.map(shown).join(' ')}`),
        remove: () => void this.did.push('remove'),
      },
      after: (_, callback) => {
        this.timers.push(callback);
        return () => undefined;
      },
      log: (level, message) => void this.said.push(`${level} ${message}`),
    },
    SERVICES,
    [weight(1), weight(1)],
  );

  #answer(text: string): Promise<string | undefined> {
    return this.#answerTo(this.did, text);
  }

  async #answerTo(list: string[], text: string): Promise<string | undefined> {
    list.push(text);
    await Promise.resolve();
    return this.trouble;
  }

  async settled(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve));
  }
}

test('everything goes in at first, then each change; those that come meanwhile go together', async () => {
  const kernel = new Kernel();
  const first = kernel.applier.apply();
  kernel.applier.want(0, weight(2));
  kernel.applier.want(0, weight(3));
  kernel.applier.want(1, weight(4));
  await first;
  assert.deepEqual(kernel.did, ['install a1 b1', 'a1 > a3', 'b1 > b4']);
  kernel.applier.want(0, weight(3));
  await kernel.settled();
  assert.equal(kernel.did.length, 3);
});

test('a refusal is told once; everything is tried anew until it is taken, and that is told', async () => {
  const kernel = new Kernel();
  await kernel.applier.apply();
  kernel.trouble = 'nft: no such file';
  kernel.applier.want(0, weight(2));
  await kernel.settled();
  kernel.timers.pop()?.();
  await kernel.settled();
  kernel.trouble = undefined;
  kernel.timers.pop()?.();
  await kernel.settled();
  assert.deepEqual(kernel.did, ['install a1 b1', 'a1 > a2', 'install a2 b1', 'install a2 b1']);
  assert.deepEqual(kernel.said, [
    'error the kernel does not take the rules: nft: no such file',
    'notice the kernel takes the rules again',
  ]);
});

test('after a stop nothing goes in any more', async () => {
  const kernel = new Kernel();
  await kernel.applier.apply();
  kernel.applier.stop();
  kernel.applier.want(0, weight(2));
  await kernel.settled();
  assert.deepEqual(kernel.did, ['install a1 b1', 'remove']);
});

test('ways to servers are read behind the rest, and again when they may have changed, without anything else', async () => {
  const kernel = new Kernel();
  await kernel.applier.apply();
  kernel.trouble = 'ip: no answer';
  kernel.applier.reroute();
  await kernel.settled();
  kernel.trouble = undefined;
  kernel.timers.pop()?.();
  await kernel.settled();
  assert.deepEqual(kernel.did, ['install a1 b1']);
  assert.deepEqual(kernel.ways, ['reroute a1 b1', 'reroute a1 b1', 'reroute a1 b1']);
});
