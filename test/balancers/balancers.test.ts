/** The algorithms over the shared state; two attached states stand for two threads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL_FULL, NO_SERVER, type BalanceFacts, type Balancer } from '../../src/balancers/balancer.ts';
import { createBalancer } from '../../src/balancers/create-balancer.ts';
import { random } from '../../src/balancers/random.ts';
import type { Proxy } from '../../src/model/proxy.ts';
import { ADMIN_FDRAIN, ADMIN_FMAINT, SRV_RUNNING, SRV_STOPPED } from '../../src/state/server-words.ts';
import { createNumbers, factsOf } from '../support/placement.ts';
import { backendOf, createState as create, type TestState as MadeState } from '../support/state.ts';

interface TestState extends MadeState {
  readonly wanted: string | undefined;
}

function createState(text: string, threads = 1): TestState {
  return { ...create(text, threads), wanted: /^ balance (\S+)/m.exec(text)?.[1] };
}

const ANYBODY = factsOf({ target: '/', headers: {} });

function facts(key: string): BalanceFacts {
  return factsOf({ target: key, headers: {} });
}

function balancerOf(made: TestState, thread = 0): Balancer {
  const state = thread === 0 ? made.control : made.attach(thread);
  const proxy = made.config.proxies[0] as Proxy;
  // The parser knows `balance sticky` in mode log only.
  const balance = made.wanted === 'sticky' ? ({ algorithm: 'sticky' } as const) : proxy.balance;
  const balancer = createBalancer(state, 0, { ...proxy, balance });
  assert.ok(balancer);
  return balancer;
}

function picks(balancer: Balancer, count: number): number[] {
  return Array.from({ length: count }, () => balancer.pick(ANYBODY, -1));
}

function shares(chosen: readonly number[], servers: number): number[] {
  return Array.from({ length: servers }, (_, server) => chosen.filter(one => one === server).length);
}

const EVERY = [
  'roundrobin',
  'static-rr',
  'leastconn',
  'first',
  'random',
  'sticky',
  'source',
  'uri',
  'uri\n hash-type consistent',
];

for (const algorithm of EVERY) {
  const name = algorithm.replace('\n', ',');

  test(`${name}: servers that are down, drained, in maintenance or without weight get nothing`, () => {
    const made = createState(backendOf(algorithm, '', '', '', '', 'weight 0'));
    const { writer } = made;
    const balancer = balancerOf(made);
    writer.setState(0, SRV_STOPPED);
    writer.setAdmin(1, ADMIN_FMAINT, 0);
    writer.setAdmin(2, ADMIN_FDRAIN, 0);
    for (let index = 0; index < 50; index++) assert.equal(balancer.pick(facts(`/${index}`), -1), 3);
    writer.setState(3, SRV_STOPPED);
    assert.equal(balancer.pick(ANYBODY, -1), NO_SERVER);
    writer.setState(0, SRV_RUNNING);
    assert.equal(balancer.pick(ANYBODY, -1), 0);
  });

  test(`${name}: the first backup server serves when no other is left, and all with allbackups`, () => {
    const made = createState(backendOf(algorithm, '', 'backup', 'backup'));
    const balancer = balancerOf(made);
    assert.equal(balancer.pick(ANYBODY, -1), 0);
    made.writer.setState(0, SRV_STOPPED);
    for (let index = 0; index < 20; index++) assert.equal(balancer.pick(facts(`/${index}`), -1), 1);
    made.writer.setState(1, SRV_STOPPED);
    assert.equal(balancer.pick(ANYBODY, -1), 2);
    made.writer.setState(0, SRV_RUNNING);
    assert.equal(balancer.pick(ANYBODY, -1), 0);

    const all = createState(`${backendOf(algorithm, '', 'backup', 'backup')}\n option allbackups`);
    all.writer.setState(0, SRV_STOPPED);
    const chosen = new Set(
      Array.from({ length: 60 }, (_, index) => balancerOf(all).pick(facts(`/key-${index}`), -1)),
    );
    if (/roundrobin|static|random|uri/.test(algorithm)) assert.equal(chosen.size, 2);
    assert.ok(!chosen.has(0));
  });
}

test('roundrobin shares by weight exactly, over two threads together', () => {
  const made = createState(backendOf('roundrobin', 'weight 10', 'weight 20', 'weight 5', 'weight 1'), 2);
  const balancers = [balancerOf(made, 1), balancerOf(made, 2)] as const;
  const number = createNumbers(1);
  const chosen = Array.from({ length: 360 }, () => (balancers[number(2)] as Balancer).pick(ANYBODY, -1));
  assert.deepEqual(shares(chosen, 4), [100, 200, 50, 10]);
});

test('roundrobin with equal weights goes round in the order of the configuration', () => {
  const made = createState(backendOf('roundrobin', '', '', ''), 2);
  const balancers = [balancerOf(made, 1), balancerOf(made, 2)] as const;
  const chosen = Array.from({ length: 7 }, (_, index) =>
    (balancers[index % 2] as Balancer).pick(ANYBODY, -1),
  );
  assert.deepEqual(chosen, [0, 1, 2, 0, 1, 2, 0]);
});

test('roundrobin follows a change of weight at once', () => {
  const made = createState(backendOf('roundrobin', '', ''));
  const balancer = balancerOf(made);
  picks(balancer, 3);
  made.writer.setWeight(0, 3);
  assert.deepEqual(shares(picks(balancer, 40), 2), [30, 10]);
});

test('roundrobin and static-rr pass over full servers and avoid the one that failed', () => {
  for (const algorithm of ['roundrobin', 'static-rr']) {
    const made = createState(backendOf(algorithm, 'maxconn 1', 'maxconn 1', 'maxconn 1'));
    const balancer = balancerOf(made);
    made.control.queues.tryTake(0);
    assert.deepEqual(shares(picks(balancer, 20), 3)[0], 0);
    assert.equal(balancer.pick(ANYBODY, 1), 2);
    made.control.queues.tryTake(2);
    assert.equal(balancer.pick(ANYBODY, 1), 1, 'no other has room');
    made.control.queues.tryTake(1);
    assert.equal(balancer.pick(ANYBODY, -1), ALL_FULL);
  }
});

test('roundrobin finds the one free server among many', () => {
  const made = createState(backendOf('roundrobin', ...Array<string>(200).fill('maxconn 1')));
  const balancer = balancerOf(made);
  for (let server = 0; server < 200; server++) if (server !== 123) made.control.queues.tryTake(server);
  assert.equal(balancer.pick(ANYBODY, -1), 123);
});

test('newcomers do not overtake requests that wait at the backend', () => {
  const made = createState(backendOf('roundrobin', 'maxconn 1', 'maxconn 1'));
  const balancer = balancerOf(made);
  const { queues, limits } = made.control;
  for (let session = 0; session < 4; session++) limits.enter(limits.backend(0));
  queues.tryTake(0);
  queues.tryTake(1);
  queues.waitForBackend(0, { onSlot: () => undefined });
  made.writer.setMaxconn(0, 5);
  assert.equal(balancer.pick(ANYBODY, -1), ALL_FULL);
});

test('leastconn follows the load of all threads, idle servers take turns', () => {
  const made = createState(backendOf('leastconn', '', '', ''), 2);
  const one = balancerOf(made, 1);
  const two = balancerOf(made, 2);
  const { queues } = made.attach(2);
  const chosen = Array.from({ length: 6 }, () => {
    const server = one.pick(ANYBODY, -1);
    queues.tryTake(server);
    queues.release(server);
    return server;
  });
  assert.deepEqual(chosen, [0, 1, 2, 0, 1, 2]);
  queues.tryTake(0);
  queues.tryTake(1);
  assert.equal(one.pick(ANYBODY, -1), 2);
  assert.equal(two.pick(ANYBODY, -1), 2);
});

test('first fills servers in the order of their ids', () => {
  const made = createState(backendOf('first', 'id 30 maxconn 1', 'id 10 maxconn 2', 'id 20 maxconn 1'));
  const balancer = balancerOf(made);
  const chosen = Array.from({ length: 5 }, () => {
    const server = balancer.pick(ANYBODY, -1);
    if (server >= 0) made.control.queues.tryTake(server);
    return server;
  });
  assert.deepEqual(chosen, [1, 1, 2, 0, ALL_FULL]);
});

test('random draws by weight, and of several draws takes the least loaded', () => {
  const made = createState(backendOf('random(1)', 'weight 10', 'weight 30'));
  const number = createNumbers(9);
  const drawn = (draws: number): number[] =>
    shares(
      picks(
        random(made.control, 0, draws, 0, () => number(2 ** 30) / 2 ** 30),
        4000,
      ),
      2,
    );
  const [light] = drawn(1) as [number];
  assert.ok(light > 850 && light < 1150, String(light));
  for (let taken = 0; taken < 10; taken++) made.control.queues.tryTake(1);
  const [preferred] = drawn(3) as [number];
  assert.ok(preferred > 4000 * 0.5, `1 - 0.75^3 of the draws see the idle one: ${preferred}`);
});

test('random queues at the backend when the server drawn is full, and avoids the one that failed', () => {
  const made = createState(backendOf('random', 'maxconn 1', 'maxconn 1'));
  const balancer = balancerOf(made);
  for (let index = 0; index < 50; index++) assert.equal(balancer.pick(ANYBODY, 0), 1);
  made.control.queues.tryTake(0);
  made.control.queues.tryTake(1);
  assert.equal(balancer.pick(ANYBODY, -1), ALL_FULL);
});

test('sticky stays on its server until that goes down, in all threads alike', () => {
  const made = createState(backendOf('sticky', '', '', ''), 2);
  const one = balancerOf(made, 1);
  const two = balancerOf(made, 2);
  assert.equal(one.pick(ANYBODY, -1), 0);
  made.writer.setState(0, SRV_STOPPED);
  assert.equal(two.pick(ANYBODY, -1), 1);
  made.writer.setState(0, SRV_RUNNING);
  assert.equal(one.pick(ANYBODY, -1), 1);
  assert.equal(two.pick(ANYBODY, -1), 1);
});

test('hashes send a key to its server even when that is full, unless affinity says otherwise', () => {
  const text = (more: string): string =>
    backendOf(`uri\n hash-type consistent${more}`, ...Array<string>(5).fill('maxconn 1 maxqueue 1'));
  const strict = createState(text(''));
  const balancer = balancerOf(strict);
  const server = balancer.pick(facts('/a'), -1);
  strict.control.queues.tryTake(server);
  assert.equal(balancer.pick(facts('/a'), -1), server);
  assert.notEqual(balancer.pick(facts('/a'), server), server, 'but not after it failed');

  const lenient = createState(text('\n hash-preserve-affinity maxconn'));
  lenient.control.queues.tryTake(server);
  assert.notEqual(balancerOf(lenient).pick(facts('/a'), -1), server);
  const queued = createState(text('\n hash-preserve-affinity maxqueue'));
  queued.control.queues.tryTake(server);
  assert.equal(balancerOf(queued).pick(facts('/a'), -1), server);
  queued.control.queues.waitForServer(server, { onSlot: () => undefined });
  assert.notEqual(balancerOf(queued).pick(facts('/a'), -1), server);
});

test('consistent hashing moves only the keys of the server that leaves', () => {
  const made = createState(backendOf('uri\n hash-type consistent', ...Array<string>(8).fill('')));
  const balancer = balancerOf(made);
  const keys = Array.from({ length: 2000 }, (_, index) => facts(`/key/${index}`));
  const before = keys.map(key => balancer.pick(key, -1));
  made.writer.setState(3, SRV_STOPPED);
  const after = keys.map(key => balancer.pick(key, -1));
  assert.ok(after.every((server, index) => server === before[index] || before[index] === 3));
  assert.ok(!after.includes(3));
  made.writer.setState(3, SRV_RUNNING);
  assert.deepEqual(
    keys.map(key => balancer.pick(key, -1)),
    before,
  );
});

test('hash-balance-factor bounds the load of each server', () => {
  const made = createState(
    backendOf('uri\n hash-type consistent\n hash-balance-factor 125', ...Array<string>(4).fill('')),
  );
  const balancer = balancerOf(made);
  const loads = [0, 0, 0, 0];
  for (let request = 0; request < 100; request++) {
    const server = balancer.pick(facts('/popular'), -1);
    made.control.queues.tryTake(server);
    loads[server] = (loads[server] as number) + 1;
  }
  assert.ok(Math.max(...loads) <= 32, loads.join());
  assert.equal(made.control.servers.backendServed(0), 100);
});

test('the address may place a server instead of its id', () => {
  const place = (...servers: string[]): string[] => {
    const made = createState(`backend b\n balance uri\n hash-type consistent\n ${servers.join('\n ')}`);
    const balancer = balancerOf(made);
    const names = (made.config.proxies[0] as Proxy).servers.map(server => JSON.stringify(server.address));
    return Array.from({ length: 200 }, (_, index) => names[balancer.pick(facts(`/${index}`), -1)] as string);
  };
  for (const key of ['addr', 'addr-port']) {
    const one = `server a 10.0.0.1:80 hash-key ${key}`;
    const two = `server b 10.0.0.2:81 hash-key ${key}`;
    const six = `server c [2001:db8::1]:80 hash-key ${key}`;
    assert.deepEqual(place(one, two, six), place(six, one, two));
  }
});
