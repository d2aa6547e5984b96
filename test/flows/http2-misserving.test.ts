/**
 * The running program in front of HTTP/2 servers that misbehave: who asks them gets some answer or an end, who asks
 * others gets every answer. It must live, keep nothing behind, and not grow. scripts/fuzz.mjs makes it longer.
 */
import assert from 'node:assert/strict';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask as askAdmin } from '../support/admin-client.ts';
import { start } from '../support/http2-flow.ts';
import { frame, TYPE } from '../support/http2-frames.ts';
import { Http2Misserving } from '../support/http2-misserving.ts';
import { startHttp2Origin } from '../support/http2-origin.ts';
import { startRawOrigin } from '../support/origin.ts';
import { residentMb } from '../support/resident-memory.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const SECONDS = Number(process.env['LB_FUZZ_SECONDS'] ?? 2);
const SEED = Number(process.env['LB_FUZZ_SEED'] ?? 1);
const LONGEST_MS = 60_000;
const CLIENTS_AT_ONCE = 20;
const MOST_GROWTH_MB = 300;
/** Those of a second thread, which starts while the first one serves. */
const LATE_DESCRIPTORS = 15;
const PATIENCE_MS = 20_000;

/** The status and the body; 0: there was no whole answer. Never waits for ever. */
async function ask(
  port: number,
  path: string,
  agent: Agent,
  body?: Buffer,
): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const late = setTimeout(() => reject(new Error(`${method} ${path}: no answer and no end`)), PATIENCE_MS);
    const done = (status: number, text = ''): void => {
      clearTimeout(late);
      resolve([status, text]);
    };
    const request = httpRequest({ port, host: '127.0.0.1', path, method, agent }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => undefined);
      response.on('close', () =>
        done(response.complete ? (response.statusCode ?? 0) : 0, Buffer.concat(chunks).toString('latin1')),
      );
    });
    request.on('error', () => done(0));
    request.end(body);
  });
}

test('servers that misbehave cost nobody but those who ask them', { timeout: 900_000 }, async t => {
  const misserving = new Http2Misserving(SEED);
  const bad = await startRawOrigin(t, socket => misserving.serve(socket));
  const good = await startHttp2Origin(t, stream => {
    stream.respond({ ':status': 200 });
    stream.end('good');
  });
  const admin = join(temporaryFolder(t), 'admin.sock');
  const { port, balancer } = await start(t, `${good.address} proto h2 pool-purge-delay 500ms`, {
    global: `nbthread 2\n  stats socket ${admin} level admin`,
    defaults:
      'timeout client 2s\n  timeout server 1s\n  timeout http-keep-alive 30s\n  retries 1\n  retry-on all-retryable-errors',
    frontend: 'use_backend bad if { path_beg /bad }',
    backend: 'timeout server 30s',
    sections: `backend bad\n  http-reuse always\n  server s ${bad.address} proto h2 pool-purge-delay 500ms\n`,
  });
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS_AT_ONCE });
  const other = new Agent({ keepAlive: true });
  t.after(() => {
    agent.destroy();
    other.destroy();
  });
  const before = residentMb(balancer.pid);
  const descriptors = balancer.openDescriptors() + LATE_DESCRIPTORS;
  const begin = performance.now();
  const statuses = new Set<number>();
  /** On a busy machine as long as it takes to be answered well, and badly. */
  const goOn = (): boolean => {
    if (balancer.process.exitCode !== null) return false;
    const passed = performance.now() - begin;
    const isEnough = statuses.has(200) && statuses.has(502);
    return passed < SECONDS * 1000 || (!isEnough && passed < LONGEST_MS);
  };
  const body = Buffer.alloc(100_000, 'body ');
  const unlucky = Array.from({ length: CLIENTS_AT_ONCE }, async (_, index) => {
    while (goOn()) {
      const [status] = await ask(port, `/bad/${index}`, agent, index % 3 === 0 ? body : undefined);
      statuses.add(status);
    }
  });
  const lucky = (async (): Promise<void> => {
    for (; goOn(); await sleep(20)) assert.deepEqual(await ask(port, '/good', other), [200, 'good']);
  })();
  await Promise.all([lucky, ...unlucky]);
  assert.equal(balancer.process.exitCode, null, balancer.output());
  assert.ok(statuses.has(200) && statuses.has(502), [...statuses].join(' '));
  agent.destroy();
  other.destroy();
  await until('the end of all sessions', async () => (await sessions(admin)) === 0);
  await until('the end of all connections', () => balancer.openDescriptors() <= descriptors);
  assert.doesNotMatch(balancer.output(), /died|replaced|control thread|Internal error|^ +at .*:\d+:\d+/m);
  const grown = residentMb(balancer.pid) - before;
  assert.ok(grown < MOST_GROWTH_MB, `${Math.round(grown)} MB more than before`);
  t.diagnostic(`${Math.round(grown)} MB more than before; statuses ${[...statuses].join(' ')}`);
  assert.equal(await balancer.stop(), 0);
});

/** Sessions that the program still has, but for the one that asks. */
async function sessions(admin: string): Promise<number> {
  const shown = await askAdmin(admin, 'show sess');
  return shown.split('\n').filter(line => line.startsWith('0x') && !line.includes('unix_stream')).length;
}

/** SETTINGS, whose only one it is that streams begin without a window. */
const NO_WINDOW = frame(TYPE.settings, 0, 0, '\0\x04\0\0\0\0');

test('a server that takes nothing of a body has as long for it as for its answer', async t => {
  const origin = await startRawOrigin(t, socket => void socket.resume().write(NO_WINDOW));
  const { port } = await start(t, `${origin.address} proto h2`, { defaults: 'timeout server 300ms' });
  const agent = new Agent();
  for (const size of [1000, 200_000]) {
    const [status] = await ask(port, '/', agent, Buffer.alloc(size));
    assert.equal(status, 504, `${size} bytes`);
  }
});

/** What the sockets of two programs hold of an upload, and some buffers. */
const MOST_UNDER_WAY = 24 * 1024 * 1024;

test('an upload to a server that has not said how it wants streams stays with its client', async t => {
  const origin = await startRawOrigin(t, socket => void socket.resume());
  const { port } = await start(t, `${origin.address} proto h2`, { defaults: 'timeout server 3s' });
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  // behind its answer the rest is taken and dropped
  socket.once('data', () => socket.destroy());
  const piece = Buffer.alloc(1 << 20);
  let taken = 0;
  const more = (error?: Error | null): void => {
    if (error !== null && error !== undefined) return;
    taken += piece.length;
    socket.write(piece, more);
  };
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n', more);
  await new Promise<void>(resolve => void socket.on('close', () => resolve()));
  assert.ok(taken < MOST_UNDER_WAY, `${taken >> 20} MB were taken`);
});

test('a server that floods, and takes no answers, is not read from any more', async t => {
  const pings = Buffer.concat(Array.from({ length: 4000 }, () => frame(TYPE.ping, 0, 0, '12345678')));
  let written = 0;
  const origin = await startRawOrigin(t, socket => {
    socket.write(frame(TYPE.settings, 0, 0));
    const more = (): void => {
      do written += pings.length;
      while (socket.write(pings));
    };
    socket.on('drain', more);
    more();
  });
  const { port } = await start(t, `${origin.address} proto h2`, { defaults: 'timeout server 20s' });
  const agent = new Agent();
  t.after(() => agent.destroy());
  void ask(port, '/', agent);
  let before = -1;
  await until('a pause', async () => {
    const isSame = before === written && written > 0;
    before = written;
    await sleep(200);
    return isSame;
  });
});
