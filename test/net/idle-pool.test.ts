import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Connection } from '../../src/net/connection.ts';
import { NodeEngine } from '../../src/net/engines/node/engine.ts';
import { IdlePool, type IdlePoolOwner } from '../../src/net/idle-pool.ts';
import { connectLoopback, Recorder } from './wires.ts';
import { until } from '../support/until.ts';

interface Setting {
  readonly engine: NodeEngine;
  readonly sockets: Socket[];
  readonly open: () => Promise<Connection>;
}

async function setUp(t: TestContext): Promise<Setting> {
  const engine = new NodeEngine({ bufsize: 16384, poison: true });
  const sockets: Socket[] = [];
  const server = createServer(socket => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    engine.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    engine,
    sockets,
    open: async () => {
      const arrived = once(server, 'connection');
      const recorder = new Recorder();
      const connection = connectLoopback(engine, port, recorder);
      await Promise.all([recorder.next(), arrived]);
      return connection;
    },
  };
}

interface Owned {
  readonly used?: () => number;
  readonly mayKeep?: () => boolean;
}

function owner({ used = () => 1, mayKeep = () => true }: Owned): IdlePoolOwner {
  return { connectionsUsed: used, mayKeepIdle: mayKeep, idleChanged: () => undefined };
}

test('the most recently used connection is taken first, and only where the key is the same', async t => {
  const { engine, open } = await setUp(t);
  const pool = new IdlePool(engine.wheel, { maxConn: -1, purgeDelayMs: 5000 });
  const [a, b, c] = [await open(), await open(), await open()];
  assert.equal(pool.put(a, false), true);
  assert.equal(pool.put(b, false), true);
  assert.equal(pool.put(c, false, 'sni=other'), true);
  assert.equal(pool.size, 3);
  assert.equal(pool.take(false, 'sni=none'), undefined);
  assert.equal(pool.take(true), undefined, 'none was reused before');
  assert.equal(pool.take(false), b);
  assert.equal(b.receiving, true);
  assert.equal(pool.put(b, true), true);
  assert.equal(pool.take(true), b);
  assert.equal(pool.take(false), a);
  assert.equal(pool.take(false), undefined);
  pool.clear();
  assert.equal(c.closed, true);
  assert.equal(engine.wheel.linked, 0);
});

test('a connection that the server closes, or speaks on unasked, leaves the pool', async t => {
  const { engine, sockets, open } = await setUp(t);
  const pool = new IdlePool(engine.wheel, { maxConn: -1, purgeDelayMs: 5000 });
  const connections = [await open(), await open(), await open(), await open()];
  for (const connection of connections) pool.put(connection, false);
  (sockets[0] as Socket).end();
  (sockets[1] as Socket).write('HTTP/1.1 408 Request Timeout\r\n\r\n');
  (sockets[2] as Socket).resetAndDestroy();
  await until('one idle connection', () => pool.size === 1);
  assert.deepEqual(
    connections.map(connection => connection.closed),
    [true, true, true, false],
  );
  assert.equal(pool.take(false), connections[3]);
});

test('pool-max-conn and the descriptor ratio limit what is kept', async t => {
  const { engine, open } = await setUp(t);
  let mayKeep = true;
  const pool = new IdlePool(
    engine.wheel,
    { maxConn: 1, purgeDelayMs: 5000 },
    owner({ mayKeep: () => mayKeep }),
  );
  const [a, b] = [await open(), await open()];
  mayKeep = false;
  assert.equal(pool.put(a, false), false);
  mayKeep = true;
  assert.equal(pool.put(a, false), true);
  assert.equal(pool.put(b, false), false);
  assert.equal(b.closed, false, 'closing it is the caller`s');
  const none = new IdlePool(engine.wheel, { maxConn: -1, purgeDelayMs: 0 });
  assert.equal(none.put(b, false), false);
});

test('where descriptors are few, none is kept, and new connections take the place of idle ones', async t => {
  const { engine, open } = await setUp(t);
  const [a, b] = [await open(), await open()];
  const [low, high] = [Math.min(a.fd, b.fd), Math.max(a.fd, b.fd)];
  const pool = new IdlePool(engine.wheel, {
    maxConn: -1,
    purgeDelayMs: 5000,
    keptBelow: high,
    evictedFrom: high + 1,
  });
  const [kept, refused] = a.fd === low ? [a, b] : [b, a];
  assert.equal(pool.put(refused, false), false);
  assert.equal(pool.put(kept, false), true);
  pool.made(refused);
  assert.equal(kept.closed, false, 'there are descriptors left');
  const c = await open();
  assert.ok(c.fd > high);
  pool.made(c);
  assert.equal(kept.closed, true);
  assert.equal(pool.size, 0);
});

test('used and idle connections together are no more than were ever in use at once, and pool-low-conn', async t => {
  const { engine, open } = await setUp(t);
  let used = 2;
  const options = { maxConn: -1, purgeDelayMs: 5000, lowConn: 1 };
  const pool = new IdlePool(engine.wheel, options, owner({ used: () => used }));
  const [a, b, c, d] = [await open(), await open(), await open(), await open()];
  assert.equal(pool.put(a, false), true, 'one in use and one idle');
  assert.equal(pool.put(b, false), true, 'one more for pool-low-conn');
  assert.equal(pool.put(c, false), false, 'both of two are still in use: nobody will need a third');
  used = 1;
  assert.equal(pool.put(d, false), true);
  assert.equal(pool.size, 3);
});

test('each purge closes half of what nobody needed, the oldest first', async t => {
  const { engine, open } = await setUp(t);
  const pool = new IdlePool(engine.wheel, { maxConn: -1, purgeDelayMs: 40 });
  const connections: Connection[] = [];
  for (let i = 0; i < 8; i++) connections.push(await open());
  for (const connection of connections) pool.put(connection, false);
  await until('four idle connections', () => pool.size === 4);
  assert.deepEqual(
    connections.map(connection => connection.closed),
    [true, true, true, true, false, false, false, false],
  );
  await until('the end of idle connections', () => pool.size === 0);
  assert.equal(engine.openConnections, 0);
});
