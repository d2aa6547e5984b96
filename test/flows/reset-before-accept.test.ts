/** A client that resets its connection before it is accepted leaves bytes; rules, logs and counters know its address. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startRawOrigin } from '../support/origin.ts';

const DEADLINE_MS = 60_000;

async function stopped(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  for (
    const deadline = Date.now() + DEADLINE_MS;
    !/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  ) {
    assert.ok(Date.now() < deadline, 'it does not stop');
    await sleep(10);
  }
}

/** Gives the client's port. */
async function sayAndReset(port: number, bytes: string): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect', { signal: AbortSignal.timeout(DEADLINE_MS) });
  const { localPort } = socket;
  await new Promise<void>(resolve => socket.write(bytes, () => resolve()));
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(DEADLINE_MS) });
  socket.resetAndDestroy();
  await closed;
  return localPort ?? 0;
}

for (const engine of ['uring', 'node'])
  test(`engine ${engine}: nobody passes rules on addresses by being gone`, async t => {
    const arrivals: string[] = [];
    const origin = await startRawOrigin(t, socket =>
      socket.once('data', chunk => {
        arrivals.push(/^\S+ \S+/.exec(chunk.toString('latin1'))?.[0] ?? '');
        socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
      }),
    );
    const port = await freePort();
    const balancer = await startBalancer(
      t,
      `
global
  nbthread 1
  tune.engine ${engine}
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen l
  bind 127.0.0.1:${port}
  http-request deny if { src 127.0.0.0/8 } !{ path /allowed }
  server s ${origin.address}
`,
      { ports: [port] },
    );
    await stopped(balancer.pid);
    t.after(() => balancer.process.kill('SIGCONT'));
    await sayAndReset(port, 'POST /forbidden HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx');
    balancer.process.kill('SIGCONT');
    const answer = await exchangeRaw(
      port,
      'GET /allowed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      DEADLINE_MS,
    );
    assert.match(answer, /^HTTP\/1.1 200 /);
    assert.deepEqual(arrivals, ['GET /allowed']);
  });

for (const engine of ['uring', 'node'])
  test(`engine ${engine}: who is gone before it is accepted is logged by its address`, async t => {
    const receiver = await startLogReceiver(t);
    const port = await freePort();
    const balancer = await startBalancer(
      t,
      `
global
  nbthread 1
  tune.engine ${engine}
defaults
  mode http
  timeout client 5s
  log 127.0.0.1:${receiver.port} format raw local0
  log-format "line %ci %cp %ST %ts"
frontend f
  bind 127.0.0.1:${port}
  http-request return status 204 hdr from %[src]
`,
      { ports: [port] },
    );
    await stopped(balancer.pid);
    t.after(() => balancer.process.kill('SIGCONT'));
    const clientPort = await sayAndReset(port, 'GET /');
    balancer.process.kill('SIGCONT');
    const line = new RegExp(`line 127\\.0\\.0\\.1 ${clientPort} 400 CR`);
    await receiver.find(line);
  });
