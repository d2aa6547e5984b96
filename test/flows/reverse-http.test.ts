/** Reverse HTTP: servers that connect by themselves serve requests of all threads, and what becomes of those without one. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask as askAdmin } from '../support/admin-client.ts';
import { Authority } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { bodyOf } from '../support/http2-flow.ts';
import { listeningSockets } from '../support/listening-sockets.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { askFor, served, startDevice, startEdge } from '../support/reverse-flow.ts';
import { until } from '../support/until.ts';

const MANY = 60;

test('a request finds no device, then one, and many at once find it from every thread', async t => {
  const log = await startLogReceiver(t);
  const { publicPort, privatePort } = await startEdge(t, {
    frontend: `log 127.0.0.1:${log.port} local0\n  option httplog`,
  });
  assert.equal((await askFor(publicPort, '/none')).status, 503);
  const [, state] = await log.find(/devices\/any \d+\/\d+\/-1\/-1\/\d+ 503 \d+ - - (\S+) .*"GET \/none/);
  assert.equal(state, 'SC--');
  await startDevice(t, 'one', privatePort);
  await served(publicPort);
  const answers = await Promise.all(
    Array.from({ length: MANY }, async (_, index) => askFor(publicPort, `/${index}`)),
  );
  for (const answer of answers) assert.deepEqual(answer, { status: 200, body: 'one' });
});

test('bodies pass whole in both directions, whichever thread has the connection', async t => {
  const origin = await startHttpOrigin(t, 'echo', (request, response) => {
    void bodyOf(request).then(body => response.end(body));
  });
  const { publicPort, privatePort } = await startEdge(t);
  await startDevice(t, 'x', privatePort, {
    answer: `default_backend origin\nbackend origin\n  server s ${origin.address}`,
  });
  await until('a device', async () => (await askFor(publicPort, '/', {}, Buffer.from('x'))).status === 200);
  const bodies = Array.from({ length: 9 }, () => randomBytes(700_000));
  const answers = await Promise.all(bodies.map(async body => askFor(publicPort, '/', {}, body)));
  for (const [index, { status, body }] of answers.entries()) {
    assert.equal(status, 200);
    assert.equal(body === (bodies[index] as Buffer).toString('latin1'), true);
  }
});

test('a connection that is lost is made again, and those that are kept up are as many as nbconn says', async t => {
  const admin = await startEdge(t);
  let isCut = false;
  const through = await startRawOrigin(t, socket => {
    const far = connect(admin.privatePort, '127.0.0.1');
    far.on('error', () => undefined);
    socket.pipe(far).pipe(socket);
    socket.on('close', () => far.destroy());
    if (!isCut) setTimeout(() => socket.destroy(), 300);
    isCut = true;
  });
  await startDevice(t, 'one', through.port, { bind: 'nbconn 3' });
  await until('the lost one is made again', () => through.count === 4);
  await served(admin.publicPort);
  assert.equal(through.count, 4);
});

test('devices are told apart by name, over TLS that they begin', async t => {
  const authority = new Authority(t);
  const { file } = authority.issue({ name: 'edge.example', alternatives: 'DNS:edge.example' });
  const { publicPort, privatePort } = await startEdge(t, {
    bind: `ssl crt ${file} alpn h2 ca-file ${authority.file} verify required`,
    rules: 'tcp-request session attach-srv devices/any name ssl_c_s_dn(CN)',
    server: 'sni hdr(x-device)',
  });
  for (const name of ['one', 'two'])
    await startDevice(t, name, privatePort, {
      server: `ssl ca-file ${authority.file} crt ${authority.issue({ name }).file} alpn h2 sni str(edge.example)`,
    });
  for (const name of ['one', 'two']) {
    await served(publicPort, { 'x-device': name });
    assert.equal((await askFor(publicPort, '/', { 'x-device': name })).body, name);
  }
  assert.equal((await askFor(publicPort, '/', { 'x-device': 'three' })).status, 503);
});

test('the device sees the edge as its client, and neither side is confused by a soft stop of the other', async t => {
  const admin = await freePort();
  const { balancer, publicPort, privatePort } = await startEdge(t);
  const device = await startDevice(t, 'x', privatePort, {
    global: `stats socket 127.0.0.1:${admin} level admin`,
    answer:
      'http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[fc_http_major]"',
  });
  await served(publicPort);
  assert.equal((await askFor(publicPort, '/')).body, `127.0.0.1:${privatePort} 2`);
  const row = (await askAdmin(admin, 'show stat device 1 -1')).split('\n')[1]?.split(',') ?? [];
  assert.equal(row[4], '1', 'one session of the frontend');
  device.process.kill('SIGUSR1');
  assert.equal(await device.ended, 0);
  assert.equal((await askFor(publicPort, '/')).status, 503);
  assert.equal(await balancer.stop('SIGUSR1'), 0);
});

test('checks go over the connections of the server, by name: it is up while it has some and answers', async t => {
  const admin = await freePort();
  const { publicPort, privatePort } = await startEdge(t, {
    global: `stats socket 127.0.0.1:${admin} level admin`,
    rules: 'tcp-request session attach-srv devices/any name str(one)',
    backend: `option httpchk GET /check\n  default-server inter 200 rise 1 fall 1`,
    server:
      'pool-conn-name str(one) check check-pool-conn-name one\n  server other rhttp@ pool-conn-name str(two) check check-sni two',
  });
  const status = async (server: string): Promise<string | undefined> =>
    (await askAdmin(admin, 'show stat'))
      .split('\n')
      .find(line => line.startsWith(`devices,${server},`))
      ?.split(',')[17];
  await until(
    'both are down',
    async () => (await status('any')) === 'DOWN' && (await status('other')) === 'DOWN',
  );
  const device = await startDevice(t, 'one', privatePort);
  await until('it is up', async () => (await status('any')) === 'UP');
  assert.equal(await status('other'), 'DOWN');
  assert.equal((await askFor(publicPort, '/')).body, 'one');
  await device.stop('SIGKILL');
  await until('it is down again', async () => (await status('any')) === 'DOWN');
});

test('reloads of either side lose no request', async t => {
  const { balancer, publicPort, privatePort } = await startEdge(t, { isMaster: true });
  const device = await startDevice(t, 'one', privatePort, { isMaster: true });
  await served(publicPort);
  const statuses = new Set<number>();
  const asked = new AbortController();
  const asking = Array.from({ length: 4 }, async () => {
    while (!asked.signal.aborted) statuses.add((await askFor(publicPort, '/')).status);
  });
  for (const reloaded of [balancer, device]) {
    const started = (): number => [...reloaded.output().matchAll(/Loading success/g)].length;
    const before = started();
    reloaded.process.kill('SIGUSR2');
    await until('the reload', () => started() > before);
    await sleep(1500);
  }
  asked.abort();
  await Promise.all(asking);
  assert.deepEqual([...statuses], [200]);
});

test('an edge that stops waits for what its threads have sent each other', async t => {
  const held: (() => void)[] = [];
  const origin = await startHttpOrigin(t, 'slow', (request, response) => {
    if (request.url === '/slow') held.push(() => response.end('late'));
    else response.end();
  });
  const { balancer, publicPort, privatePort } = await startEdge(t);
  await startDevice(t, 'x', privatePort, {
    answer: `default_backend origin\nbackend origin\n  server s ${origin.address}`,
  });
  await served(publicPort);
  const answers = Array.from({ length: 12 }, async () => askFor(publicPort, '/slow'));
  const underWay = until('all are under way', () => held.length === answers.length);
  // one that is answered by now has not been served
  await Promise.race([underWay, ...answers.map(async answer => assert.fail(JSON.stringify(await answer)))]);
  balancer.process.kill('SIGUSR1');
  await until('the listeners are closed', () => listeningSockets(publicPort).length === 0);
  for (const answer of held) answer();
  for (const answer of await Promise.all(answers)) assert.deepEqual(answer, { status: 200, body: 'late' });
  assert.equal(await balancer.ended, 0);
});
