/** The engine of checks (net/engines/polled): it keeps the contract of connections, and its sockets serve again. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Connection, ConnectTarget } from '../../src/net/connection.ts';
import { PolledEngine } from '../../src/net/engines/polled/engine.ts';
import { freePort } from '../support/free-port.ts';
import { Recorder, within } from './wires.ts';

const SLOW_MS = 10_000;

async function serve(t: TestContext, each: (socket: Socket) => void, path?: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => undefined);
    each(socket);
  });
  server.listen(path ?? { host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.after(() => server.close());
  return server;
}

function engineFor(t: TestContext): PolledEngine {
  const engine = new PolledEngine({ bufsize: 16_384 });
  t.after(() => engine.destroy());
  return engine;
}

const at = (server: Server, more: { readonly delayAck?: boolean } = {}): ConnectTarget => ({
  kind: 'ip',
  family: 4,
  host: '127.0.0.1',
  port: (server.address() as AddressInfo).port,
  ...more,
});

const next = (recorder: Recorder): Promise<unknown> => within(SLOW_MS, 'an event', recorder.next());

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** A connection that stands. */
async function connected(
  engine: PolledEngine,
  target: ConnectTarget,
): Promise<{ connection: Connection; recorder: Recorder }> {
  const recorder = new Recorder();
  const connection = engine.connect(target, recorder);
  assert.deepEqual(await next(recorder), { kind: 'connected' });
  return { connection, recorder };
}

test('what is sent comes back, and both ends of a connection are known', async t => {
  const server = await serve(t, socket => socket.pipe(socket));
  const { connection, recorder } = await connected(engineFor(t), at(server));
  connection.receive();
  connection.send(Buffer.from('-hello-'), 1, 5);
  assert.deepEqual(await next(recorder), { kind: 'sent' });
  assert.deepEqual(await next(recorder), { kind: 'received', bytes: Buffer.from('hello') });
  assert.deepEqual(connection.remote, {
    family: 4,
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
  });
  assert.equal(connection.local.host, '127.0.0.1');
  assert.equal(connection.bytesIn, 5);
  assert.equal(connection.bytesOut, 5);
  connection.shutdown();
  connection.receive();
  assert.deepEqual(await next(recorder), { kind: 'end' });
});

test('a megabyte goes out although the peer reads it late', async t => {
  let received = 0;
  const server = await serve(t, socket => {
    setTimeout(() => socket.on('data', chunk => (received += chunk.length)), 50);
    socket.on('end', () => socket.end(String(received)));
  });
  const { connection, recorder } = await connected(engineFor(t), at(server));
  connection.send(Buffer.alloc(1 << 20, 'x'), 0, 1 << 20);
  connection.shutdown();
  assert.deepEqual(await next(recorder), { kind: 'sent' });
  connection.receive();
  assert.deepEqual(await next(recorder), { kind: 'received', bytes: Buffer.from('1048576') });
});

test('what came before it was asked for is there when it is, and then the end', async t => {
  const server = await serve(t, socket => void socket.end('early'));
  const { connection, recorder } = await connected(engineFor(t), at(server));
  await new Promise(resolve => setTimeout(resolve, 30));
  connection.receive();
  assert.deepEqual(await next(recorder), { kind: 'received', bytes: Buffer.from('early') });
  connection.receive();
  assert.deepEqual(await next(recorder), { kind: 'end' });
});

test('failures have their causes: refused, reset, no route to the source', async t => {
  const engine = engineFor(t);
  const refused = new Recorder();
  engine.connect({ kind: 'ip', family: 4, host: '127.0.0.1', port: await freePort() }, refused);
  assert.deepEqual(await next(refused), { kind: 'failed', cause: 'refused' });

  const server = await serve(t, socket => void setTimeout(() => socket.resetAndDestroy(), 20));
  const { connection, recorder } = await connected(engine, at(server));
  connection.receive();
  assert.deepEqual(await next(recorder), { kind: 'failed', cause: 'reset' });

  const elsewhere = new Recorder();
  engine.connect({ ...at(server), source: { host: '192.0.2.7', port: 0 } } as ConnectTarget, elsewhere);
  assert.deepEqual(await next(elsewhere), { kind: 'failed', cause: 'resource' });
});

test('a socket that was reset serves again, for connections of either kind, with nothing of the one before', async t => {
  const heard: string[] = [];
  const server = await serve(t, socket => {
    socket.on('data', chunk => {
      heard.push(String(chunk));
      socket.write('so ');
    });
  });
  const engine = engineFor(t);
  const fds = new Set<number>();
  for (let round = 0; round < 6; round++) {
    // every second one waits for its answer, and is watched then
    const { connection, recorder } = await connected(engine, at(server, { delayAck: round % 3 === 0 }));
    fds.add(connection.fd);
    if (round % 2 === 0) {
      connection.send(Buffer.from(`round ${round}`), 0, 7);
      connection.receive();
      assert.deepEqual(await next(recorder), { kind: 'sent' });
      assert.deepEqual(await next(recorder), { kind: 'received', bytes: Buffer.from('so ') });
    }
    connection.reset();
    assert.equal(connection.fd, -1);
    assert.deepEqual(recorder.happened, [], 'a connection that was reset tells nothing more');
  }
  assert.equal(fds.size, 2, 'one of each kind');
  assert.deepEqual(heard, ['round 0', 'round 2', 'round 4']);
  assert.equal(engine.openConnections, 0);
});

test('the peer of a connection that is reset hears of it', async t => {
  const codes: (string | undefined)[] = [];
  let told: () => void = () => undefined;
  const server = await serve(t, socket => {
    socket.resume().on('error', error => {
      codes.push((error as NodeJS.ErrnoException).code);
      told();
    });
  });
  const engine = engineFor(t);
  const { connection, recorder } = await connected(engine, at(server));
  connection.send(Buffer.from('x'), 0, 1);
  assert.deepEqual(await next(recorder), { kind: 'sent' });
  const hearing = new Promise<void>(resolve => (told = resolve));
  await new Promise(resolve => setTimeout(resolve, 20));
  connection.reset();
  await within(SLOW_MS, 'the reset', hearing);
  assert.deepEqual(codes, ['ECONNRESET']);
});

test('names and unix sockets are reached too', async t => {
  const path = join(tmpdir(), `lb-polled-${process.pid}.sock`);
  const unix = await serve(t, socket => void socket.end('unix'), path);
  const server = await serve(t, socket => void socket.end('name'));
  const engine = engineFor(t);
  const { port } = server.address() as AddressInfo;
  assert.ok(unix.listening);
  for (const [target, says] of [
    [{ kind: 'unix', path }, 'unix'],
    [{ kind: 'ip', family: 4, host: 'localhost', port }, 'name'],
  ] as const) {
    const { connection, recorder } = await connected(engine, target);
    connection.receive();
    assert.deepEqual(await next(recorder), { kind: 'received', bytes: Buffer.from(says) });
    connection.close();
  }
});

test('a thousand connections at once all stand, and leave no descriptor behind', async t => {
  const server = await serve(t, socket => void socket.resume());
  const before = descriptors();
  const engine = new PolledEngine({ bufsize: 16_384 });
  t.after(() => engine.destroy());
  const stand = Array.from({ length: 1000 }, () => connected(engine, at(server, { delayAck: true })));
  for (const { connection } of await Promise.all(stand)) connection.reset();
  assert.equal(engine.openConnections, 0);
  engine.destroy();
  server.close();
  // the server's ends of them go when it has heard
  for (let tries = 0; descriptors() > before && tries < 200; tries++)
    await new Promise(resolve => setTimeout(resolve, 20));
  assert.ok(descriptors() <= before);
});
