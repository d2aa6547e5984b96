/** How a side of a relay is ended that is late while bytes to it are under way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, ConnectionHandler } from '../../src/net/connection.ts';
import { Relay } from '../../src/net/relay.ts';
import { TimerWheel } from '../../src/net/timer-wheel.ts';

/** Takes what it is given, and never says that it is through with it. */
class TakingConnection {
  handler: ConnectionHandler | undefined;
  receiving = false;
  sending = false;
  closed = false;
  end: 'close' | 'reset' | undefined;

  receive(): void {
    this.receiving = true;
  }

  send(): void {
    this.sending = true;
  }

  close(): void {
    this.end ??= 'close';
  }

  reset(): void {
    this.end ??= 'reset';
  }
}

function lateClient(independentStreams: { client: boolean; server: boolean }): TakingConnection {
  let now = 1000;
  const wheel = new TimerWheel(() => now);
  const [client, server] = [new TakingConnection(), new TakingConnection()];
  const timeouts = { client: 100, server: 0, tunnel: 0, clientFin: 0, serverFin: 0 };
  const ends = [client, server].map(one => one as unknown as Connection) as [Connection, Connection];
  const fromServer = { buffer: Buffer.from('x'), offset: 0, length: 1 };
  const relay = new Relay(wheel, ...ends, timeouts, () => undefined, { fromServer, independentStreams });
  relay.start();
  assert.ok(client.sending);
  now += 200;
  wheel.advance();
  return client;
}

test('a client that has taken nothing for all its time is reset', () => {
  assert.equal(lateClient({ client: false, server: false }).end, 'reset');
});

test('where sending does not count it is closed, behind what it is being sent', () => {
  assert.equal(lateClient({ client: true, server: false }).end, 'close');
});
