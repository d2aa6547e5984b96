import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Connection, ConnectionHandler } from '../../src/net/connection.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { requires } from '../support/requirement.ts';
import { listenOnLoopback, within } from './wires.ts';

const RUSH = Buffer.alloc(1 << 20, 'r');

/** Receives until so many bytes have come, then stops. */
class Taker implements ConnectionHandler {
  received = 0;
  wanted = 0;
  #done: () => void = () => undefined;

  take(connection: Connection, wanted: number): Promise<void> {
    this.received = 0;
    this.wanted = wanted;
    const done = new Promise<void>(resolve => (this.#done = resolve));
    connection.receive();
    return within(60_000, `${wanted} bytes`, done);
  }

  onReceived(connection: Connection, _buffer: Buffer, _offset: number, length: number): void {
    this.received += length;
    if (this.received < this.wanted) connection.receive();
    else this.#done();
  }
  onConnected(): void {}
  onEnd(): void {}
  onSent(): void {}
  onFailed(connection: Connection): void {
    connection.close();
  }
}

test('a connection that bytes rushed in on piles up no slots when they do so again', async t => {
  if (!requires(t, 'io_uring')) return;
  const engine = new UringEngine({ bufsize: 16_384, poison: true });
  t.after(() => engine.destroy());
  let tell: (connection: Connection) => void = () => undefined;
  const accepted = new Promise<Connection>(resolve => (tell = resolve));
  const taker = new Taker();
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = taker;
    tell(connection);
  });
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  const connection = await within(60_000, 'accept', accepted);
  socket.write(RUSH);
  await taker.take(connection, RUSH.length);
  socket.write('small');
  await taker.take(connection, 5);

  socket.write(RUSH);
  await taker.take(connection, 1);
  for (let turns = 0; turns < 50; turns++) await turn();
  assert.equal(engine.slots.taken + engine.hot.taken, 1);
  await taker.take(connection, RUSH.length - taker.received);
});
