/** Large bodies move inside the kernel, and nobody can tell: not by their bytes, their logs or their ends. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { probeUring } from '../../src/net/engines/uring/probe.ts';
import { ask } from '../support/admin-client.ts';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver, type LogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const SIZE = 20 * 1024 * 1024;
const HEAD = `HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`;
const isRing = probeUring().usable && process.env['LB_TEST_ENGINE'] !== 'node';

interface Setting {
  readonly port: number;
  readonly logs: LogReceiver;
  readonly balancer: Balancer;
  /** Of the admin socket. */
  readonly admin: string;
  /** Values of the column over all rows. */
  readonly column: (name: string) => Promise<number[]>;
}

async function start(t: TestContext, server: string, global = '', timeout = '1s'): Promise<Setting> {
  const [port, logs] = [await freePort(), await startLogReceiver(t)];
  const socket = join(temporaryFolder(t), 'admin.sock');
  const balancer = await startBalancer(
    t,
    `
global
  nbthread 1
  stats socket ${socket} level admin
  log 127.0.0.1:${logs.port} local0
  ${global}
defaults
  mode http
  log global
  option httplog
  timeout connect 10s
  timeout client ${timeout}
  timeout server ${timeout}
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  server s ${server}
`,
  );
  const column = async (name: string): Promise<number[]> => {
    const rows = statRows(await ask(socket, 'show stat'));
    return [...rows.values()].map(row => Number(row[name]));
  };
  return { port, logs, balancer, admin: socket, column };
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function echo(port: number, body: Buffer): Promise<Buffer> {
  const call = request({ port, host: '127.0.0.1', method: 'POST', agent: false });
  call.setHeader('content-length', body.length);
  call.end(body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

for (const global of ['', 'nosplice', 'maxpipes 1', 'tune.pipesize 65536'])
  test(`20 MB go up and down unchanged, eight at a time: ${global || 'default'}`, async t => {
    const origin = await startHttpOrigin(t, 'store', (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', chunk => chunks.push(chunk as Buffer));
      incoming.on('end', () => outgoing.end(Buffer.concat(chunks)));
    });
    const { port, column } = await start(t, origin.address, global, '30s');
    const bodies = Array.from({ length: 8 }, () => randomBytes(SIZE / 8));
    const answers = await Promise.all(bodies.map(body => echo(port, body)));
    assert.deepEqual(answers.map(sha256), bodies.map(sha256));
    const spliced = [...(await column('h1_spliced_bytes_in')), ...(await column('h1_spliced_bytes_out'))];
    const moved = spliced.reduce((sum, bytes) => sum + bytes, 0);
    assert.equal(moved > 0, isRing && global !== 'nosplice', String(moved));
    const [front = 0, , back = 0] = await column('h1_bytes_in');
    assert.ok(front > SIZE && back > SIZE, `${front} ${back}`);
  });

test('show info tells how many pipes are in use, and maxpipes is for all threads together', async t => {
  const origin = await startHttpOrigin(t, 'big', (_, response) => {
    response.setHeader('content-length', SIZE);
    response.end(Buffer.alloc(SIZE));
  });
  const { port, admin } = await start(t, origin.address, 'nbthread 2\n  maxpipes 3', '30s');
  const info = async (name: string): Promise<string | undefined> =>
    new RegExp(`^${name}: (\\d+)$`, 'm').exec(await ask(admin, 'show info'))?.[1];
  assert.deepEqual([await info('Maxpipes'), await info('PipesUsed')], [isRing ? '3' : '0', '0']);
  const sockets = Array.from({ length: 8 }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    // it never reads: the transfer waits with its pipe
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    return socket;
  });
  await until('pipes in use', async () => (await info('PipesUsed')) === (isRing ? '3' : '0'));
  for (const socket of sockets) socket.destroy();
  await until('no pipe in use', async () => (await info('PipesUsed')) === '0');
  assert.equal(await info('PipesFree'), '0');
});

/** A server that sends the head and about half of the body, then does `next`. */
async function halfway(t: TestContext, next: (socket: Socket) => void): Promise<Setting> {
  const { address } = await startRawOrigin(t, socket =>
    socket.once('data', () => {
      socket.write(HEAD);
      socket.write(Buffer.alloc(SIZE / 2), () => next(socket));
    }),
  );
  return start(t, address);
}

async function readAll(port: number): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  let bytes = 0;
  socket.on('data', chunk => (bytes += chunk.length));
  await once(socket, 'close');
  return bytes;
}

for (const [what, next, state] of [
  ['ends', (socket: Socket) => void socket.end(), 'SD'],
  ['stops sending', () => undefined, 'sD'],
  ['resets', (socket: Socket) => void socket.resetAndDestroy(), 'SD'],
] as const)
  test(`a server that ${what} in the middle of a large body cuts the answer: ${state}`, async t => {
    const { port, logs } = await halfway(t, next);
    const received = await readAll(port);
    assert.ok(received <= SIZE / 2 + HEAD.length, String(received));
    if (what !== 'resets') assert.equal(received, SIZE / 2 + HEAD.length);
    await logs.find(new RegExp(` b/s \\d+/\\d+/\\d+/\\d+/\\d+ 200 ${received} - - ${state}-- `));
  });

test('a client that stops reading a large body is cut after its timeout, one that leaves at once; nothing stays open', async t => {
  const origin = await startHttpOrigin(t, 'big', (_, response) => {
    response.setHeader('content-length', SIZE);
    response.end(Buffer.alloc(SIZE));
  });
  const { port, logs, balancer } = await start(t, origin.address);
  assert.equal(await readAllOnce(port), SIZE);
  const before = balancer.openDescriptors();
  const stalled = connect(port, '127.0.0.1');
  t.after(() => stalled.destroy());
  stalled.on('error', () => undefined);
  stalled.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  stalled.once('data', () => stalled.pause());
  await logs.find(/ b\/s \d+\/\d+\/\d+\/\d+\/\d+ 200 \d+ - - cD-- /);
  const leaving = connect(port, '127.0.0.1');
  leaving.on('error', () => undefined);
  leaving.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  leaving.once('data', () => leaving.resetAndDestroy());
  await logs.find(/ b\/s \d+\/\d+\/\d+\/\d+\/\d+ 200 \d+ - - CD-- /);
  assert.equal(await readAllOnce(port), SIZE);
  await until(`${before} descriptors`, () => balancer.openDescriptors() <= before);
});

/** Bytes of one answer's body, on a connection of its own. */
async function readAllOnce(port: number): Promise<number> {
  const call = request({ port, host: '127.0.0.1', agent: false });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  return bytes;
}

test('a server may answer in the middle of a large upload', async t => {
  const { address } = await startRawOrigin(t, socket => {
    let received = 0;
    socket.on('data', chunk => {
      if (received <= SIZE / 2 && received + chunk.length > SIZE / 2)
        socket.end('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig');
      received += chunk.length;
    });
  });
  const { port, logs } = await start(t, address);
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', chunk => (answer += chunk.toString('latin1')));
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`);
  socket.write(Buffer.alloc(SIZE));
  await once(socket, 'close');
  assert.match(answer, /^HTTP\/1.1 413 [^]*big$/);
  await logs.find(/ b\/s \d+\/\d+\/\d+\/\d+\/\d+ 413 /);
});

test('a client that stops in the middle of a large upload is told so after its timeout', async t => {
  const origin = await startHttpOrigin(t, 'sink', incoming => incoming.resume());
  const { port, logs } = await start(t, origin.address);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', chunk => (answer += chunk.toString('latin1')));
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`);
  socket.write(Buffer.alloc(SIZE / 2));
  await once(socket, 'close');
  assert.match(answer, /^HTTP\/1.1 400 /);
  await logs.find(/ b\/s \d+\/\d+\/\d+\/-1\/\d+ 400 .* cH-- /);
});
