/** What filters of system calls, such as those of containers, leave a process to serve with. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { requires } from '../support/requirement.ts';

test('where a ring can be made and not be entered it is served without', async t => {
  if (!requires(t, 'io_uring')) return;
  const port = await freePort();
  const config = `global
  nbthread 2
  tune.engine auto
defaults
  mode http
  timeout client 5s
listen l
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string served
`;
  const balancer = await startBalancer(t, config, {
    env: { NODE_OPTIONS: `--require ${resolve('test/support/no-ring-enter.cjs')}` },
  });
  const answer = await exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 200 [^]*served$/);
  assert.equal(await balancer.stop(), 0, balancer.output());
});
