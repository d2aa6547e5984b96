import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Connection } from '../../src/net/connection.ts';
import { NodeEngine } from '../../src/net/engines/node/engine.ts';
import { Relay, type RelayOptions, type RelayResult, type RelayTimeouts } from '../../src/net/relay.ts';
import { connectLoopback, listenOnLoopback, Recorder, within } from './wires.ts';

const NO_TIMEOUTS: RelayTimeouts = { client: 0, server: 0, tunnel: 0, clientFin: 0, serverFin: 0 };

interface Pair {
  /** The real ends outside: what the client and the server hold. */
  readonly client: Socket;
  readonly server: Socket;
  readonly engine: NodeEngine;
  readonly relay: Relay;
  readonly finished: () => Promise<RelayResult>;
}

async function relayed(
  t: TestContext,
  timeouts: Partial<RelayTimeouts> = {},
  options: RelayOptions = {},
): Promise<Pair> {
  const engine = new NodeEngine({ bufsize: 16384, poison: true });
  const origin = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const arrived = once(origin, 'connection') as Promise<[Socket]>;
  const accepted: Connection[] = [];
  const { port } = listenOnLoopback(engine, connection => accepted.push(connection));
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(client, 'connect');
  const recorder = new Recorder();
  const upstream = connectLoopback(engine, (origin.address() as AddressInfo).port, recorder);
  const [server] = await arrived;
  await recorder.next();
  while (accepted.length === 0) await new Promise(setImmediate);
  for (const socket of [client, server]) socket.on('error', () => undefined);
  const { promise, relay } = start(engine, accepted[0] as Connection, upstream, timeouts, options);
  t.after(() => {
    engine.destroy();
    client.destroy();
    server.destroy();
    origin.close();
  });
  return {
    client,
    server,
    engine,
    relay,
    finished: async () => within(60_000, 'the end of the relay', promise),
  };
}

function start(
  engine: NodeEngine,
  client: Connection,
  server: Connection,
  timeouts: Partial<RelayTimeouts>,
  options: RelayOptions,
): { promise: Promise<RelayResult>; relay: Relay } {
  let finish: (result: RelayResult) => void = () => undefined;
  const promise = new Promise<RelayResult>(resolve => (finish = resolve));
  const relay = new Relay(engine.wheel, client, server, { ...NO_TIMEOUTS, ...timeouts }, finish, options);
  relay.start();
  return { promise, relay };
}

async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  await within(60_000, 'FIN', once(socket, 'end'));
  return Buffer.concat(chunks).toString();
}

test('bytes pass both ways, a half-close passes as such, and both counts are right', async t => {
  const { client, server, finished, engine } = await relayed(t);
  client.end('the question');
  assert.equal(await textOf(server), 'the question');
  server.end('a longer answer');
  assert.equal(await textOf(client), 'a longer answer');
  assert.deepEqual(await finished(), { bytesFromClient: 12, bytesFromServer: 15 });
  assert.equal(engine.openConnections, 0);
  assert.equal(engine.wheel.linked, 0);
  assert.equal(engine.buffers.pool.taken, 0);
});

test('the server may end first, and the client goes on sending', async t => {
  const { client, server, finished } = await relayed(t);
  server.end('hello');
  assert.equal(await textOf(client), 'hello');
  client.end('and goodbye');
  assert.equal(await textOf(server), 'and goodbye');
  assert.deepEqual(await finished(), { bytesFromClient: 11, bytesFromServer: 5 });
});

test('what was received before comes first', async t => {
  const { client, server, finished } = await relayed(
    t,
    {},
    {
      fromClient: { buffer: Buffer.from('[before]'), offset: 1, length: 6 },
      fromServer: { buffer: Buffer.from('greeting '), offset: 0, length: 9 },
    },
  );
  client.end(' after');
  assert.equal(await textOf(server), 'before after');
  server.end('end');
  assert.equal(await textOf(client), 'greeting end');
  assert.deepEqual(await finished(), { bytesFromClient: 12, bytesFromServer: 12 });
});

test('a reset is passed on as a reset, with the side that did it', async t => {
  for (const side of ['client', 'server'] as const) {
    const pair = await relayed(t);
    const other = side === 'client' ? pair.server : pair.client;
    const codes: (string | undefined)[] = [];
    other.on('error', (error: NodeJS.ErrnoException) => codes.push(error.code));
    pair[side].write('x');
    await within(60_000, 'the byte', once(other, 'data'));
    pair[side].resetAndDestroy();
    const { failure } = await pair.finished();
    assert.deepEqual(failure, { side, cause: 'reset' });
    if (!other.closed) await within(60_000, 'the end', new Promise(resolve => other.once('close', resolve)));
    assert.deepEqual(codes, ['ECONNRESET']);
  }
});

test('100 MB each way at once arrive whole, in constant memory', async t => {
  const { client, server, finished, engine } = await relayed(t);
  const total = 100 << 20;
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const pump = (socket: Socket, seed: number): void => {
    const block = Buffer.alloc(1 << 20, seed);
    let sent = 0;
    const more = (): void => {
      while (sent < total) {
        sent += block.length;
        if (!socket.write(block)) return void socket.once('drain', more);
      }
      socket.end();
    };
    more();
  };
  const drain = async (socket: Socket, seed: number): Promise<number> => {
    let received = 0;
    socket.on('data', chunk => {
      if (chunk[0] !== seed || chunk[chunk.length - 1] !== seed) socket.destroy(new Error('wrong bytes'));
      received += chunk.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    });
    await within(60_000, 'FIN', once(socket, 'end'));
    return received;
  };
  const both = Promise.all([drain(client, 2), drain(server, 1)]);
  pump(client, 1);
  pump(server, 2);
  assert.deepEqual(await both, [total, total]);
  assert.deepEqual(await finished(), { bytesFromClient: total, bytesFromServer: total });
  assert.ok(most < 64 << 20, `${most} bytes more at the peak`);
  assert.equal(engine.buffers.pool.taken, 0);
});

test('a silent client is named after timeout client, a silent server after timeout server', async t => {
  const first = await relayed(t, { client: 60, server: 600_000 });
  first.server.resume().on('end', () => first.server.end());
  assert.deepEqual((await first.finished()).failure, { side: 'client', cause: 'timeout' });
  const second = await relayed(t, { client: 600_000, server: 60 });
  assert.deepEqual((await second.finished()).failure, { side: 'server', cause: 'timeout' });
  const both = await relayed(t, { client: 60, server: 60 });
  assert.deepEqual((await both.finished()).failure, { side: 'client', cause: 'timeout' });
});

test('what a server says after the client was silent for too long still reaches it, what the client says does not', async t => {
  const { client, server, finished } = await relayed(t, { client: 60, server: 600_000 });
  await within(60_000, 'FIN', once(server.resume(), 'end'));
  let heard = '';
  server.on('data', chunk => (heard += chunk.toString()));
  client.write('too late');
  const answered = textOf(client);
  server.end('the answer');
  assert.equal(await answered, 'the answer');
  const { failure, bytesFromServer } = await finished();
  assert.deepEqual([failure, bytesFromServer, heard], [{ side: 'client', cause: 'timeout' }, 10, '']);
});

test('a server that is silent, too, ends it at its own timeout', async t => {
  const { server, finished } = await relayed(t, { client: 60, server: 400 });
  server.resume();
  assert.deepEqual((await finished()).failure, { side: 'client', cause: 'timeout' });
});

test('traffic in one direction keeps both sides alive; timeout tunnel takes their place', async t => {
  // far more than a busy machine makes of 30 ms
  const timeoutMs = 1000;
  const pair = await relayed(t, { client: timeoutMs, server: timeoutMs });
  const started = performance.now();
  const ticking = setInterval(() => pair.server.write('.'), 30);
  pair.client.resume();
  setTimeout(() => clearInterval(ticking), 1300);
  assert.deepEqual((await pair.finished()).failure?.cause, 'timeout');
  assert.ok(performance.now() - started >= 1300 + timeoutMs / 2);
  const tunnel = await relayed(t, { client: 40, server: 40, tunnel: 200 });
  const from = performance.now();
  assert.deepEqual((await tunnel.finished()).failure?.cause, 'timeout');
  assert.ok(performance.now() - from >= 195);
});

test('a half-closed side lives by its -fin timeout', async t => {
  const { client, server, finished } = await relayed(t, { client: 5000, server: 5000, serverFin: 60 });
  client.end('that was all');
  assert.equal(await textOf(server), 'that was all');
  assert.deepEqual((await finished()).failure, { side: 'server', cause: 'timeout' });
});

test('a peer that takes nothing is the one that timed out, not the one held back by it', async t => {
  const bytes = Buffer.alloc(64 << 20);
  const { client, server, finished } = await relayed(t, { client: 1500, server: 500 });
  client.pause();
  server.write(bytes);
  assert.deepEqual((await finished()).failure, { side: 'client', cause: 'timeout' });
});

test('stop() closes both without a word', async t => {
  const { client, relay, engine } = await relayed(t, { client: 1000 });
  relay.stop();
  await within(60_000, 'FIN', once(client.resume(), 'end'));
  assert.equal(engine.openConnections, 0);
  assert.equal(engine.wheel.linked, 0);
});
