import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, ConnectionHandler, Engine } from '../../src/net/connection.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { encodeIp } from '../../src/net/socket-address.ts';
import { closeDescriptor, connectSocket, openSocket, sendNow } from '../../src/net/system-calls.ts';
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
    this.received.push(Buffer.from(buffer.subarray(offset, offset + length)));
    this.bytes += length;
    if (this.received.length === 2) this.#engine.queue({ deliver: () => connection.receive() });
    else connection.receive();
  }
  onConnected(): void {}
  onEnd(): void {}
  onSent(): void {}
  onFailed(connection: Connection): void {
    connection.close();
  }
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
  const fd = openSocket(AF_INET, 'blocking');
  t.after(() => closeDescriptor(fd));
  assert.equal(connectSocket(fd, encodeIp(4, '127.0.0.1', port)), 0);
  sendNow(fd, Buffer.from('first'));
  await until('the first slice', () => taker.bytes === 5);
  // all of it before the ring has a turn
  assert.equal(sendNow(fd, BURST), BURST.length);
  await until('the whole burst', () => taker.bytes >= 5 + BURST.length);
  assert.ok(Buffer.concat(taker.received.slice(1)).equals(BURST));
});
