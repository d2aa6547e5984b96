/** Whom a cookie still leads to: servers that drain, that are down, and what force-persist and ignore-persist change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';

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
