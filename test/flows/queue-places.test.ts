/** Places in queues, as logs tell them: by who was served meanwhile, and not by who gave up (manual, section 8.2.3). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startRawOrigin } from '../support/origin.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

async function request(t: TestContext, port: number, path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.write(`GET /${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return socket;
}

test('who leaves a queue unserved is nobody the others waited behind', async t => {
  const asked: Socket[] = [];
  const origin = await startRawOrigin(t, socket => void socket.on('data', () => asked.push(socket)));
  const logs = await startLogReceiver(t);
  const [port, admin] = [await freePort(), join(temporaryFolder(t), 'admin')];
  await startBalancer(
    t,
    `global
  stats socket ${admin}
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 60s
frontend f
  bind 127.0.0.1:${port}
  option abortonclose
  log 127.0.0.1:${logs.port} format raw local0
  log-format "%HP %bq/%sq"
  default_backend b
backend b
  option abortonclose
  server s ${origin.address} maxconn 1
`,
  );
  const waiting = async (count: number): Promise<void> =>
    until(`${count} wait`, async () => {
      const rows = statRows(await ask(admin, 'show stat'));
      return Number(rows.get('b/s')?.['qcur']) + Number(rows.get('b/BACKEND')?.['qcur']) === count;
    });
  await request(t, port, 'serving');
  await until('the server is asked', () => asked.length === 1);
  const clients: Socket[] = [];
  for (const path of ['first', 'second', 'third', 'fourth']) {
    clients.push(await request(t, port, path));
    await waiting(clients.length);
  }
  for (const [index, path] of ['first', 'second', 'third'].entries()) {
    clients[index]?.destroy();
    await logs.find(new RegExp(`^/${path} (0/1|1/0)\n`));
  }
  asked[0]?.write('HTTP/1.1 204 No Content\r\n\r\n');
  await until('the last one is served', () => asked.length === 2);
  asked[1]?.write('HTTP/1.1 204 No Content\r\n\r\n');
  await logs.find(/^\/fourth (0\/1|1\/0)\n/);
  assert.equal(logs.lines.length, 5);
});
