/** More connections hold bytes than the ring has slots: everybody is served all the same, and nobody spins. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import type { Cause } from '../../src/base/failure.ts';
import type { Connection, ConnectionHandler } from '../../src/net/connection.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { abortOnClose } from '../../src/net/socket-options.ts';
import { encodeIp } from '../../src/net/socket-address.ts';
import {
  AF_INET,
  closeDescriptor,
  connectSocket,
  openSocket,
  receiveNow,
  sendNow,
  shutdownSending,
} from '../../src/net/system-calls.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';
import { listenOnLoopback } from './wires.ts';

const SLOT = 1024;
const CLIENTS = 12;
/** More than any socket buffers of the host take. */
const LONG = 64 * 1024 * 1024;

/** Holds what it has received until it is told to ask for more. */
class Holder implements ConnectionHandler {
  readonly connections: Connection[] = [];
  readonly held = new Map<Connection, Buffer>();
  sent = 0;
  ended = 0;
  readonly failed: Cause[] = [];

  readonly accept = (connection: Connection): void => {
    this.connections.push(connection);
    connection.handler = this;
  };

  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.held.set(connection, buffer.subarray(offset, offset + length));
  }

  texts(): string[] {
    return [...this.held.values()].map(bytes => bytes.toString()).sort();
  }

  onSent(): void {
    this.sent++;
  }

  onEnd(): void {
    this.ended++;
  }

  onConnected(): void {}
  onFailed(_: Connection, cause: Cause): void {
    this.failed.push(cause);
  }
}

interface Bench {
  readonly engine: UringEngine;
  readonly holder: Holder;
  readonly clients: readonly number[];
}

async function bench(t: TestContext, slots: number): Promise<Bench> {
  const engine = new UringEngine({ bufsize: SLOT, poison: true, slots });
  t.after(() => engine.destroy());
  const holder = new Holder();
  const { port } = listenOnLoopback(engine, holder.accept);
  const clients = Array.from({ length: CLIENTS }, () => connectedTo(t, port));
  await until('all are accepted', () => holder.connections.length === CLIENTS);
  return { engine, holder, clients };
}

function connectedTo(t: TestContext, port: number): number {
  const fd = openSocket(AF_INET, 'blocking');
  t.after(() => closeDescriptor(fd));
  connectSocket(fd, encodeIp(4, '127.0.0.1', port));
  return fd;
}

/** Reads what is there, and says how much it was; -1: a byte is not at its place. */
function readChecked(fd: number, from: number, into: Buffer): number {
  const length = Math.max(0, receiveNow(fd, into));
  for (let i = 0; i < length; i++) if (into[i] !== byteAt(from + i)) return -1;
  return length;
}

function byteAt(place: number): number {
  return (place ^ (place >>> 8) ^ (place >>> 16)) & 0xff;
}

test('who finds all slots held by others is read by a call', async t => {
  if (!requires(t, 'io_uring')) return;
  const { engine, holder, clients } = await bench(t, 4);
  for (const round of ['first', 'second']) {
    holder.held.clear();
    for (const connection of holder.connections) connection.receive();
    const texts = clients.map((_, i) => `${round} of ${String(i)}`);
    for (const [i, fd] of clients.entries()) sendNow(fd, Buffer.from(texts[i] as string));
    await until(`the ${round} of all`, () => holder.held.size === CLIENTS);
    // poisoned, if any of it were another's by now
    assert.deepEqual(holder.texts(), texts.sort());
  }
  for (const connection of holder.connections) connection.close();
  await until('all is over', () => engine.openConnections === 0);
  assert.equal(engine.slots.taken, 0);
  assert.equal(engine.hot.taken, 0);
});

test('an end and a reset are heard of where all slots are held', async t => {
  if (!requires(t, 'io_uring')) return;
  const { holder, clients } = await bench(t, 1);
  const [full, ends, resets] = holder.connections as [Connection, Connection, Connection];
  full.receive();
  sendNow(clients[0] as number, Buffer.from('x'));
  await until('it holds the only slot', () => holder.held.size === 1);
  ends.receive();
  resets.receive();
  shutdownSending(clients[1] as number);
  await until('the end', () => holder.ended === 1);
  abortOnClose(clients[2] as number);
  connectSocket(clients[2] as number, Buffer.alloc(16)); // AF_UNSPEC: dissolves it
  await until('the reset', () => holder.failed.length === 1);
  assert.deepEqual([holder.ended, holder.held.size], [1, 1]);
});

test('sends that find no slot for their rest go on when their peers read', async t => {
  if (!requires(t, 'io_uring')) return;
  const { engine, holder, clients } = await bench(t, 2);
  const bytes = Buffer.from(Uint8Array.from({ length: LONG }, (_, i) => byteAt(i)));
  for (const connection of holder.connections) connection.send(bytes, 0, LONG);
  await until('all wait', () => engine.pendingOperations > CLIENTS);
  const turns = engine.turns;
  await sleep(100);
  assert.ok(engine.turns - turns < 20, 'an engine whose sends all wait does not sleep');
  // the last first: those that have the slots are stalled
  const into = Buffer.alloc(1 << 20);
  for (const fd of [clients.at(-1) as number, ...clients.slice(0, -1)]) {
    let read = 0;
    await until('all bytes have come', () => {
      const more = readChecked(fd, read, into);
      assert.ok(more >= 0, `a wrong byte behind ${String(read)}`);
      read += more;
      return read === LONG;
    });
  }
  await until('all are told', () => holder.sent === CLIENTS);
  assert.deepEqual(holder.failed, []);
});

test('closing while a send waits for room leaves nothing behind', async t => {
  if (!requires(t, 'io_uring')) return;
  const { engine, holder } = await bench(t, 1);
  const bytes = Buffer.alloc(LONG);
  for (const connection of holder.connections) connection.send(bytes, 0, LONG);
  await until('all wait', () => engine.pendingOperations > CLIENTS);
  for (const connection of holder.connections) connection.close();
  await until('all is over', () => engine.openConnections === 0 && engine.pendingOperations <= 1);
  assert.equal(engine.slots.taken, 0);
});
