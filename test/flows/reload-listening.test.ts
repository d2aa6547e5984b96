/** What becomes of listening sockets over a reload: stopped ones, new ones, and those whose clients wait for room. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GET_AND_CLOSE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
/** Longer than any answer takes, on a busy machine too. */
const LONG_MS = 20_000;

const DEFAULTS = `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
`;

async function startMaster(t: TestContext, config: string): Promise<Balancer> {
  const balancer = await startBalancer(t, config, { args: ['-W'] });
  await until('the first worker', () => balancer.output().includes('Loading success'));
  return balancer;
}

async function signalReload(balancer: Balancer, end: 'Loading success' | 'Failed to reload'): Promise<void> {
  const ends = balancer.output().split(end).length;
  balancer.process.kill('SIGUSR2');
  await until('the reload', () => balancer.output().split(end).length > ends);
}

for (const word of ['disable', 'shutdown'])
  test(`a frontend that was stopped by ${word} is served again after a reload`, async t => {
    const port = await freePort();
    const socket = join(temporaryFolder(t), 'admin');
    const balancer = await startMaster(
      t,
      `global
  nbthread 2
  stats socket ${socket} level admin
${DEFAULTS}
frontend f
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string served
`,
    );
    assert.equal((await ask(socket, `${word} frontend f`)).trim(), '');
    await signalReload(balancer, 'Loading success');
    // more than once: each thread has a socket of its own
    for (let count = 0; count < 8; count++)
      await until('an answer', async () =>
        (await exchangeRaw(port, GET_AND_CLOSE, LONG_MS)).endsWith('served'),
      );
  });

test('clients for whom the old worker has no room are served by the new one', async t => {
  let slow: (() => void) | undefined;
  const origin = await startHttpOrigin(t, 'slow', (_request, response) => {
    if (slow === undefined) slow = () => response.end('slow');
    else response.end('fast');
  });
  const port = await freePort();
  const balancer = await startMaster(
    t,
    `global
  nbthread 2
${DEFAULTS}
listen l
  maxconn 1
  bind 127.0.0.1:${port}
  server s ${origin.address}
`,
  );
  const first = exchangeRaw(port, GET_AND_CLOSE, LONG_MS);
  await until('the first request at the server', () => slow !== undefined);
  const others = Array.from({ length: 12 }, () => exchangeRaw(port, GET_AND_CLOSE, LONG_MS));
  await signalReload(balancer, 'Loading success');
  for (const answer of await Promise.all(others)) assert.match(answer, /fast$/);
  slow?.();
  assert.match(await first, /slow$/);
});

test('a reload whose worker does not start takes no client and no path from the one that goes on', async t => {
  const port = await freePort();
  const path = join(temporaryFolder(t), 'listener');
  const text = (threads: number, mode: string, more: string): string => `global
  nbthread ${threads}
${more}
${DEFAULTS}
frontend f
  bind 127.0.0.1:${port}
  bind ${path} mode ${mode}
  http-request return status 200 content-type text/plain string served
`;
  const balancer = await startMaster(t, text(1, '600', ''));
  const ring = '\nring r\n  size 65536\n  backing-file /nonexistent/folder/ring\n';
  writeFileSync(join(balancer.folder, 'haproxy.cfg'), text(3, '660', ring));
  const phase = { isOver: false };
  const visits = async (): Promise<void> => {
    while (!phase.isOver) assert.match(await exchangeRaw(port, GET_AND_CLOSE, LONG_MS), /served$/);
  };
  const visitors = [visits(), visits(), visits(), visits()];
  await signalReload(balancer, 'Failed to reload');
  phase.isOver = true;
  await Promise.all(visitors);
  assert.match(await overPath(path), /served$/);

  writeFileSync(join(balancer.folder, 'haproxy.cfg'), text(3, '660', ''));
  await signalReload(balancer, 'Loading success');
  for (let count = 0; count < 20; count++)
    assert.match(await exchangeRaw(port, GET_AND_CLOSE, LONG_MS), /served$/);
  assert.match(await overPath(path), /served$/);
});

test('a worker understands what its master has read, whatever the file says by then', async t => {
  const [port, second] = [await freePort(), await freePort()];
  const text = (word: string, more = ''): string => `${DEFAULTS}
frontend f
  bind 127.0.0.1:${port}
  ${more}
  http-request return status 200 content-type text/plain string ${word}
`;
  const balancer = await startMaster(t, text('one'));
  const file = join(balancer.folder, 'haproxy.cfg');
  writeFileSync(file, text('two'));
  const before = balancer.output().length;
  balancer.process.kill('SIGUSR2');
  await until('the new worker', () => balancer.output().slice(before).includes('Initializing new worker'));
  writeFileSync(file, text('three', `bind 127.0.0.1:${second}`));
  await until('its start', () => balancer.output().slice(before).includes('Loading success'));
  await until('its answer', async () => (await exchangeRaw(port, GET_AND_CLOSE, LONG_MS)).endsWith('two'));
});

test('a bind to a virtual address is reloaded as it was started', async t => {
  const port = await freePort();
  const virtual = join(temporaryFolder(t), 'keepalived.conf');
  // on an interface that is not there: nothing is sent
  writeFileSync(
    virtual,
    `vrrp_instance V {
  interface lb-none0
  virtual_router_id 77
  priority 100
  virtual_ipaddress {
    127.0.0.1/32
  }
}
`,
  );
  const config = `${DEFAULTS}
frontend f
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string served
`;
  const balancer = await startBalancer(t, config, { args: ['-W', '-k', virtual] });
  await until('the first worker', () => balancer.output().includes('Loading success'));
  await signalReload(balancer, 'Loading success');
  assert.match(await exchangeRaw(port, GET_AND_CLOSE, LONG_MS), /served$/);
});

test('signals that pause and resume listening do not suspend a worker that starts', async t => {
  const port = await freePort();
  const balancer = await startMaster(
    t,
    `${DEFAULTS}
frontend f
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string served
`,
  );
  const before = balancer.output().length;
  const said = (): string => balancer.output().slice(before);
  balancer.process.kill('SIGUSR2');
  await until('the new worker', () => said().includes('Initializing new worker'));
  balancer.process.kill('SIGTTOU');
  await until('the pause', () => said().includes('Paused frontend f'));
  balancer.process.kill('SIGTTIN');
  await until('its start', () => said().includes('Loading success'));
  await until('its answer', async () =>
    (await exchangeRaw(port, GET_AND_CLOSE, LONG_MS).catch(() => '')).endsWith('served'),
  );
  assert.equal(await balancer.stop(), 0);
});

test('who connects while the last worker finishes is refused', async t => {
  let answer: (() => void) | undefined;
  const origin = await startHttpOrigin(t, 'slow', (_request, response) => {
    answer = () => response.end('finished');
  });
  const port = await freePort();
  const balancer = await startMaster(
    t,
    `${DEFAULTS}
listen l
  bind 127.0.0.1:${port}
  server s ${origin.address}
`,
  );
  const request = exchangeRaw(port, GET_AND_CLOSE, LONG_MS);
  await until('the request at the server', () => answer !== undefined);
  balancer.process.kill('SIGUSR1');
  await until('the refusal', () => isRefused(port));
  answer?.();
  assert.match(await request, /finished$/);
  assert.equal(await balancer.ended, 0);
});

function isRefused(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', error => resolve((error as NodeJS.ErrnoException).code === 'ECONNREFUSED'));
  });
}

function overPath(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path, () => socket.write(GET_AND_CLOSE));
    socket.setTimeout(LONG_MS, () => socket.destroy(new Error('no answer')));
    socket.on('data', chunk => (text += String(chunk)));
    socket.on('error', reject).on('end', () => resolve(text));
  });
}
