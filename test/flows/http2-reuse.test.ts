/** What requests of HTTP/2 clients do to connections with HTTP/1 servers, with h2load in front and HAProxy behind. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { requires } from '../support/requirement.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const TIMES = 'timeout connect 5s\n  timeout client 20s\n  timeout server 20s';

async function connectionsMade(t: TestContext, program: string | undefined): Promise<number> {
  const [front = 0, back = 0] = await freePorts(2);
  const admin = join(temporaryFolder(t), 'admin');
  const origin = `defaults
  mode http
  ${TIMES}
frontend origin
  bind 127.0.0.1:${back}
  http-request return status 200 content-type text/plain string hello
`;
  const balancer = `global
  nbthread 1
  stats socket ${admin} level admin
defaults
  mode http
  ${TIMES}
listen front
  bind 127.0.0.1:${front} proto h2
  server s 127.0.0.1:${back}
`;
  await startBalancer(t, origin, { program: 'haproxy' });
  await startBalancer(t, balancer, program === undefined ? {} : { program });
  for (let round = 0; round < 2; round++) {
    const { stdout } = await run('h2load', ['-n5000', '-c10', '-m4', `http://127.0.0.1:${front}/`]);
    assert.match(stdout, /status codes: 5000 2xx/);
  }
  const row = statRows(await ask(admin, 'show stat')).get('front/s');
  assert.equal(Number(row?.['connect']) + Number(row?.['reuse']), 10_000);
  return Number(row?.['connect']);
}

test('requests that come together share as many connections as they need, also those of later clients', async t => {
  if (!requires(t, 'h2load') || !requires(t, 'haproxy')) return;
  for (const program of [undefined, 'haproxy']) {
    const made = await connectionsMade(t, program);
    // a connection whose end is not told yet is not taken again
    assert.ok(made <= 44, `${program ?? 'lb'}: ${made} connections for 40 requests at a time`);
  }
});
