/** Nothing of a session is kept when it is over, however long its timeouts are. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';
import { residentMb } from '../support/resident-memory.ts';

const AT_ONCE = 50;
const SESSIONS = 16_000;
/** Sessions that were kept took 3.8 KB each. */
const MOST_GROWTH_MB = 40;

async function visit(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.end('x');
  socket.resume();
  await once(socket, 'close');
}

async function visits(port: number, count: number): Promise<void> {
  const each = Array.from({ length: AT_ONCE }, async () => {
    for (let done = 0; done < count / AT_ONCE; done++) await visit(port);
  });
  await Promise.all(each);
}

test('sessions of mode tcp take no memory when they are over', async t => {
  const origin = await startRawOrigin(t, socket => socket.on('data', () => socket.end('y')));
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `global
  nbthread 1
listen l
  mode tcp
  bind 127.0.0.1:${port}
  timeout connect 60s
  timeout client 60s
  timeout server 60s
  server s ${origin.address}
`,
  );
  await visits(port, SESSIONS / 4);
  const before = residentMb(balancer.pid);
  await visits(port, SESSIONS);
  const grown = residentMb(balancer.pid) - before;
  t.diagnostic(`${grown.toFixed(1)} MB more than before`);
  assert.ok(grown < MOST_GROWTH_MB, `${grown.toFixed(1)} MB more than before`);
});
