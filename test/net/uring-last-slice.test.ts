import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, ConnectionHandler } from '../../src/net/connection.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { encodeIp } from '../../src/net/socket-address.ts';
import {
  closeDescriptor,
  connectSocket,
  openSocket,
  sendNow,
  shutdownSending,
} from '../../src/net/system-calls.ts';
import { until } from '../support/until.ts';
import { requires } from '../support/requirement.ts';
import { listenOnLoopback } from './wires.ts';

const SIZE = 16_384;
const AF_INET = 2;

/** What it is told, in order, and whether the end is behind. */
class Teller implements ConnectionHandler {
  readonly events: string[] = [];
  onReceived(connection: Connection, _buffer: Buffer, _offset: number, length: number): void {
    this.events.push(`${length} ${connection.endsBehind === true ? 'last' : 'of more'}`);
    connection.receive();
  }
  onEnd(connection: Connection): void {
    this.events.push('end');
    connection.close();
  }
  onConnected(): void {}
  onSent(): void {}
  onFailed(connection: Connection): void {
    this.events.push('failed');
    connection.close();
  }
}

test('of slices that come together with the end the last one is known', async t => {
  if (!requires(t, 'io_uring')) return;
  const engine = new UringEngine({ bufsize: SIZE, poison: true });
  t.after(() => engine.destroy());
  const teller = new Teller();
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = teller;
    connection.receive();
  });
  const fd = openSocket(AF_INET, 'blocking');
  t.after(() => closeDescriptor(fd));
  assert.equal(connectSocket(fd, encodeIp(4, '127.0.0.1', port)), 0);
  sendNow(fd, Buffer.from('first'));
  await until('the first slice', () => teller.events.length === 1);
  // all of it before the ring has a turn
  sendNow(fd, Buffer.alloc(SIZE + 100));
  shutdownSending(fd);
  await until('the end', () => teller.events.includes('end'));
  assert.deepEqual(teller.events, ['5 of more', `${SIZE} of more`, '100 last', 'end']);
});
