/** Mistakes in the control thread of the running program: traffic goes on, or the process ends. */
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../support/admin-client.ts';
import { type Balancer, exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const WITHIN_MS = 60_000;

interface Lab {
  readonly balancer: Balancer;
  readonly port: number;
  readonly socket: string;
  readonly fail: (times: number) => void;
}

async function start(t: TestContext): Promise<Lab> {
  const folder = temporaryFolder(t);
  const socket = join(folder, 'admin.sock');
  const trigger = join(folder, 'fail');
  const origin = await startHttpOrigin(t, 'one');
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `global
  stats socket ${socket} level admin
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  server s ${origin.address} check inter 100ms
`,
    {
      env: {
        LB_TEST_FAIL_CONTROL: trigger,
        NODE_OPTIONS: `--require ${resolve('test/support/control-failure.cjs')}`,
      },
    },
  );
  assert.match(await ask(socket, 'show info'), /^Name: /);
  const fail = (times: number): void => {
    writeFileSync(`${trigger}.new`, String(times));
    renameSync(`${trigger}.new`, trigger);
  };
  return { balancer, port, socket, fail };
}

test('a mistake in the control thread is told with its place, and everything goes on', async t => {
  const { balancer, port, socket, fail } = await start(t);
  fail(2);
  await until('the report', () => balancer.output().includes('a failure the test has injected'));
  const told = balancer.output();
  assert.match(
    told,
    /"level":"error",.*"part":"control thread",.*control thread: Error: a promise the test has broken\\n\s+at .*control-failure/,
  );
  assert.match(
    told,
    /"level":"error",.*"part":"control thread",.*control thread: Error: a failure the test has injected\\n\s+at .*control-failure/,
  );
  assert.match(await exchangeRaw(port, GET), /^HTTP\/1\.1 200 /);
  assert.match(await ask(socket, 'show servers state'), /127\.0\.0\.1/);
  assert.equal(await balancer.stop(), 0);
});

test('a control thread that fails again and again ends the process', async t => {
  const { balancer, fail } = await start(t);
  fail(20);
  assert.equal(await Promise.race([balancer.ended, sleep(WITHIN_MS, 'still there', { ref: false })]), 1);
  assert.match(
    balancer.output(),
    /"level":"error".*control thread: 10 failures within 10 s, it cannot go on/,
  );
});
