/** Servers die and come back under traffic: the checks notice, clients do not. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { said } from '../support/said.ts';
import { until } from '../support/until.ts';

const DEFAULTS = `
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  timeout check 2s
  retries 3
  option redispatch
`;

/** An HTTP server on a port it can come back to. */
async function serveOn(
  t: TestContext,
  port: number,
  name: string,
): Promise<{ kill: () => void; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', () =>
      socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${name.length}\r\n\r\n${name}`),
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const kill = (): void => {
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
  };
  t.after(kill);
  return { kill, port: (server.address() as AddressInfo).port };
}

const GET = 'GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n';

test('a server that is killed under traffic goes DOWN, no client sees an error, and it comes back UP', async t => {
  const port = await freePort();
  const one = await serveOn(t, 0, 'one');
  const two = await serveOn(t, 0, 'two');
  const balancer = await startBalancer(
    t,
    `global\n  nbthread 2\n${DEFAULTS}
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  balance roundrobin
  retry-on conn-failure empty-response
  option redispatch 1
  default-server check inter 100ms fall 2 rise 2
  server s1 127.0.0.1:${one.port}
  server s2 127.0.0.1:${two.port}
`,
  );
  const seen: string[] = [];
  const traffic = { over: false };
  const running = (async () => {
    while (!traffic.over) seen.push(await exchangeRaw(port, GET));
  })();
  await until('traffic over both servers', () => seen.length >= 100);
  one.kill();
  const down = await said(balancer, 'Server b/s1 is DOWN');
  assert.match(
    down,
    /Server b\/s1 is DOWN, reason: Layer4 connection problem, info: "ECONNREFUSED returned by OS \(Connection refused\)", check duration: \d+ms\. 1 active and 0 backup servers left\. \d+ sessions active, 0 requeued, 0 remaining in queue\.$/,
  );
  const atDown = seen.length;
  await until('traffic over the other', () => seen.length >= atDown + 5);
  assert.ok(seen.slice(atDown + 2).every(answer => answer.endsWith('two')));
  await serveOn(t, one.port, 'one');
  const up = await said(balancer, 'Server b/s1 is UP');
  assert.match(
    up,
    /is UP, reason: Layer4 check passed, check duration: \d+ms\. 2 active and 0 backup servers online\. 0 sessions requeued, 0 total in queue\.$/,
  );
  const atUp = seen.length;
  await until('traffic over the one that is back', () =>
    seen.slice(atUp).some(answer => answer.endsWith('one')),
  );
  traffic.over = true;
  await running;
  assert.deepEqual(
    seen.filter(answer => !answer.startsWith('HTTP/1.1 200')),
    [],
  );
  assert.equal(await balancer.stop(), 0);
});

test('option httpchk takes a server down for its answer, and a backend without servers says so and answers 503', async t => {
  const port = await freePort();
  let status = 200;
  const origin = await startHttpOrigin(t, 'one', (request, response) => {
    response.statusCode = request.url === '/health' ? status : 200;
    response.end('body of it');
  });
  const balancer = await startBalancer(
    t,
    `${DEFAULTS}
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  option httpchk GET /health
  server s1 ${origin.address} check inter 200ms fall 2 rise 2
`,
  );
  assert.match(await exchangeRaw(port, GET), /^HTTP\/1.1 200/);
  status = 500;
  const line = await said(balancer, 'b/s1 is DOWN');
  assert.match(line, /reason: Layer7 wrong status, code: 500, info: "Internal Server Error", check duration/);
  await said(balancer, "backend 'b' has no server available!");
  assert.match(await exchangeRaw(port, GET), /^HTTP\/1.1 503/);
  status = 200;
  assert.match(await said(balancer, 'b/s1 is UP'), /reason: Layer7 check passed, code: 200, check duration/);
  assert.match(await exchangeRaw(port, GET), /^HTTP\/1.1 200/);
});

test('a check of a server that expects the PROXY protocol begins with its header', async t => {
  const port = await freePort();
  const heads: string[] = [];
  const origin = await startRawOrigin(t, socket => {
    socket.on('data', chunk => {
      heads.push(chunk.toString('latin1'));
      socket.end('HTTP/1.0 200 OK\r\n\r\n');
    });
  });
  const balancer = await startBalancer(
    t,
    `${DEFAULTS}
listen b
  bind 127.0.0.1:${port}
  option httpchk
  server s1 ${origin.address} check inter 200ms send-proxy init-state down
`,
  );
  await said(balancer, 'b/s1 is UP');
  const [host, to] = origin.address.split(':');
  assert.match(
    heads[0] ?? '',
    new RegExp(`^PROXY TCP4 ${host} ${host} \\d+ ${to}\r\nOPTIONS / HTTP/1.0\r\n\r\n$`),
  );
});
