import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Connection } from '../../src/net/connection.ts';
import { connectWithin } from '../../src/net/connector.ts';
import { NodeEngine } from '../../src/net/engines/node/engine.ts';
import { lingerClose } from '../../src/net/linger.ts';
import { isListenFailure, openListening } from '../../src/net/listening-socket.ts';
import { closeDescriptor } from '../../src/net/system-calls.ts';
import { listenOnLoopback, listenSettings, Recorder, within } from './wires.ts';

interface Setting {
  readonly engine: NodeEngine;
  readonly socket: Socket;
  readonly connection: Connection;
}

async function accepted(t: TestContext): Promise<Setting> {
  const engine = new NodeEngine({ bufsize: 16384, poison: true });
  t.after(() => engine.destroy());
  let accept: (connection: Connection) => void = () => undefined;
  const arrived = new Promise<Connection>(resolve => (accept = resolve));
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = new Recorder();
    accept(connection);
  });
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  return { engine, socket, connection: await arrived };
}

const ANSWER = Buffer.from('HTTP/1.0 413 Payload Too Large\r\n\r\n');

test('an answer reaches a client that is still sending, and the close waits for its FIN', async t => {
  const { engine, socket, connection } = await accepted(t);
  const closed = new Promise<boolean>(resolve => {
    socket.write(Buffer.alloc(200_000), () => {
      lingerClose(engine.wheel, connection, {
        last: { buffer: ANSWER, offset: 0, length: ANSWER.length },
        timeoutMs: 5000,
        maxBytes: 1 << 20,
        onClosed: resolve,
      });
    });
  });
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  await within(5000, 'FIN', once(socket, 'end'));
  assert.equal(Buffer.concat(chunks).toString(), ANSWER.toString());
  assert.equal(connection.closed, false);
  socket.end('the rest');
  assert.equal(await within(5000, 'close', closed), true);
  assert.equal(engine.openConnections, 0);
  assert.equal(engine.wheel.linked, 0);
  assert.equal(engine.buffers.pool.taken, 0);
});

test('a client that does not stop sending is cut off after the amount, one that hangs after the time', async t => {
  const flood = await accepted(t);
  const cut = new Promise<boolean>(resolve => {
    lingerClose(flood.engine.wheel, flood.connection, {
      timeoutMs: 5000,
      maxBytes: 100_000,
      onClosed: resolve,
    });
  });
  flood.socket.write(Buffer.alloc(8 << 20));
  assert.equal(await within(5000, 'close', cut), false);
  assert.ok(flood.connection.bytesIn >= 100_000 && flood.connection.bytesIn < 200_000);
  const silent = await accepted(t);
  const late = new Promise<boolean>(resolve => {
    lingerClose(silent.engine.wheel, silent.connection, { timeoutMs: 50, maxBytes: 100, onClosed: resolve });
  });
  assert.equal(await within(5000, 'close', late), false);
  assert.equal(silent.connection.closed, true);
});

test('a connect that is not answered in time fails with the cause timeout', async t => {
  const { engine } = await accepted(t);
  // A listener that nobody accepts from, its backlog full: the kernel ignores further SYNs.
  const full = openListening(listenSettings({ backlog: 1 }), 1);
  if (isListenFailure(full)) throw new Error(full.message);
  t.after(() => full.fds.forEach(closeDescriptor));
  const target = { kind: 'ip', family: 4, host: '127.0.0.1', port: full.endpoint.port } as const;
  const connections = [1, 2, 3, 4].map(() => engine.connect(target, new Recorder()));
  const recorder = new Recorder();
  connections.push(connectWithin(engine, target, 60, recorder));
  assert.deepEqual(await within(5000, 'failure', recorder.next()), { kind: 'failed', cause: 'timeout' });
  for (const connection of connections) connection.close();
  assert.equal(engine.wheel.linked, 0);
});
