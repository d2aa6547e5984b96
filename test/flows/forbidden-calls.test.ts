/** What filters of system calls, such as those of containers and of systemd, leave a process to serve with. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { requires } from '../support/requirement.ts';

const IO_URING_ENTER = 426;
const PRLIMIT = 302;

async function servesWithout(t: TestContext, call: number): Promise<void> {
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
  const env = {
    FORBIDDEN_CALL: String(call),
    NODE_OPTIONS: `--require ${resolve('test/support/forbidden-call.cjs')}`,
  };
  const balancer = await startBalancer(t, config, { env });
  const answer = await exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 200 [^]*served$/);
  assert.equal(await balancer.stop(), 0, balancer.output());
}

test('where a ring can be made and not be entered it is served without', async t => {
  if (requires(t, 'io_uring')) await servesWithout(t, IO_URING_ENTER);
});

test('where limits may not be asked for it is served', t => servesWithout(t, PRLIMIT));
