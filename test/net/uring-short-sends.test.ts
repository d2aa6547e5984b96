import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Connection, ConnectionHandler } from '../../src/net/connection.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { requires } from '../support/requirement.ts';
import { listenOnLoopback, within } from './wires.ts';

/** More than the kernel keeps for a peer that does not read. */
const MUCH = Buffer.alloc(16 << 20, 'm');

class Teller implements ConnectionHandler {
  readonly events: string[] = [];
  onReceived(): void {
    this.events.push('received');
  }
  onSent(): void {
    this.events.push('sent');
  }
  onConnected(): void {}
  onEnd(): void {}
  onFailed(connection: Connection): void {
    this.events.push('failed');
    connection.close();
  }
}

test('a receive that is complete before a send that falls short does not end the send', async t => {
  if (!requires(t, 'io_uring')) return;
  const engine = new UringEngine({ bufsize: 16_384, poison: true });
  t.after(() => engine.destroy());
  const teller = new Teller();
  let tell: (connection: Connection) => void = () => undefined;
  const accepted = new Promise<Connection>(resolve => (tell = resolve));
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = teller;
    tell(connection);
  });
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  const connection = await within(60_000, 'accept', accepted);
  let received = 0;
  socket.pause().on('data', chunk => (received += chunk.length));
  // more than a slot takes: the next receive does not wait
  socket.write(Buffer.alloc(1 << 20));
  connection.receive();
  for (let turns = 0; turns < 50; turns++) await turn();
  assert.deepEqual(teller.events.splice(0), ['received']);

  // both entries go to the kernel together, the receive first
  connection.receive();
  connection.send(MUCH, 0, MUCH.length);
  for (let turns = 0; turns < 50; turns++) await turn();
  assert.deepEqual(teller.events, ['received']);
  socket.resume();
  while (received < MUCH.length) await within(60_000, `all after ${received} bytes`, once(socket, 'data'));
  for (let turns = 0; turns < 50 && teller.events.length < 2; turns++) await turn();
  assert.deepEqual(teller.events, ['received', 'sent']);
});
