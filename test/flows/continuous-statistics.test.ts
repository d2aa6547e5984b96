/** `option contstats`: bytes of what lasts long are counted while they pass, and each of them once. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { statRows } from '../support/stat-rows.ts';
import { until } from '../support/until.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: upgrade\r\n\r\n';
const HALF = 'x'.repeat(1000);

/** Answers what each kind of client needs, and half of what it has to say; the other half when `goOn` is called. */
async function startServer(t: TestContext): Promise<{ port: number; goOn: () => void }> {
  const sockets: Socket[] = [];
  const server = createServer(socket => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', chunk => {
      const text = String(chunk);
      const head = !text.startsWith('GET') ? '' : text.includes('pgrade: chat') ? SWITCH : ANSWER;
      socket.write(head + HALF);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    goOn: () => sockets.forEach(socket => socket.end(HALF)),
  };
}

/** Sends that and reads on; tells how many bytes have come. */
async function client(t: TestContext, port: number, text: string): Promise<{ come: number; ended: boolean }> {
  const heard = { come: 0, ended: false };
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('data', chunk => (heard.come += chunk.length));
  socket.on('end', () => (heard.ended = true));
  await once(socket, 'connect');
  t.after(() => socket.destroy());
  socket.write(text);
  return heard;
}

test('with contstats the bytes of open streams are counted, and at their end the rest of them', async t => {
  const server = await startServer(t);
  const [web = 0, plain = 0, raw = 0, admin = 0] = await freePorts(4);
  const { port } = server;
  await startBalancer(
    t,
    `global
  stats socket 127.0.0.1:${admin} level admin
defaults
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen web
  mode http
  option contstats
  bind 127.0.0.1:${web}
  server s 127.0.0.1:${port}
listen plain
  mode http
  bind 127.0.0.1:${plain}
  server s 127.0.0.1:${port}
listen raw
  mode tcp
  option contstats
  bind 127.0.0.1:${raw}
  server s 127.0.0.1:${port}
`,
  );
  const get = 'GET / HTTP/1.1\r\nHost: x\r\n';
  const response = await client(t, web, `${get}\r\n`);
  const tunnel = await client(t, web, `${get}Upgrade: chat\r\nConnection: upgrade\r\n\r\n`);
  const session = await client(t, raw, 'hello');
  const late = await client(t, plain, `${get}\r\n`);
  const all = [response, tunnel, session, late];
  await until('half of all is there', () => all.every(({ come }) => come >= 1000));

  const out = async (proxy: string, line: string): Promise<number> =>
    Number(statRows(await ask(admin, 'show stat')).get(`${proxy}/${line}`)?.['bout']);
  const lines = ['FRONTEND', 'BACKEND', 's'];
  const [toWeb, toRaw] = [response.come + tunnel.come, session.come];
  await until('what has passed is counted', async () => (await out('web', 'FRONTEND')) === toWeb);
  await until('in mode tcp as well', async () => (await out('raw', 'FRONTEND')) === toRaw);
  for (const line of lines) {
    assert.equal(await out('web', line), toWeb, `web/${line}`);
    assert.equal(await out('raw', line), toRaw, `raw/${line}`);
    assert.equal(await out('plain', line), 0, `plain/${line}`);
  }

  server.goOn();
  await until(
    'all is there',
    () => [response, late].every(({ come }) => come >= 2000) && session.ended && tunnel.ended,
  );
  const expected = { web: toWeb + 2000, raw: toRaw + 1000, plain: late.come };
  for (const [proxy, bytes] of Object.entries(expected))
    for (const line of lines)
      await until(`${proxy}/${line} counts each byte once`, async () => (await out(proxy, line)) === bytes);
});

test('a tunnel that is shut down from outside leaves its bytes in the counters', async t => {
  const server = await startServer(t);
  const [web = 0, admin = 0] = await freePorts(2);
  await startBalancer(
    t,
    `global
  stats socket 127.0.0.1:${admin} level admin
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen web
  bind 127.0.0.1:${web}
  server s 127.0.0.1:${server.port}
`,
  );
  const tunnel = await client(
    t,
    web,
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: chat\r\nConnection: upgrade\r\n\r\n',
  );
  await until('half of all is there', () => tunnel.come >= SWITCH.length + HALF.length);
  await ask(admin, 'shutdown sessions server web/s');
  await until('the end', () => tunnel.ended);
  await until(
    'its bytes are counted',
    async () => Number(statRows(await ask(admin, 'show stat')).get('web/BACKEND')?.['bout']) === tunnel.come,
  );
  const { srv_abrt, eresp } = statRows(await ask(admin, 'show stat')).get('web/BACKEND') ?? {};
  assert.deepEqual([srv_abrt, eresp], ['0', '0'], 'as in HAProxy');
});
