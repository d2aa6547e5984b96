/**
 * A great many small things at once, or one thing without end, from clients and servers: pipelines, interim answers,
 * chunks, framing, lines of a payload, commands. Each is answered as it should be, and costs no memory that stays.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { readResponses } from '../support/http-recorder.ts';
import { startRawOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const WITHIN_MS = 60_000;
const MANY = 20_000;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const EXTENDED = `1;${'e'.repeat(3000)}\r\nx\r\n`;

const ANSWERS: Readonly<Record<string, string>> = {
  continues: 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(MANY) + OK,
  hints: 'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'.repeat(MANY) + OK,
  chunks: `${CHUNKED}${'1\r\nx\r\n'.repeat(MANY)}0\r\n\r\n`,
  extensions: `${CHUNKED}${EXTENDED.repeat(2000)}0\r\n\r\n`,
  zeros: `${CHUNKED}${'0'.repeat(100_000)}1\r\nx\r\n0\r\n\r\n`,
  heads: `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(100_000)}\r\n`,
  trailers: `${CHUNKED}1\r\nx\r\n0\r\n${'A: b\r\n'.repeat(100_000)}\r\n`,
};

function serve(socket: Socket): void {
  let received = '';
  socket.on('data', chunk => {
    received += chunk.toString('latin1');
    if (!received.endsWith('\r\n\r\n') || (received.startsWith('POST') && !received.endsWith('0\r\n\r\n')))
      return;
    const name = /^GET \/(\w+)/.exec(received)?.[1] ?? '';
    const answers = received.split('GET /').length - 1;
    received = '';
    socket.write(ANSWERS[name] ?? OK.repeat(Math.max(1, answers)));
  });
}

interface Lab {
  readonly balancer: Balancer;
  readonly plain: number;
  readonly buffering: number;
  readonly admin: string;
}

async function start(t: TestContext): Promise<Lab> {
  const [plain = 0, buffering = 0] = await freePorts(2);
  const admin = join(temporaryFolder(t), 'admin.sock');
  const { address } = await startRawOrigin(t, serve);
  const balancer = await startBalancer(
    t,
    `global
  nbthread 1
  stats socket ${admin} level admin
  tune.cli.max-payload-size 1m
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen plain
  bind 127.0.0.1:${plain}
  http-request return status 200 content-type text/plain string own if { path /own }
  http-request deny if { path /deny }
  http-request set-header m %[path,map(virt@m)]
  server s ${address}
listen buffering
  bind 127.0.0.1:${buffering}
  option http-buffer-request
  server s ${address}
`,
  );
  return { balancer, plain, buffering, admin };
}

const get = (path: string, more = ''): string => `GET /${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const last = (path: string): string => get(path, 'Connection: close\r\n');

for (const [path, status] of [
  ['own', '200'],
  ['deny', '403'],
  ['plain', '200'],
] as const)
  test(`${MANY} requests in a row are answered one by one: /${path}`, async t => {
    const { plain } = await start(t);
    const count = path === 'plain' ? MANY / 10 : MANY;
    const received = await exchangeRaw(plain, get(path).repeat(count - 1) + last(path), WITHIN_MS);
    const { messages, rest } = readResponses(received, [], true);
    assert.equal(rest, '');
    assert.equal(messages.filter(({ line }) => line.split(' ')[1] === status).length, count);
  });

test('whatever a server repeats without end, its client is told right', async t => {
  const { plain } = await start(t);
  const statuses = async (path: string): Promise<string> => {
    const { messages, rest } = readResponses(await exchangeRaw(plain, last(path), WITHIN_MS), ['GET'], true);
    const final = messages.at(-1);
    return `${messages.length} ${final?.line.split(' ')[1]} ${final?.body.length} ${rest.length > 0 ? 'cut' : 'whole'}`;
  };
  assert.equal(await statuses('continues'), `${MANY + 1} 200 2 whole`);
  assert.equal(await statuses('hints'), `${MANY + 1} 200 2 whole`);
  assert.equal(await statuses('chunks'), `1 200 ${MANY} whole`);
  assert.equal(await statuses('extensions'), '1 200 2000 whole');
  assert.match(await statuses('zeros'), /^0 undefined .* cut$/);
  assert.match(await statuses('heads'), /^1 502 /);
  assert.match(await statuses('trailers'), /^(1 502 .*|0 undefined .* cut)$/);
});

test('uploads of nothing but framing arrive, also where the body is waited for', async t => {
  const { plain, buffering } = await start(t);
  const head = 'POST /up HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
  for (const port of [plain, buffering])
    for (const body of ['1\r\nx\r\n'.repeat(MANY), EXTENDED.repeat(1000)])
      assert.match(await exchangeRaw(port, `${head}${body}0\r\n\r\n`, WITHIN_MS), /^HTTP\/1\.1 200 /);
});

test('payloads of many lines and many commands in a row are taken', async t => {
  const { plain, admin, balancer } = await start(t);
  const pairs = Array.from({ length: MANY }, (_, index) => `/${index} value\n`).join('');
  assert.equal((await ask(admin, `add map virt@m <<\n${pairs}`)).trim(), '');
  assert.equal((await ask(admin, 'show map virt@m')).trim().split('\n').length, MANY);
  assert.equal((await ask(admin, 'show version;'.repeat(500))).match(/^\d/gm)?.length, 500);
  assert.match(await exchangeRaw(plain, last('own'), WITHIN_MS), /own$/);
  assert.doesNotMatch(balancer.output(), /control thread/);
});

function residentMb(pid: number): number {
  const [, kb] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kb) / 1024;
}

test('clients that send without end and read nothing take no memory', async t => {
  const { balancer, plain, buffering, admin } = await start(t);
  await exchangeRaw(plain, last('own'), WITHIN_MS);
  const before = residentMb(balancer.pid);
  const senders: Socket[] = [];
  t.after(() => senders.forEach(socket => socket.destroy()));
  const pour = (
    place: { port: number; host: string } | { path: string },
    head: string,
    bytes: string,
  ): void => {
    const socket = connect(place);
    senders.push(socket);
    socket.on('error', () => undefined);
    socket.pause();
    const write = (): void => {
      while (socket.writable && socket.write(bytes));
    };
    socket.on('drain', write);
    socket.once('connect', () => {
      socket.write(head);
      write();
    });
  };
  const host = '127.0.0.1';
  const framed = 'POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  for (let count = 0; count < 20; count++) {
    pour({ port: plain, host }, '', get('own').repeat(500));
    pour({ port: buffering, host }, framed, EXTENDED.repeat(20));
    if (count % 5 === 0) pour({ path: admin }, 'prompt\n', 'show info\n'.repeat(1000));
  }
  let most = 0;
  for (let count = 0; count < 20; count++, await sleep(100)) most = Math.max(most, residentMb(balancer.pid));
  assert.ok(most - before < 150, `${before} MB became ${most}`);
  for (const socket of senders) socket.destroy();
  await until('the end of all sessions', async () => {
    const shown = await ask(admin, 'show sess');
    return (
      shown.split('\n').filter(line => line.startsWith('0x') && !line.includes('unix_stream')).length === 0
    );
  });
  assert.match(await exchangeRaw(plain, last('own'), WITHIN_MS), /own$/);
});

test('who reads none of the answers of the admin socket is idle, and let go', async t => {
  const { admin } = await start(t);
  // the listening one, and one for each connection
  const sockets = (): number => readFileSync('/proc/net/unix', 'latin1').split(` ${admin}`).length - 1;
  const began = performance.now();
  const socket = connect(admin);
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(`prompt\nset timeout cli 1s\n${'show info\n'.repeat(5000)}`);
  await once(socket, 'connect');
  await until('its end', () => sockets() === 1);
  const tookMs = performance.now() - began;
  assert.ok(tookMs > 1000, `it was let go after ${tookMs} ms`);
});
