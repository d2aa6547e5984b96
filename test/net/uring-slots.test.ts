import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Connection, ConnectionHandler } from '../../src/net/connection.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { encodeIp } from '../../src/net/socket-address.ts';
import { AF_INET, closeDescriptor, connectSocket, openSocket, sendNow } from '../../src/net/system-calls.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';
import { listenOnLoopback, within } from './wires.ts';

const SIZE = 16_384;
const CLIENTS = 600;
/** What stays: in the ring, and next to be used, with the pages that such a slot shares with its neighbours. */
const KEPT = 2 * 64 * (Math.ceil((SIZE + 1024) / 4096) + 1) * 4096;

/** Holds the slot of each first slice until it is told to let them go. */
class Holder implements ConnectionHandler {
  readonly held = new Map<Connection, Buffer>();
  #wanted = 0;
  #full: () => void = () => undefined;

  filled(wanted: number): Promise<void> {
    this.#wanted = wanted;
    return within(60_000, `${wanted} slices`, new Promise(resolve => (this.#full = resolve)));
  }

  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.held.set(connection, buffer.subarray(offset, offset + length));
    if (this.held.size === this.#wanted) this.#full();
  }

  letGo(): void {
    for (const connection of this.held.keys()) connection.close();
    this.held.clear();
  }

  onConnected(): void {}
  onEnd(): void {}
  onSent(): void {}
  onFailed(connection: Connection): void {
    connection.close();
  }
}

/** Bytes of the mapping around an address that are in memory. */
function resident(address: number): number {
  let isInside = false;
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line) ?? [];
    if (from !== undefined && to !== undefined)
      isInside = parseInt(from, 16) <= address && address < parseInt(to, 16);
    else if (isInside && line.startsWith('Rss:')) return Number(/\d+/.exec(line)?.[0]) * 1024;
  }
  throw new Error('no such mapping');
}

/** Clients that have each sent a slice full of the number of its client. */
async function burst(t: TestContext, port: number, holder: Holder, clients: number): Promise<Socket[]> {
  const filled = holder.filled(clients);
  const sockets = await Promise.all(
    Array.from({ length: clients }, async (_, i) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      t.after(() => socket.destroy());
      await once(socket, 'connect');
      socket.write(Buffer.alloc(SIZE, i % 251));
      return socket;
    }),
  );
  await filled;
  return sockets;
}

test('memory that a burst has needed goes back, and what comes later is received as ever', async t => {
  if (!requires(t, 'io_uring')) return;
  const engine = new UringEngine({ bufsize: SIZE });
  t.after(() => engine.destroy());
  const holder = new Holder();
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = holder;
    connection.receive();
  });
  const { address } = engine.slots.group.arena;
  const first = await burst(t, port, holder, CLIENTS);
  const most = resident(address);
  assert.ok(most > CLIENTS * 4096, `${most} bytes for ${CLIENTS} slices`);
  holder.letGo();
  await Promise.all(first.map(socket => once(socket, 'close')));

  let calls = 1;
  while (!engine.slots.trim()) assert.ok(calls++ < 20, 'memory goes within a few calls');
  const left = resident(address);
  assert.ok(left <= KEPT, `${left} of ${most} bytes stayed`);

  await burst(t, port, holder, CLIENTS);
  for (const slice of holder.held.values()) assert.ok(slice.equals(Buffer.alloc(slice.length, slice[0])));
  assert.equal(new Set([...holder.held.values()].map(slice => slice[0])).size, 251);
  holder.letGo();
});

test('no memory goes while a completion waits to be read', async t => {
  if (!requires(t, 'io_uring')) return;
  const engine = new UringEngine({ bufsize: SIZE });
  t.after(() => engine.destroy());
  const holder = new Holder();
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = holder;
    connection.receive();
  });
  const fd = openSocket(AF_INET, 'blocking');
  t.after(() => closeDescriptor(fd));
  assert.equal(connectSocket(fd, encodeIp(4, '127.0.0.1', port)), 0);
  await until('the receive', () => engine.openConnections === 1);
  engine.handOver();
  assert.equal(engine.slots.trim(), true);
  sendNow(fd, Buffer.from('bytes'));
  engine.handOver();
  assert.equal(engine.slots.trim(), false);
  await until('the bytes', () => holder.held.size === 1);
  holder.letGo();
});

test('of very large buffers there are fewer', async t => {
  if (!requires(t, 'io_uring')) return;
  const engine = new UringEngine({ bufsize: 2 ** 20 });
  t.after(() => engine.destroy());
  assert.ok(engine.slots.group.idle > 1000 && engine.slots.group.arena.bytes.byteLength <= 2 ** 32);
  const holder = new Holder();
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = holder;
    connection.receive();
  });
  await burst(t, port, holder, 2);
  assert.equal(holder.held.size, 2);
  holder.letGo();
});
