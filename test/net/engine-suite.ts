/**
 * What every engine promises (src/net/connection.ts), as tests that are run once for each engine. The other end is
 * a plain node:net socket, or a second connection of the engine.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, createServer, type AddressInfo, Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  END,
  type Connection,
  type ConnectionHandler,
  type Engine,
  type HandedOver,
} from '../../src/net/connection.ts';
import { isListenFailure, openListening } from '../../src/net/listening-socket.ts';
import { beginListening } from '../../src/net/opened-socket.ts';
import { encodeIp } from '../../src/net/socket-address.ts';
import {
  AF_INET,
  closeDescriptor,
  connectSocket,
  duplicateDescriptor,
  loadKoffi,
  openSocket,
} from '../../src/net/system-calls.ts';
import { Timer } from '../../src/net/timer-wheel.ts';
import { descriptorOf } from '../../src/net/engines/node/stream-socket.ts';
import {
  connectLoopback,
  listenOnLoopback,
  listenSettings,
  Recorder,
  type TestListener,
  within,
} from './wires.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

export type MakeEngine = (options: { readonly poison: boolean }) => Engine;

const SLOW_MS = 10_000;
const ECONNREFUSED = 111;

interface Setting {
  readonly engine: Engine;
  readonly listening: TestListener;
  readonly accepted: Connection[];
  /** The next accepted connection. */
  readonly accept: () => Promise<Connection>;
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function setUp(t: TestContext, make: MakeEngine, handler?: () => ConnectionHandler): Setting {
  const engine = make({ poison: true });
  const accepted: Connection[] = [];
  const waiting: ((connection: Connection) => void)[] = [];
  const listening = listenOnLoopback(engine, connection => {
    if (handler !== undefined) connection.handler = handler();
    const waiter = waiting.shift();
    if (waiter === undefined) accepted.push(connection);
    else waiter(connection);
  });
  t.after(() => engine.destroy());
  return {
    engine,
    listening,
    accepted,
    accept: async () =>
      accepted.shift() ??
      within(SLOW_MS, 'accept', new Promise<Connection>(resolve => void waiting.push(resolve))),
  };
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

function handedOver(connection: Connection): HandedOver {
  const left = connection.handOver?.();
  if (left === undefined) throw new Error('the engine hands no connection over');
  return left;
}

/** Reads on, answers FIN with FIN, and waits until both are through or the connection broke. */
async function closed(socket: Socket): Promise<void> {
  socket.resume().on('end', () => socket.end());
  if (!socket.closed) await new Promise<void>(resolve => void socket.once('close', () => resolve()));
}

/** Sends back what comes, and FIN for FIN. */
class Echo implements ConnectionHandler {
  onConnected(connection: Connection): void {
    connection.receive();
  }
  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    connection.send(buffer, offset, length);
  }
  onSent(connection: Connection): void {
    connection.receive();
  }
  onEnd(connection: Connection): void {
    connection.shutdown();
  }
  onFailed(connection: Connection): void {
    connection.close();
  }
}

export function engineSuite(name: string, make: MakeEngine): void {
  exchangeTests(name, make);
  endingTests(name, make);
  connectTests(name, make);
  clockTest(name, make);
  busyTest(name, make);
  capacityTests(name, make);
}

/** Not of Node's sockets: one that cannot write any more reads nothing either. */
export function lastWordsTests(name: string, make: MakeEngine): void {
  for (const [what, length] of [
    ['a send is pending', 32 << 20],
    ['the next send finds out', 0],
  ] as const)
    test(`${name}: what a peer has said before it reset comes before the failure, where ${what}`, async t => {
      const recorder = new Recorder();
      const { listening, accept } = setUp(t, make, () => recorder);
      const socket = await dial(listening.port);
      const connection = await accept();
      const much = Buffer.alloc(length + 1);
      connection.receive();
      await turn();
      if (length > 0) {
        connection.send(much, 0, length);
        await once(socket, 'readable');
      }
      socket.write('too large');
      socket.resetAndDestroy();
      if (length === 0) connection.send(much, 0, 1);
      const first = await recorder.next();
      assert.equal(first.kind === 'received' ? first.bytes.toString() : first.kind, 'too large');
      connection.receive();
      assert.deepEqual(await recorder.next(), { kind: 'failed', cause: 'reset' });
      for (let i = 0; i < 20; i++) await turn();
      assert.deepEqual(recorder.happened, []);
    });
}

/** The client is another process: nothing of it wakes this thread but its connection. */
function clockTest(name: string, make: MakeEngine): void {
  test(`${name}: a timeout that begins after a long sleep is not shortened by the sleep`, async t => {
    let tell: (elapsedMs: number) => void = () => undefined;
    const elapsed = new Promise<number>(resolve => (tell = resolve));
    const { engine, listening } = setUp(t, make, () => {
      const begin = performance.now();
      engine.wheel.set(new Timer(() => tell(performance.now() - begin)), 300);
      return new Echo();
    });
    const sleeper = `sleep 0.5; exec 3<>/dev/tcp/127.0.0.1/${listening.port}; sleep 5`;
    const client = spawn('bash', ['-c', sleeper], { stdio: 'ignore' });
    t.after(() => client.kill('SIGKILL'));
    const elapsedMs = await within(SLOW_MS, 'the timeout', elapsed);
    assert.ok(elapsedMs >= 299, `${elapsedMs} ms`);
  });
}

/** As after a long computation, or when the whole process was stopped. */
function busyTest(name: string, make: MakeEngine): void {
  test(`${name}: what came while the thread was busy comes before the timeouts of that time`, async t => {
    const { engine, listening, accept } = setUp(t, make);
    const socket = await dial(listening.port);
    const connection = await accept();
    const events: string[] = [];
    connection.handler = Object.assign(new Echo(), { onReceived: () => void events.push('bytes') });
    connection.receive();
    for (let i = 0; i < 5; i++) await turn();
    // in a callback of the loop, after which timers are looked at first
    await new Promise(resolve => setTimeout(resolve, 1));
    const expired = new Promise<void>(resolve => {
      engine.wheel.set(
        new Timer(() => {
          events.push('timeout');
          resolve();
        }),
        30,
      );
    });
    socket.write('x');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
    await within(SLOW_MS, 'the timeout', expired);
    assert.deepEqual(events, ['bytes', 'timeout']);
    socket.destroy();
  });
}

/** Node has no way to send urgent data (MSG_OOB): one byte of it. */
function urgentSender(): (socket: Socket) => void {
  const MSG_OOB = 1;
  const send = loadKoffi().load(null).func('long send(int, void *, unsigned long, int)');
  return socket => assert.equal(send(descriptorOf(socket), Buffer.from('d'), 1, MSG_OOB), 1);
}

function exchangeTests(name: string, make: MakeEngine): void {
  test(`${name}: what is received can be sent back from the same slice`, async t => {
    const { listening, accept } = setUp(t, make, () => new Echo());
    const socket = await dial(listening.port);
    (await accept()).receive();
    for (const text of ['one', 'two', 'three']) {
      socket.write(text);
      const [data] = (await once(socket, 'data')) as [Buffer];
      assert.equal(data.toString(), text);
    }
    socket.destroy();
  });

  test(`${name}: both ends know their addresses`, async t => {
    const { listening, accept } = setUp(t, make, () => new Echo());
    const socket = await dial(listening.port);
    const connection = await accept();
    assert.deepEqual(connection.remote, { family: 4, host: '127.0.0.1', port: socket.localPort });
    assert.deepEqual(connection.local, { family: 4, host: '127.0.0.1', port: listening.port });
    assert.ok(connection.fd > 2);
    connection.remote = { family: 4, host: '192.0.2.1', port: 1 };
    assert.equal(connection.remote.host, '192.0.2.1');
    socket.destroy();
  });

  test(`${name}: bytes that come unasked wait for the next receive`, async t => {
    const recorder = new Recorder();
    const { listening, accept } = setUp(t, make, () => recorder);
    const socket = await dial(listening.port);
    const connection = await accept();
    socket.write('early');
    for (let i = 0; i < 20; i++) await turn();
    assert.deepEqual(recorder.happened, []);
    connection.receive();
    assert.deepEqual(await recorder.next(), { kind: 'received', bytes: Buffer.from('early') });
    socket.write('more');
    socket.end();
    for (let i = 0; i < 20; i++) await turn();
    assert.deepEqual(recorder.happened, []);
    connection.receive();
    assert.deepEqual(await recorder.next(), { kind: 'received', bytes: Buffer.from('more') });
    connection.receive();
    assert.deepEqual(await recorder.next(), { kind: 'end' });
  });

  test(`${name}: what comes behind urgent data is received, and the end only behind that`, async t => {
    const { listening, accept } = setUp(t, make);
    const sendUrgent = urgentSender();
    for (const ends of [false, true]) {
      const socket = await dial(listening.port);
      const connection = await accept();
      const received: string[] = [];
      connection.handler = {
        ...silent,
        onReceived: (_, buffer, offset, length) => {
          const end = connection.endsBehind === true ? ' and no more' : '';
          received.push(buffer.toString('latin1', offset, offset + length) + end);
          connection.receive();
        },
      };
      socket.write('abc');
      sendUrgent(socket);
      socket.write('efg');
      if (ends) socket.end();
      connection.receive();
      await until('what is behind', () => received.join('').includes('efg'));
      assert.match(received.join(','), ends ? /^abc,efg/ : /^abc,efg$/);
      socket.destroy();
    }
  });

  test(`${name}: a second receive or send while one is pending is a bug and throws`, async t => {
    const { listening, accept } = setUp(t, make, () => new Recorder());
    const socket = await dial(listening.port);
    const connection = await accept();
    connection.receive();
    assert.equal(connection.receiving, true);
    assert.throws(() => connection.receive(), /already pending/);
    const much = Buffer.alloc(16 << 20, 'x');
    connection.send(much, 0, much.length);
    assert.equal(connection.sending, true);
    assert.throws(() => connection.send(much, 0, 1), /already pending/);
    socket.destroy();
  });

  test(`${name}: a slice keeps its bytes until the connection is armed again`, async t => {
    const slices: { buffer: Buffer; offset: number; text: string }[] = [];
    const holder = (): ConnectionHandler => ({
      ...silent,
      onReceived: (_, buffer, offset, length) => {
        slices.push({ buffer, offset, text: buffer.toString('latin1', offset, offset + length) });
      },
    });
    const { listening, accept } = setUp(t, make, holder);
    const sockets: Socket[] = [];
    const connections: Connection[] = [];
    for (let i = 0; i < 30; i++) {
      sockets.push(await dial(listening.port));
      connections.push(await accept());
    }
    for (const connection of connections) connection.receive();
    for (const [i, socket] of sockets.entries()) socket.write(`this is number ${i}`);
    await until('30 slices', () => slices.length === 30);
    for (const { buffer, offset, text } of slices)
      assert.equal(buffer.toString('latin1', offset, offset + text.length), text);
    assert.deepEqual(
      slices.map(slice => slice.text).toSorted(),
      sockets.map((_, i) => `this is number ${i}`).toSorted(),
    );
    const [first] = slices;
    for (const connection of connections) connection.receive();
    const { buffer, offset, text } = first as (typeof slices)[0];
    assert.notEqual(buffer.toString('latin1', offset, offset + text.length), text, 'released: poisoned');
    for (const socket of sockets) socket.destroy();
  });

  test(`${name}: 100 MB pass a slow reader unchanged and in constant memory`, async t => {
    const { engine, listening, accept } = setUp(t, make, () => new Recorder());
    const total = 100 << 20;
    let received = 0;
    let wrong = 0;
    // Reads into one buffer, so that what grows is not the test's own.
    const onread = {
      buffer: Buffer.alloc(65_536),
      callback: (length: number, chunk: Uint8Array): boolean => {
        for (let at = 0; at < length; at += 997) if (chunk[at] !== (((received + at) >>> 20) & 0xff)) wrong++;
        received += length;
        return true;
      },
    };
    const socket = connect({ port: listening.port, host: '127.0.0.1', allowHalfOpen: true, onread });
    const source = await accept();
    const block = Buffer.alloc(1 << 20);
    let sent = 0;
    const fill = (connection: Connection): void => {
      while (sent < total && !connection.sending) {
        block.fill((sent >>> 20) & 0xff);
        const length = Math.min(block.length, total - sent);
        sent += length;
        connection.send(block, 0, length);
      }
      if (sent === total && !connection.sending) connection.shutdown();
    };
    source.handler = { ...silent, onSent: connection => setImmediate(fill, connection) };
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }, 20);
    fill(source);
    await within(60_000, 'the end', once(socket, 'end'));
    clearInterval(watch);
    assert.equal(received, total);
    assert.equal(wrong, 0);
    assert.ok(most < 64 << 20, `${most} bytes more at the peak`);
    assert.equal(source.bytesOut, total);
    socket.destroy();
    assert.equal(engine.openConnections, 1);
  });

  test(`${name}: a reader that does not receive stops the sender`, async t => {
    const { listening, accept } = setUp(t, make, () => new Recorder());
    const socket = await dial(listening.port);
    const connection = await accept();
    const block = Buffer.alloc(64 << 20, 7);
    socket.write(block);
    let received = 0;
    await until(
      'a socket that takes no more',
      () => socket.bytesWritten >= block.length || socket.writableLength > 0,
    );
    for (let i = 0; i < 50; i++) await turn();
    assert.ok(connection.bytesIn <= 65_536, `${connection.bytesIn} bytes were read ahead`);
    assert.ok(socket.writableLength > 0);
    connection.handler = {
      ...silent,
      onReceived: (_, buffer, offset, length) => {
        received += length;
        assert.equal(buffer[offset], 7);
        assert.equal(buffer[offset + length - 1], 7);
        connection.receive();
      },
    };
    connection.receive();
    await until('the whole block', () => received === block.length);
    socket.destroy();
  });
}

const silent: ConnectionHandler = {
  onConnected: () => undefined,
  onReceived: () => undefined,
  onEnd: () => undefined,
  onSent: () => undefined,
  onFailed: () => undefined,
};

function endingTests(name: string, make: MakeEngine): void {
  test(`${name}: after the peer's FIN our side can still send`, async t => {
    const recorder = new Recorder();
    const { listening, accept } = setUp(t, make, () => recorder);
    const socket = await dial(listening.port);
    const connection = await accept();
    connection.receive();
    socket.end('question');
    assert.equal((await recorder.next()).kind, 'received');
    connection.receive();
    assert.equal((await recorder.next()).kind, 'end');
    connection.send(Buffer.from('answer'), 0, 6);
    assert.equal((await recorder.next()).kind, 'sent');
    connection.shutdown();
    const [data] = (await once(socket, 'data')) as [Buffer];
    assert.equal(data.toString(), 'answer');
    await within(SLOW_MS, 'FIN', once(socket, 'end'));
    connection.close();
  });

  test(`${name}: shutdown sends FIN after the pending send, and reading goes on`, async t => {
    const recorder = new Recorder();
    const { listening, accept } = setUp(t, make, () => recorder);
    const socket = await dial(listening.port);
    const connection = await accept();
    const much = Buffer.alloc(8 << 20, 'z');
    connection.receive();
    connection.send(much, 0, much.length);
    connection.shutdown();
    let received = 0;
    socket.on('data', chunk => (received += chunk.length));
    await within(SLOW_MS, 'FIN', once(socket, 'end'));
    assert.equal(received, much.length);
    assert.equal((await recorder.next()).kind, 'sent');
    socket.write('still here');
    assert.deepEqual(await recorder.next(), { kind: 'received', bytes: Buffer.from('still here') });
    socket.destroy();
  });

  test(`${name}: what is sent last arrives whole, FIN behind it once, and reading goes on`, async t => {
    const recorder = new Recorder();
    const { listening, accept } = setUp(t, make, () => recorder);
    for (const size of [1, 20_000, 8 << 20]) {
      const socket = await dial(listening.port);
      const connection = await accept();
      const bytes = Buffer.alloc(size, 'last');
      connection.receive();
      const received: Buffer[] = [];
      socket.on('data', chunk => received.push(chunk));
      const end = once(socket, 'end');
      connection.send(bytes, 0, size, END);
      assert.equal((await recorder.next()).kind, 'sent');
      connection.shutdown();
      await within(SLOW_MS, 'FIN', end);
      assert.ok(Buffer.concat(received).equals(bytes));
      assert.equal(connection.bytesOut, size);
      socket.write('still here');
      assert.deepEqual(await recorder.next(), { kind: 'received', bytes: Buffer.from('still here') });
      connection.close();
      socket.destroy();
    }
  });

  test(`${name}: a reset by the peer is told from FIN`, async t => {
    const recorder = new Recorder();
    const { listening, accept } = setUp(t, make, () => recorder);
    const socket = await dial(listening.port);
    const connection = await accept();
    connection.receive();
    socket.resetAndDestroy();
    assert.deepEqual(await recorder.next(), { kind: 'failed', cause: 'reset' });
    connection.close();
    assert.equal(connection.closed, true);
  });

  test(`${name}: reset() reaches the peer as RST, close() as FIN`, async t => {
    const { listening, accept } = setUp(t, make, () => new Recorder());
    const first = await dial(listening.port);
    const errors: (string | undefined)[] = [];
    first.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
    (await accept()).reset();
    await within(SLOW_MS, 'close', closed(first));
    assert.deepEqual(errors, ['ECONNRESET']);
    const second = await dial(listening.port);
    (await accept()).close();
    await within(SLOW_MS, 'FIN', once(second.resume(), 'end'));
    second.destroy();
  });

  test(`${name}: memory that was sent from is free after close`, async t => {
    const { listening, accept } = setUp(t, make, () => new Recorder());
    for (const size of [1, 20_000, 8 << 20]) {
      const socket = await dial(listening.port);
      const connection = await accept();
      const received: Buffer[] = [];
      socket.on('data', chunk => received.push(chunk));
      const bytes = Buffer.alloc(size, 'old');
      connection.send(bytes, 0, size);
      connection.close();
      bytes.fill('new');
      await within(SLOW_MS, 'close', closed(socket));
      const all = Buffer.concat(received);
      assert.ok(all.length > 0);
      assert.ok(all.equals(Buffer.alloc(size, 'old').subarray(0, all.length)), `${size} bytes`);
    }
  });

  test(`${name}: no callback comes after close, whatever was pending`, async t => {
    const recorder = new Recorder();
    const { engine, listening, accept } = setUp(t, make, () => recorder);
    const socket = await dial(listening.port);
    const connection = await accept();
    const much = Buffer.alloc(32 << 20);
    connection.receive();
    connection.send(much, 0, much.length);
    socket.write('data on its way');
    connection.close();
    connection.close();
    connection.reset();
    await within(SLOW_MS, 'close', closed(socket));
    for (let i = 0; i < 20; i++) await turn();
    assert.deepEqual(recorder.happened, []);
    assert.equal(connection.fd, -1);
    assert.equal(engine.openConnections, 0);
  });

  test(`${name}: a send to a peer that has gone fails once`, async t => {
    const recorder = new Recorder();
    const { listening, accept } = setUp(t, make, () => recorder);
    const socket = await dial(listening.port);
    const connection = await accept();
    socket.resetAndDestroy();
    await closed(socket);
    for (let i = 0; i < 20; i++) await turn();
    connection.send(Buffer.from('hello?'), 0, 6);
    assert.deepEqual(await recorder.next(), { kind: 'failed', cause: 'reset' });
    for (let i = 0; i < 20; i++) await turn();
    assert.deepEqual(recorder.happened, []);
  });

  test(`${name}: a connection closed within its callback stays closed`, async t => {
    const { engine, listening, accept } = setUp(t, make, () => ({
      ...silent,
      onReceived: connection => connection.close(),
    }));
    const socket = await dial(listening.port);
    (await accept()).receive();
    socket.write(Buffer.alloc(200_000));
    await within(SLOW_MS, 'close', closed(socket));
    assert.equal(engine.openConnections, 0);
  });
}

function connectTests(name: string, make: MakeEngine): void {
  test(`${name}: connects and exchanges bytes`, async t => {
    const server = createServer({ allowHalfOpen: true }, socket => socket.pipe(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { engine } = setUp(t, make);
    const recorder = new Recorder();
    const { port } = server.address() as AddressInfo;
    const connection = connectLoopback(engine, port, recorder);
    assert.equal((await recorder.next()).kind, 'connected');
    assert.deepEqual(connection.remote, { family: 4, host: '127.0.0.1', port });
    connection.receive();
    connection.send(Buffer.from('...hello...'), 3, 5);
    assert.equal((await recorder.next()).kind, 'sent');
    assert.deepEqual(await recorder.next(), { kind: 'received', bytes: Buffer.from('hello') });
    connection.shutdown();
    connection.receive();
    assert.equal((await recorder.next()).kind, 'end');
    connection.close();
  });

  test(`${name}: a connection handed over goes on as a socket of Node's that is adopted`, async t => {
    const { engine, listening, accept } = setUp(t, make);
    const client = await dial(listening.port);
    client.write('header');
    const first = await accept();
    const { remote } = first;
    const heard = new Recorder();
    first.handler = heard;
    first.receive(true);
    assert.equal((await within(SLOW_MS, 'the header', heard.next())).kind, 'received');
    const { fd, ahead } = handedOver(first);
    assert.deepEqual(
      { closed: first.closed, fd: first.fd, ahead },
      { closed: true, fd: -1, ahead: undefined },
    );
    assert.equal(engine.openConnections, 0);

    const second = engine.adopt(new Socket({ fd, allowHalfOpen: true }), new Echo());
    assert.deepEqual(second.remote, remote);
    assert.equal(engine.openConnections, 1);
    second.receive();
    client.write('what follows');
    const [echoed] = await within(SLOW_MS, 'the echo', once(client, 'data'));
    assert.equal(String(echoed), 'what follows');
    second.close();
    await within(SLOW_MS, 'the end', closed(client));
    assert.equal(engine.openConnections, 0);
  });

  test(`${name}: what a peer has sent before is not lost when its connection is handed over`, async t => {
    const { engine, listening, accept } = setUp(t, make);
    const client = await dial(listening.port);
    client.write('one');
    const first = await accept();
    const heard = new Recorder();
    first.handler = heard;
    first.receive(true);
    await within(SLOW_MS, 'the first bytes', heard.next());
    client.write('two');
    await turn();
    await turn();
    const { fd, ahead } = handedOver(first);
    const socket = new Socket({ fd, allowHalfOpen: true });
    if (ahead !== undefined) socket.unshift(ahead);
    const second = engine.adopt(socket, new Echo());
    second.receive();
    const [echoed] = await within(SLOW_MS, 'the echo', once(client, 'data'));
    assert.equal(String(echoed), 'two');
    second.close();
    await within(SLOW_MS, 'the end', closed(client));
  });

  test(`${name}: connects over IPv6`, async t => {
    const server = createServer(socket => socket.end('six'));
    server.listen(0, '::1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { engine } = setUp(t, make);
    const recorder = new Recorder();
    const { port } = server.address() as AddressInfo;
    const connection = engine.connect({ kind: 'ip', family: 6, host: '::1', port }, recorder);
    assert.equal((await recorder.next()).kind, 'connected');
    assert.deepEqual(connection.remote, { family: 6, host: '::1', port });
    connection.receive();
    assert.deepEqual(await recorder.next(), { kind: 'received', bytes: Buffer.from('six') });
  });

  test(`${name}: connects from the source address asked for`, async t => {
    const peers: (string | undefined)[] = [];
    const server = createServer(socket => {
      peers.push(socket.remoteAddress);
      socket.end('x');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { engine } = setUp(t, make);
    const recorder = new Recorder();
    const { port } = server.address() as AddressInfo;
    const source = { host: '127.0.0.9', port: 0 };
    const connection = engine.connect({ kind: 'ip', family: 4, host: '127.0.0.1', port, source }, recorder);
    assert.equal((await recorder.next()).kind, 'connected');
    connection.receive();
    assert.equal((await recorder.next()).kind, 'received');
    assert.deepEqual(peers, ['127.0.0.9']);
    assert.equal(connection.local.host, '127.0.0.9');
  });

  test(`${name}: a refused connect fails, and so does one from a foreign source`, async t => {
    const { engine, listening } = setUp(t, make);
    listening.listener.close();
    for (let i = 0; i < 20; i++) await turn();
    const recorder = new Recorder();
    connectLoopback(engine, listening.port, recorder);
    assert.deepEqual(await recorder.next(), { kind: 'failed', cause: 'refused' });
    const foreign = new Recorder();
    const source = { host: '192.0.2.77', port: 0 };
    const { port } = listening;
    const connection = engine.connect({ kind: 'ip', family: 4, host: '127.0.0.1', port, source }, foreign);
    assert.deepEqual(await foreign.next(), { kind: 'failed', cause: 'resource' });
    connection.close();
  });

  test(`${name}: a connect that is closed before it is answered says nothing`, async t => {
    const { engine } = setUp(t, make);
    const recorder = new Recorder();
    const target = { kind: 'ip', family: 4, host: '192.0.2.1', port: 9 } as const;
    const connection = engine.connect(target, recorder);
    await turn();
    if (!connection.closed) connection.close();
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(recorder.happened.filter(({ kind }) => kind === 'connected').length, 0);
    assert.equal(engine.openConnections, 0);
  });

  test(`${name}: unix sockets, by path and abstract, carry bytes`, async t => {
    const { engine } = setUp(t, make);
    for (const path of [`/tmp/lb-engine-${process.pid}.sock`, `\0lb-engine-${process.pid}`]) {
      const server = createServer(socket => socket.pipe(socket));
      server.listen(path);
      await once(server, 'listening');
      const recorder = new Recorder();
      const connection = engine.connect({ kind: 'unix', path }, recorder);
      assert.equal((await recorder.next()).kind, 'connected');
      connection.receive();
      connection.send(Buffer.from('local'), 0, 5);
      assert.equal((await recorder.next()).kind, 'sent');
      assert.deepEqual(await recorder.next(), { kind: 'received', bytes: Buffer.from('local') });
      assert.equal(connection.remote.family, 0);
      connection.close();
      server.close();
    }
    const recorder = new Recorder();
    engine.connect({ kind: 'unix', path: '/tmp/no/such/socket' }, recorder);
    assert.deepEqual(await recorder.next(), { kind: 'failed', cause: 'refused' });
  });
}

function capacityTests(name: string, make: MakeEngine): void {
  test(`${name}: a paused listener leaves connections in the backlog until it is resumed`, async t => {
    const { listening, accepted, accept } = setUp(t, make, () => new Echo());
    listening.listener.pause();
    assert.equal(listening.listener.paused, true);
    const socket = await dial(listening.port);
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(accepted.length, 0);
    listening.listener.resume();
    (await accept()).receive();
    socket.write('ping');
    const [data] = (await once(socket, 'data')) as [Buffer];
    assert.equal(data.toString(), 'ping');
    socket.destroy();
  });

  test(`${name}: a listener that is closed has taken in who waited for it`, async t => {
    const { listening, accept } = setUp(t, make, () => new Echo());
    // within one turn: the kernel has the connection, the engine has not looked yet
    const fd = openSocket(AF_INET, 'blocking');
    assert.equal(connectSocket(fd, encodeIp(4, '127.0.0.1', listening.port)), 0);
    listening.listener.close();
    (await accept()).receive();
    const socket = new Socket({ fd });
    socket.write('ping');
    const [data] = (await once(socket, 'data')) as [Buffer];
    assert.equal(data.toString(), 'ping');
    socket.destroy();
  });

  test(`${name}: a listener that closes and refuses takes in who waited, and its socket can listen again`, async t => {
    const engine = make({ poison: true });
    t.after(() => engine.destroy());
    // one that was chosen by the kernel would be lost
    const port = await freePort();
    const address = { kind: 'ip', family: 4, host: '127.0.0.1', port } as const;
    const opened = openListening(listenSettings({ address }), 1);
    if (isListenFailure(opened)) throw new Error(opened.message);
    const [fd = -1] = opened.fds;
    const again = duplicateDescriptor(fd);
    const serve = (connection: Connection): void => {
      connection.handler = new Echo();
      connection.receive();
    };
    const listener = engine.listen(fd, serve, code => assert.fail(code));
    const dialled = [0, 0, 0].map(() => openSocket(AF_INET, 'blocking')) as [number, number, number];
    const connectNow = (socket: number): number => connectSocket(socket, encodeIp(4, '127.0.0.1', port));
    assert.equal(connectNow(dialled[0]), 0);
    listener.close(true);
    assert.equal(connectNow(dialled[1]), -ECONNREFUSED);
    closeDescriptor(dialled[1]);
    for (let i = 0; i < 5; i++) await turn();
    assert.equal(beginListening(again, { backlog: 0 }), 0);
    engine.listen(again, serve, code => assert.fail(code));
    assert.equal(connectNow(dialled[2]), 0);
    for (const client of [dialled[0], dialled[2]]) {
      const socket = new Socket({ fd: client });
      socket.write('ping');
      const [data] = (await once(socket, 'data')) as [Buffer];
      assert.equal(data.toString(), 'ping');
      socket.destroy();
    }
  });

  test(`${name}: who comes while a listener closes is served, by it or by others that share its socket`, async t => {
    const { engine, listening, accepted } = setUp(t, make);
    const second = setUp(t, make);
    const shared = duplicateDescriptor(listening.fd);
    second.engine.listen(
      shared,
      connection => second.accepted.push(connection),
      code => assert.fail(code),
    );
    for (let i = 0; i < 5; i++) await turn();
    const clients: number[] = [];
    t.after(() => clients.forEach(closeDescriptor));
    for (let count = 0; count < 4; count++) {
      const fd = openSocket(AF_INET, 'blocking');
      clients.push(fd);
      assert.equal(connectSocket(fd, encodeIp(4, '127.0.0.1', listening.port)), 0);
    }
    listening.listener.close();
    await until('all are accepted', () => accepted.length + second.accepted.length === 4);
    for (const connection of [...accepted, ...second.accepted]) connection.close();
    assert.equal(engine.openConnections, 0);
  });

  test(`${name}: who waits for a paused listener is left to others when it closes`, async t => {
    const { listening, accepted } = setUp(t, make);
    const second = setUp(t, make);
    listening.listener.pause();
    for (let i = 0; i < 5; i++) await turn();
    const client = await dial(listening.port);
    t.after(() => client.destroy());
    const shared = duplicateDescriptor(listening.fd);
    listening.listener.close();
    for (let i = 0; i < 5; i++) await turn();
    second.engine.listen(
      shared,
      connection => second.accepted.push(connection),
      code => assert.fail(code),
    );
    await until('it is accepted', () => accepted.length + second.accepted.length === 1);
    assert.equal(second.accepted.length, 1);
    second.accepted[0]?.close();
  });

  test(`${name}: timers fire without any traffic, and none keeps it awake when there is none`, async t => {
    const { engine } = setUp(t, make);
    // the wheel's time is that of its turn's begin
    const started = engine.wheel.now;
    await within(
      SLOW_MS,
      'the timer',
      new Promise<void>(resolve => engine.wheel.set(new Timer(resolve), 35)),
    );
    const took = engine.wheel.now - started;
    assert.ok(took >= 34.99 && took < 500, `${took} ms`);
    assert.equal(engine.wheel.linked, 0);
    assert.equal(engine.wheel.wakeAt, Infinity);
  });

  test(`${name}: 2,500 idle connections are held, served, and leave nothing behind`, async t => {
    const before = descriptors();
    const { engine, listening, accepted } = setUp(t, make, () => new Echo());
    const count = 2500;
    const clients = Array.from({ length: count }, () => {
      const recorder = new Recorder();
      return { recorder, connection: connectLoopback(engine, listening.port, recorder) };
    });
    for (const { recorder } of clients) assert.equal((await recorder.next()).kind, 'connected');
    await until('all connections', () => accepted.length === count);
    for (const connection of accepted) connection.receive();
    assert.equal(engine.openConnections, 2 * count);
    for (const { connection } of clients) connection.receive();
    for (const [i, { connection }] of clients.entries()) {
      const bytes = Buffer.from(`hello ${i}`);
      connection.send(bytes, 0, bytes.length);
    }
    for (const [i, { recorder }] of clients.entries()) {
      assert.equal((await recorder.next()).kind, 'sent');
      assert.deepEqual(await recorder.next(), { kind: 'received', bytes: Buffer.from(`hello ${i}`) });
    }
    engine.destroy();
    assert.equal(engine.openConnections, 0);
    await until('the end of all descriptors', () => descriptors() <= before);
  });
}
