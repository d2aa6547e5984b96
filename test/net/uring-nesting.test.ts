import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel, Worker } from 'node:worker_threads';
import { gunzip, gzip } from 'node:zlib';
import { requires } from '../support/requirement.ts';
import type { Connection, ConnectionHandler } from '../../src/net/connection.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { Timer } from '../../src/net/timer-wheel.ts';
import { connectLoopback, listenOnLoopback, Recorder, within } from './wires.ts';

const silent: ConnectionHandler = {
  onConnected: () => undefined,
  onReceived: () => undefined,
  onEnd: () => undefined,
  onSent: () => undefined,
  onFailed: () => undefined,
};

/** The engine, unless it cannot run here: then the test is skipped. */
function engineFor(t: TestContext, slots?: number): UringEngine | undefined {
  if (!requires(t, 'io_uring')) return undefined;
  const engine = new UringEngine({ bufsize: 16384, poison: true, ...(slots !== undefined && { slots }) });
  t.after(() => engine.destroy());
  return engine;
}

/** Two connections of the engine that send the same bytes to and fro without end. */
async function keepBusy(engine: UringEngine): Promise<{ rounds: number }> {
  const count = { rounds: 0 };
  const bounce: ConnectionHandler = {
    ...silent,
    onConnected: connection => {
      connection.receive();
      connection.send(Buffer.from('ball'), 0, 4);
    },
    onReceived: (connection, buffer, offset, length) => {
      count.rounds++;
      connection.send(buffer, offset, length);
    },
    onSent: connection => {
      if (!connection.receiving) connection.receive();
    },
  };
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = bounce;
    connection.receive();
  });
  for (let i = 0; i < 20; i++) connectLoopback(engine, port, bounce);
  while (count.rounds < 1000) await immediate();
  return count;
}

test('a busy ring starves neither timers, promises, immediates, messages nor the thread pool', async t => {
  const engine = engineFor(t);
  if (engine === undefined) return;
  const busy = await keepBusy(engine);
  const before = busy.rounds;
  const started = performance.now();
  await sleep(50);
  const slept = performance.now() - started;
  assert.ok(slept >= 49 && slept < 10_000, `${slept} ms`);
  const text = Buffer.alloc(200_000, 'zip');
  const zipped = await within(60_000, 'the thread pool', promisify(gzip)(text));
  assert.deepEqual(await within(60_000, 'the thread pool', promisify(gunzip)(zipped)), text);
  const { port1, port2 } = new MessageChannel();
  const answer = once(port1, 'message');
  port2.on('message', message => port2.postMessage(`${message} heard`));
  port1.postMessage('hello');
  assert.deepEqual((await within(60_000, 'the message', answer))[0], 'hello heard');
  port1.close();
  await within(60_000, 'nextTick', new Promise<void>(resolve => process.nextTick(resolve)));
  const goingOn = (async (): Promise<void> => {
    while (busy.rounds <= before + 1000) await immediate();
  })();
  await within(60_000, 'the rounds of the ring', goingOn);
});

test('an idle engine with connections and timeouts uses no processor time', async t => {
  const engine = engineFor(t);
  if (engine === undefined) return;
  const accepted: Connection[] = [];
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = silent;
    connection.receive();
    const timer = new Timer(() => connection.close());
    engine.wheel.set(timer, 50_000);
    accepted.push(connection);
  });
  const recorders = Array.from({ length: 100 }, () => new Recorder());
  for (const recorder of recorders) connectLoopback(engine, port, recorder);
  for (const recorder of recorders) await recorder.next();
  const deadline = Date.now() + 60_000;
  while (accepted.length < 100) {
    assert.ok(Date.now() < deadline, `${accepted.length} of 100 were accepted`);
    await immediate();
  }
  await sleep(100);
  const before = process.cpuUsage();
  const turnsBefore = engine.turns;
  await sleep(500);
  const { user, system } = process.cpuUsage(before);
  assert.ok(engine.turns - turnsBefore < 10, `${engine.turns - turnsBefore} turns`);
  assert.ok(user + system < 50_000, `${user + system} us of 500,000`);
});

test('an address to connect to stays until the kernel has it, whatever the collector does', async t => {
  const engine = engineFor(t);
  if (engine === undefined) return;
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = silent;
  });
  const recorders = Array.from({ length: 200 }, () => new Recorder());
  for (const recorder of recorders) connectLoopback(engine, port, recorder);
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const others = Array.from({ length: 2000 }, () => Buffer.from(new ArrayBuffer(8192)).fill(0xff));
  for (const recorder of recorders) assert.equal((await recorder.next()).kind, 'connected');
  assert.equal(others.length, 2000);
});

test('when all receive buffers are in use, receiving waits for one, and nothing is lost', async t => {
  const engine = engineFor(t, 8);
  if (engine === undefined) return;
  const got = new Map<Connection, string>();
  const holding: Connection[] = [];
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = {
      ...silent,
      onReceived: (_, buffer, offset, length) => {
        got.set(connection, (got.get(connection) ?? '') + buffer.toString('latin1', offset, offset + length));
        holding.push(connection);
      },
    };
    connection.receive();
  });
  const sockets: Socket[] = [];
  for (let i = 0; i < 40; i++) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`from ${i}`);
    sockets.push(socket);
  }
  t.after(() => sockets.forEach(socket => socket.destroy()));
  const deadline = Date.now() + 60_000;
  while (got.size < 40) {
    assert.ok(Date.now() < deadline, `${got.size} of 40 were heard`);
    assert.ok(engine.slots.taken <= 8);
    await sleep(2);
    for (const connection of holding.splice(0)) connection.receive();
  }
  assert.deepEqual([...got.values()].toSorted(), sockets.map((_, i) => `from ${i}`).toSorted());
});

test('a thread that dies of an exception takes its connections with it, and no descriptor stays', async t => {
  if (engineFor(t) === undefined) return;
  const before = readdirSync('/proc/self/fd').length;
  const worker = new Worker(new URL('dying-thread.js', import.meta.url));
  const [port] = (await within(60_000, 'the port', once(worker, 'message'))) as [number];
  const sockets = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')] as const;
  const closes = sockets.map(async socket => {
    socket.on('error', () => undefined);
    await new Promise(resolve => socket.once('close', resolve));
  });
  await within(60_000, 'the second accept', seen(worker, 2));
  const death = once(worker, 'error');
  sockets[0].write('die');
  assert.match(String((await within(60_000, 'the error', death))[0]), /a bug/);
  sockets[0].resume();
  sockets[1].resume();
  await within(60_000, 'both closes', Promise.all(closes));
  const deadline = Date.now() + 60_000;
  while (readdirSync('/proc/self/fd').length > before) {
    assert.ok(Date.now() < deadline, 'descriptors are left');
    await sleep(5);
  }
});

async function seen(worker: Worker, count: number): Promise<void> {
  let left = count;
  await new Promise<void>(resolve => {
    worker.on('message', () => {
      if (--left === 0) resolve();
    });
  });
}
