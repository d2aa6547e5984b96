/** Whom a cookie still leads to: servers that drain, that are down, and what force-persist and ignore-persist change. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until, untilMatches } from '../support/until.ts';

test('a cookie leads to a server that drains, not to one that is down; force-persist and ignore-persist say otherwise', async t => {
  const [draining, down, other] = await Promise.all(
    ['draining', 'down', 'other'].map(name => startHttpOrigin(t, name)),
  );
  const port = await freePort();
  await startBalancer(
    t,
    `defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  option redispatch
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  cookie SRV
  force-persist if { path /force }
  ignore-persist if { path /ignore }
  server draining ${draining?.address} cookie draining weight 0
  server down ${down?.address} cookie down check inter 1h rise 100 init-state fully-down
  server other ${other?.address} cookie other
`,
  );
  const servedBy = async (path: string, cookie: string): Promise<string> => {
    const answer = await exchangeRaw(
      port,
      `GET ${path} HTTP/1.1\r\nHost: a\r\nCookie: SRV=${cookie}\r\nConnection: close\r\n\r\n`,
    );
    return /\r\n\r\n(.*)$/s.exec(answer)?.[1]?.trimEnd() ?? answer;
  };
  assert.equal(await servedBy('/', 'draining'), 'draining');
  assert.equal(await servedBy('/', 'nobody'), 'other', 'who drains gets nobody new');
  assert.equal(await servedBy('/ignore', 'draining'), 'other');
  assert.equal(await servedBy('/', 'down'), 'other');
  assert.equal(await servedBy('/force', 'down'), 'down');
});

test('a cookie gives way to a full queue where redispatching is allowed, force-persist does not', async t => {
  const held: ServerResponse[] = [];
  const full = await startHttpOrigin(t, 'full', (_, response) => void held.push(response));
  const other = await startHttpOrigin(t, 'other');
  const log = await startLogReceiver(t);
  const port = await freePort();
  const socket = `${temporaryFolder(t)}/admin.sock`;
  await startBalancer(
    t,
    `global
  stats socket ${socket}
  log 127.0.0.1:${log.port} local0
defaults
  mode http
  log global
  option httplog
  timeout connect 60s
  timeout client 60s
  timeout server 60s
  option redispatch
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  cookie SRV insert
  force-persist if { path /force }
  server full ${full.address} cookie full maxconn 1 maxqueue 1
  server other ${other.address} cookie other
`,
    { ports: [port] },
  );
  const get = async (path: string): Promise<string> =>
    exchangeRaw(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nCookie: SRV=full\r\nConnection: close\r\n\r\n`);
  const served = get('/served');
  await until('a request at the server', () => held.length === 1);
  const queued = get('/queued');
  await untilMatches(() => ask(socket, 'show stat'), /^b,full,1,/m);
  assert.match(await get('/next'), /^HTTP\/1\.1 200[^]*set-cookie: SRV=other; path=\/\r\n/i);
  assert.match(await get('/force'), /^HTTP\/1\.1 503/);
  held.shift()?.end('full');
  assert.match(await served, /full$/);
  await until('the queued request at the server', () => held.length === 1);
  held.shift()?.end('full');
  assert.match(await queued, /full$/);
  await log.find(/ b\/other \S+ 200 \d+ - - --DI \d+\/\d+\/\d+\/\d+\/\+0 0\/0 "GET \/next /);
  await log.find(/ b\/full 0\/-1\/-1\/-1\/\d+ 503 \d+ - - SQVN \d+\/\d+\/\d+\/1\/0 0\/0 "GET \/force /);
});
