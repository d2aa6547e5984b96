/** Options of the command line, signals and timeouts, by what they do to a running program. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, LB, startBalancer } from '../support/balancer.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { freePort } from '../support/free-port.ts';
import { listeningSockets } from '../support/listening-sockets.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GET = 'GET / HTTP/1.0\r\n\r\n';

function page(port: number): string {
  return `defaults
  mode http
  timeout client 5s
listen l
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string served
`;
}

test('-dR keeps an address to one process, without it two can share it', async t => {
  const port = await freePort();
  const first = await startBalancer(t, page(port), { args: ['-dR'] });
  const file = join(first.folder, 'haproxy.cfg');
  const alone = spawnSync(LB, ['-db', '-dR', '-f', file], { encoding: 'utf8', timeout: 20_000 });
  assert.equal(alone.status, 1);
  assert.match(alone.stderr, /Address already in use/);
  await first.stop();
  const second = await startBalancer(t, page(port));
  const sockets = listeningSockets(port).length;
  const third = await startBalancer(t, page(port));
  await until('sockets of the third process', () => listeningSockets(port).length === 2 * sockets);
  assert.equal(await second.stop(), 0);
  await until('the third serves', async () =>
    (await exchangeRaw(port, GET).catch(() => '')).endsWith('served'),
  );
  assert.equal(await third.stop(), 0);
});

for (const [args, types] of [
  [[], /^A|AAAA$/],
  [['-4'], /^A$/],
] as const)
  test(`names are asked for with ${args.join() || 'both families'}`, async t => {
    const dns = await startDnsServer(t, (_name, type) => ({
      records: type === 'A' ? [{ type: 'A', data: '127.0.0.1' }] : [],
    }));
    const port = await freePort();
    await startBalancer(
      t,
      `global
  ${args.length === 0 ? 'dns-accept-family ipv4,ipv6' : ''}
resolvers res
  nameserver one 127.0.0.1:${dns.port}
  hold valid 1s
  timeout resolve 100ms
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
listen l
  bind 127.0.0.1:${port}
  server app app.test:80 resolvers res init-addr none resolve-prefer ipv6
`,
      { args },
    );
    await until('three questions', () => dns.questions.length >= 3);
    const asked = new Set(dns.questions.map(question => question.split(' ')[0] ?? ''));
    assert.equal(asked.has('AAAA'), args.length === 0, [...asked].join());
    for (const type of asked) assert.match(type, types);
  });

test('-S without a master is refused, as nobody would listen there', async t => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'haproxy.cfg');
  const socket = join(folder, 'master.sock');
  writeFileSync(file, page(await freePort()));
  const check = (...args: readonly string[]) =>
    spawnSync(LB, ['-c', '-f', file, '-S', socket, ...args], { encoding: 'utf8', timeout: 20_000 });
  const alone = check();
  assert.equal(alone.status, 1);
  assert.match(alone.stderr, /a master CLI socket was defined, but master-worker mode \(-W\) is not enabled/);
  assert.equal(check('-W').status, 0);
});

test('SIGTTOU and SIGTTIN to the master pause and resume what its worker listens to', async t => {
  const port = await freePort();
  const balancer = await startBalancer(t, page(port), { args: ['-W'] });
  await until('the first worker', () => balancer.output().includes('Loading success'));
  const answer = (): Promise<string> => exchangeRaw(port, GET).catch(() => '');
  assert.match(await answer(), /served$/);
  balancer.process.kill('SIGTTOU');
  await until('the pause', async () => (await answer()) === '');
  balancer.process.kill('SIGTTIN');
  await until('the resumption', async () => (await answer()).endsWith('served'));
  assert.equal(await balancer.stop(), 0);
});

/** Sends a byte every 100 ms until it is cut. */
async function startDripping(t: TestContext): Promise<number> {
  const server = createServer(socket => {
    const timer = setInterval(() => socket.write('x'), 100);
    socket.on('error', () => undefined);
    socket.on('close', () => clearInterval(timer));
    t.after(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function receives(socket: Socket, bytes: number): Promise<void> {
  let received = 0;
  const enough = new Promise<void>(resolve => {
    socket.on('data', chunk => {
      received += chunk.length;
      if (received >= bytes) resolve();
    });
  });
  const cut = once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
  const ended = cut.then(() => assert.fail(`cut after ${received} bytes`));
  await Promise.race([enough, ended]);
}

test('with independent-streams what a client is sent does not keep its silent side alive', async t => {
  const [port, plainPort, drips] = [await freePort(), await freePort(), await startDripping(t)];
  await startBalancer(
    t,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client 3s
  timeout server 10s
listen independent
  bind 127.0.0.1:${port}
  option independent-streams
  server one 127.0.0.1:${drips}
listen together
  bind 127.0.0.1:${plainPort}
  server one 127.0.0.1:${drips}
`,
  );
  const plain = connect(plainPort, '127.0.0.1');
  const independent = connect(port, '127.0.0.1');
  t.after(() => {
    plain.destroy();
    independent.destroy();
  });
  const cut = once(independent.resume(), 'close', { signal: AbortSignal.timeout(60_000) });
  // 65 bytes take 6.5 s: more than twice the timeout, which is long enough for a busy machine to stand still
  await Promise.all([receives(plain, 65), cut]);
});

test('-c names the line of a key of balance hash or log-hash that means nothing', t => {
  const file = join(temporaryFolder(t), 'keys.cfg');
  writeFileSync(
    file,
    `defaults
  timeout connect 1s
  timeout server 1s
backend requests
  balance hash nosuchfetch
  server one 127.0.0.1:1
backend lines
  mode log
  balance log-hash nosuchconverter
  server one udp@127.0.0.1:1
`,
  );
  const { status, stderr } = spawnSync(LB, ['-c', '-f', file], { encoding: 'utf8', timeout: 20_000 });
  assert.equal(status, 1);
  assert.match(stderr, /:5\] .*'nosuchfetch'/);
  assert.match(stderr, /:9\] .*'nosuchconverter'/);
});
