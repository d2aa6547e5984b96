import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Connection, ConnectionHandler, Engine, MoveSink } from '../../src/net/connection.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { encodeIp } from '../../src/net/socket-address.ts';
import {
  closeDescriptor,
  connectSocket,
  openSocket,
  receiveNow,
  sendNow,
} from '../../src/net/system-calls.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';
import { listenOnLoopback } from './wires.ts';

const SLOT = 1024;
const AF_INET = 2;
/** More than all slots take. */
const BURST = Buffer.from(Uint8Array.from({ length: 100 * SLOT }, (_, i) => (i >>> 8) ^ i));

/** Asks for more of a burst when the turn is over: what has come by then waits. */
class LateTaker implements ConnectionHandler {
  readonly received: Buffer[] = [];
  bytes = 0;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.keep(buffer, offset, length);
    if (this.received.length === 2) this.#engine.queue({ deliver: () => connection.receive() });
    else connection.receive();
  }

  keep(buffer: Buffer, offset: number, length: number): void {
    this.received.push(Buffer.from(buffer.subarray(offset, offset + length)));
    this.bytes += length;
  }
  onConnected(): void {}
  onEnd(): void {}
  onSent(): void {}
  onFailed(connection: Connection): void {
    connection.close();
  }
}

function connectedTo(t: TestContext, port: number): number {
  const fd = openSocket(AF_INET, 'blocking');
  t.after(() => closeDescriptor(fd));
  assert.equal(connectSocket(fd, encodeIp(4, '127.0.0.1', port)), 0);
  return fd;
}

test('bytes that no slot was left for come behind those that wait', async t => {
  if (!requires(t, 'io_uring')) return;
  const engine = new UringEngine({ bufsize: SLOT, poison: true, slots: 16 });
  t.after(() => engine.destroy());
  const taker = new LateTaker(engine);
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = taker;
    connection.receive();
  });
  const fd = connectedTo(t, port);
  sendNow(fd, Buffer.from('first'));
  await until('the first slice', () => taker.bytes === 5);
  // all of it before the ring has a turn
  assert.equal(sendNow(fd, BURST), BURST.length);
  await until('the whole burst', () => taker.bytes >= 5 + BURST.length);
  assert.ok(Buffer.concat(taker.received.slice(1)).equals(BURST));
});

/** Has the bytes behind those that came before moved on by the kernel, as soon as it can. */
class Mover extends LateTaker implements MoveSink {
  target: Connection | undefined;
  moved = 0;
  #isMoving = false;

  override onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    assert.ok(!this.#isMoving, 'bytes were received that are to be moved');
    this.keep(buffer, offset, length);
    if (this.received.length === 1) connection.receive();
    else if (this.received.length === 2) setImmediate(() => connection.receive());
    else this.#more(connection);
  }

  #more(connection: Connection): void {
    const left = 5 + 2 * BURST.length - this.bytes;
    this.#isMoving = connection.moveTo?.(this.target as Connection, left, this) === true;
    if (!this.#isMoving) connection.receive();
  }

  taken(): void {}
  passed(bytes: number): void {
    this.moved += bytes;
  }
  waitsFor(): void {}
  done(): void {}
  sourceEnded(): void {}
}

test('bytes that no slot was left for are not received where they are to be moved', async t => {
  if (!requires(t, 'io_uring')) return;
  const engine = new UringEngine({ bufsize: SLOT, poison: true, slots: 2 });
  t.after(() => engine.destroy());
  const mover = new Mover(engine);
  const accepted: Connection[] = [];
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = mover;
    accepted.push(connection);
  });
  const [fd, reader] = [connectedTo(t, port), connectedTo(t, port)];
  await until('both are accepted', () => accepted.length === 2);
  mover.target = accepted[1] as Connection;
  (accepted[0] as Connection).receive();
  sendNow(fd, Buffer.from('first'));
  await until('the first slice', () => mover.bytes === 5);
  assert.equal(sendNow(fd, BURST), BURST.length);
  await until('the whole burst', () => mover.bytes + mover.moved >= 5 + BURST.length);
  assert.equal(sendNow(fd, BURST), BURST.length);
  await until('another', () => mover.bytes + mover.moved >= 5 + 2 * BURST.length);
  assert.ok(mover.moved > 0);
  const rest = Buffer.alloc(mover.moved);
  let read = 0;
  await until(
    'what was moved',
    () => (read += Math.max(0, receiveNow(reader, rest.subarray(read)))) === rest.length,
  );
  assert.ok(Buffer.concat([...mover.received.slice(1), rest]).equals(Buffer.concat([BURST, BURST])));
});
