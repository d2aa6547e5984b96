/** Connections straight on the handle of a TLSSocket: the contract of net/connection.ts, beside real TLS clients. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import type { Connection, ConnectionHandler } from '../../src/net/connection.ts';
import { NodeEngine } from '../../src/net/engines/node/engine.ts';
import { descriptorOf } from '../../src/net/engines/node/stream-socket.ts';
import { TlsConnection } from '../../src/net/engines/node/tls-connection.ts';
import { abortOnClose } from '../../src/net/socket-options.ts';
import { tlsText } from '../support/tls-material.ts';
import { until } from '../support/until.ts';
import { Recorder, within } from './wires.ts';

const BUFSIZE = 16_384;
const SLOW_MS = 10_000;
const SECURE = createSecureContext({ cert: tlsText('rsa.pem'), key: tlsText('rsa.pem') });

interface Pair {
  readonly engine: NodeEngine;
  readonly connection: Connection;
  readonly client: TLSSocket;
  /** What the connection lies over. */
  readonly socket: TLSSocket;
  /** What the client's TLS runs over. */
  readonly wire: Socket;
}

/** A client, and the connection that was made of its socket when its handshake was over. */
async function secured(t: TestContext, handler: ConnectionHandler): Promise<Pair> {
  const engine = new NodeEngine({ bufsize: BUFSIZE, poison: true });
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const wire = connectTcp({ port: (server.address() as AddressInfo).port, allowHalfOpen: true });
  const accepted = new Promise<[Connection, TLSSocket]>(resolve => {
    server.once('connection', raw => {
      const socket = new TLSSocket(raw, { isServer: true, secureContext: SECURE });
      socket.on('error', () => undefined);
      socket.once('secure', () => {
        socket.allowHalfOpen = true;
        socket.removeAllListeners('error');
        resolve([engine.adopt(socket, handler), socket]);
      });
    });
  });
  const client = connect({ socket: wire, rejectUnauthorized: false });
  client.allowHalfOpen = true;
  t.after(() => {
    server.close();
    client.destroy();
    engine.destroy();
  });
  await once(client, 'secureConnect');
  const [connection, socket] = await accepted;
  return { engine, connection, socket, client, wire };
}

/** Sends back what comes, and shuts down when the peer does. */
class Echo implements ConnectionHandler {
  onConnected(): void {}
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

async function nextBytes(recorder: Recorder): Promise<string> {
  const event = await within(SLOW_MS, 'bytes', recorder.next());
  assert.ok(event.kind === 'received', event.kind);
  return event.bytes.toString();
}

test('this Node has handles as they are expected', async t => {
  const { connection } = await secured(t, new Recorder());
  assert.ok(connection instanceof TlsConnection);
});

test('megabytes come back as they were sent, and both sides end one after the other', async t => {
  const { engine, connection, client } = await secured(t, new Echo());
  connection.receive();
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 31) % 251));
  const chunks: Buffer[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (let from = 0, size = 1; from < bytes.length; from += size, size = ((size * 7) % 70_000) + 1)
    client.write(bytes.subarray(from, from + size));
  client.end();
  await within(SLOW_MS, 'the end', once(client, 'end'));
  assert.ok(Buffer.concat(chunks).equals(bytes));
  assert.deepEqual([connection.bytesIn, connection.bytesOut], [bytes.length, bytes.length]);
  connection.close();
  assert.equal(engine.buffers.pool.taken, 0);
  assert.equal(engine.openConnections, 0);
});

test('a thousand small records that nobody asked for take few buffers, and come in their order', async t => {
  const recorder = new Recorder();
  const { engine, connection, client, wire } = await secured(t, recorder);
  connection.receive();
  client.write('first');
  let all = await nextBytes(recorder);
  wire.cork();
  for (let index = 0; index < 1000; index++) client.write(`${index};`);
  wire.uncork();
  await until('what came unasked', () => connection.bytesIn > 'first'.length);
  for (let index = 0; index < 20; index++) await turn();
  assert.ok(engine.buffers.pool.taken <= 4, `${engine.buffers.pool.taken} buffers`);
  const wanted = `first${Array.from({ length: 1000 }, (_, index) => `${index};`).join('')}`;
  while (all.length < wanted.length) {
    connection.receive();
    all += await nextBytes(recorder);
  }
  assert.equal(all, wanted);
});

test('a send is told of at once, and one right behind it waits for its turn', async t => {
  const recorder = new Recorder();
  const { connection, client } = await secured(t, recorder);
  const said = text(client);
  connection.send(Buffer.from('..one..'), 2, 3);
  assert.deepEqual(recorder.happened, [{ kind: 'sent' }]);
  connection.send(Buffer.from('two'), 0, 3);
  assert.equal(recorder.happened.length, 1);
  assert.throws(() => connection.send(Buffer.from('x'), 0, 1), /already pending/);
  await until('the second send', () => recorder.happened.length === 2);
  connection.send(Buffer.from('three'), 0, 5);
  connection.close();
  assert.equal(await said, 'onetwothree');
});

test('a send to a client that does not read is not done before it does', async t => {
  const recorder = new Recorder();
  const { connection, client } = await secured(t, recorder);
  const bytes = Buffer.alloc(16_000_000, 'abc');
  client.pause();
  connection.send(bytes, 0, bytes.length);
  for (let index = 0; index < 50; index++) await turn();
  assert.deepEqual(recorder.happened, []);
  const said = text(client);
  await until('the send', () => recorder.happened.length === 1);
  connection.shutdown();
  assert.equal((await said).length, bytes.length);
});

test('who closes while records are decrypted hears of none any more, and keeps no buffer', async t => {
  const heard: number[] = [];
  const closing: ConnectionHandler = {
    onConnected: () => undefined,
    onEnd: () => undefined,
    onSent: () => undefined,
    onFailed: () => undefined,
    onReceived: (connection, _buffer, _offset, length) => {
      heard.push(length);
      connection.close();
    },
  };
  const { engine, connection, client, wire } = await secured(t, closing);
  connection.receive();
  wire.cork();
  for (let index = 0; index < 100; index++) client.write('a record of its own');
  wire.uncork();
  client.on('error', () => undefined).resume();
  await within(SLOW_MS, 'the close', Promise.race([once(client, 'end'), once(client, 'close')]));
  assert.equal(heard.length, 1);
  assert.equal(engine.buffers.pool.taken, 0);
});

test('bytes that are no TLS fail the one connection they come on', async t => {
  const recorder = new Recorder();
  const { engine, connection, wire } = await secured(t, recorder);
  connection.receive();
  wire.write(Buffer.from('this was not encrypted by anybody'));
  assert.deepEqual((await within(SLOW_MS, 'the failure', recorder.next())).kind, 'failed');
  connection.close();
  assert.equal(engine.openConnections, 0);
});

test('a socket that destroys itself fails its connection, and nothing else', async t => {
  for (const error of [new Error('for reasons of its own'), undefined]) {
    const recorder = new Recorder();
    const { engine, connection, socket } = await secured(t, recorder);
    connection.receive();
    socket.destroy(error);
    assert.equal((await within(SLOW_MS, 'the failure', recorder.next())).kind, 'failed');
    connection.send(Buffer.from('too late'), 0, 8);
    connection.shutdown();
    connection.close();
    assert.equal(engine.openConnections, 0);
  }
});

test('a reset is one to the client, and a client that resets fails the connection', async t => {
  const pair = await secured(t, new Recorder());
  pair.connection.reset();
  const [error] = (await within(SLOW_MS, 'the reset', once(pair.client, 'error'))) as [{ code?: string }];
  assert.equal(error.code, 'ECONNRESET');

  const recorder = new Recorder();
  const { connection, client, wire } = await secured(t, recorder);
  connection.send(Buffer.from('x'), 0, 1);
  await Promise.all([within(SLOW_MS, 'the send', recorder.next()), once(client, 'data')]);
  connection.receive();
  abortOnClose(descriptorOf(wire));
  wire.destroy();
  assert.deepEqual(await within(SLOW_MS, 'the reset', recorder.next()), { kind: 'failed', cause: 'reset' });
  connection.send(Buffer.from('too late'), 0, 8);
  connection.close();
});
