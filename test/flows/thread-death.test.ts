/** A data thread fails in the running program: its connections are lost, nothing else. */
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startHttpOrigin, type Origin } from '../support/origin.ts';
import { until, untilMatches } from '../support/until.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** Answers `/` at once, and `/held` when told to; those whose connection has ended are not held any more. */
async function startOrigin(t: TestContext): Promise<Origin & { readonly held: Set<ServerResponse> }> {
  const held = new Set<ServerResponse>();
  const origin = await startHttpOrigin(t, 'one', (request, response) => {
    request.resume();
    if (request.url !== '/held') return void response.end('one\n');
    held.add(response);
    response.once('close', () => held.delete(response));
  });
  return Object.assign(origin, { held });
}

function hold(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  // who waits in the backlog meanwhile is served by the replacement: the end comes after what is read
  socket.resume();
  socket.write('GET /held HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  return socket;
}

async function fail(balancer: Balancer, path: string, thread: number): Promise<void> {
  const replaced = balancer.output().split('is replaced').length;
  writeFileSync(`${path}.new`, String(thread));
  renameSync(`${path}.new`, path);
  await until('the replacement', () => balancer.output().split('is replaced').length > replaced);
}

for (const engine of ['node', 'auto'])
  test(`a thread that fails is replaced, and what it held is free again (tune.engine ${engine})`, async t => {
    const origin = await startOrigin(t);
    const port = await freePort();
    const trigger = join(process.env['TMPDIR'] ?? '/tmp', `lb-fail-${process.pid}-${engine}`);
    const balancer = await startBalancer(
      t,
      `global
  nbthread 2
  tune.engine ${engine}
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  timeout queue 3s
listen l
  bind 127.0.0.1:${port}
  maxconn 40
  server s ${origin.address} maxconn 8
`,
      {
        env: {
          NODE_OPTIONS: `--require ${resolve('test/support/thread-failure.cjs')}`,
          LB_TEST_FAIL_THREAD: trigger,
        },
      },
    );
    const clients = Array.from({ length: 20 }, () => hold(port));
    const atServer = (): string => `${origin.held.size} at the server`;
    await untilMatches(atServer, /^8 /);
    await fail(balancer, trigger, 1);
    await fail(balancer, trigger, 2);
    assert.match(balancer.output(), /thread \d died: Error: a failure the test has injected/);
    await until('the end of all clients', () => {
      for (const response of origin.held) response.end('held\n');
      return clients.every(client => client.closed);
    });

    // the frontend's 40 places and the server's 8 are all there
    const again = Array.from({ length: 8 }, () => hold(port));
    await untilMatches(atServer, /^8 /);
    for (const response of origin.held) response.end('held\n');
    for (const client of again) client.destroy();
    const visitors = await Promise.all(Array.from({ length: 40 }, () => KeepAliveClient.open(port)));
    for (const visitor of visitors) assert.equal((await visitor.request(GET)).status, 200);
    for (const visitor of visitors) visitor.close();
    assert.equal(await balancer.stop(), 0, balancer.output());
  });
