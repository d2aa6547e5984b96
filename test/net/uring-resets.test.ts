import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { Connection, ConnectionHandler } from '../../src/net/connection.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { requires } from '../support/requirement.ts';
import { listenOnLoopback, within } from './wires.ts';

const CLIENTS = 200;

/** Waits for more after each piece; says when the connection is over. */
class Waiting implements ConnectionHandler {
  readonly #over: () => void;

  constructor(over: () => void) {
    this.#over = over;
  }

  onReceived(connection: Connection): void {
    connection.receive();
  }
  onConnected(): void {}
  onSent(): void {}
  onEnd(connection: Connection): void {
    connection.close();
    this.#over();
  }
  onFailed(connection: Connection): void {
    connection.close();
    this.#over();
  }
}

test('a reset right behind bytes is noticed, though the receive of the bytes has used up its event', async t => {
  if (!requires(t, 'io_uring')) return;
  const engine = new UringEngine({ bufsize: 16_384, poison: true });
  t.after(() => engine.destroy());
  let over = 0;
  let tell: () => void = () => undefined;
  const all = new Promise<void>(resolve => (tell = resolve));
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = new Waiting(() => {
      if (++over === CLIENTS) tell();
    });
    connection.receive();
  });
  for (let client = 0; client < CLIENTS; client++) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('a request');
    socket.resetAndDestroy();
  }
  await within(60_000, 'all resets', all).catch(() =>
    assert.fail(`${over} of ${CLIENTS} resets were noticed`),
  );
  assert.equal(engine.openConnections, 0);
});
