/** `mode haterm`: a frontend that answers by what is asked of it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { exchangeRaw, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort, freePorts } from '../support/free-port.ts';
import { ask, openHttp2 } from '../support/http2-client.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { listeningSockets } from '../support/listening-sockets.ts';
import { until } from '../support/until.ts';

const LINE = '.123456789.123456789.123456789.123456789.12345678\n';

function lines(bytes: number): string {
  return LINE.repeat(Math.ceil(bytes / LINE.length)).slice(0, bytes);
}

async function start(t: TestContext, more = ''): Promise<{ port: number; balancer: Balancer }> {
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `
defaults
  timeout client 60s
  timeout server 10ms
frontend f
  mode haterm
  bind 127.0.0.1:${port}
  ${more}
`,
  );
  return { port, balancer };
}

function request(target: string, fields = '', method = 'GET'): string {
  return `${method} ${target} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;
}

test('an answer has the size, the status and the caching that the query asks for', async t => {
  const { port } = await start(t);
  const client = await KeepAliveClient.open(port);
  const plain = await client.request(request('/'));
  assert.deepEqual([plain.status, plain.body.length], [200, 0]);
  const { status, head, body } = await client.request(request('/x?s=120&r=404&c=0'));
  assert.equal(status, 404);
  assert.equal(body.toString(), lines(120));
  assert.match(head, /\r\nCache-Control: no-cache\r\n/);
  assert.match(head, /\r\nX-req: time=\d+ ms\r\n/);
  assert.match(head, /\r\nX-rsp: id=dummy, code=404, cache=0, size=120, time=0 ms \(\d+ real\)/);
  const refused = await client.request(request('/?r=100'));
  assert.equal(refused.status, 400);
  assert.match(refused.body.toString(), /r=100/);
  const help = await client.request(request('/?'));
  assert.equal(help.status, 200);
  assert.match(help.body.toString(), /\?s=20k/);
  client.socket.destroy();
});

test('large bodies come whole, over both versions of HTTP', async t => {
  const { port } = await start(t);
  const size = 3 * 2 ** 20 + 7;
  const client = await KeepAliveClient.open(port);
  for (let turn = 0; turn < 2; turn++)
    assert.ok((await client.request(request('/?s=3145735'))).body.equals(Buffer.from(lines(size))));
  client.socket.destroy();
  const session = await openHttp2(t, port);
  const asked = [3_145_735, 0, 100_000].map(async bytes => ask(session, { ':path': `/?s=${bytes}&C=1` }));
  const answers = await Promise.all(asked);
  assert.deepEqual(
    answers.map(({ body }) => body.length),
    [size, 0, 100_000],
  );
  assert.ok(answers[0]?.body.equals(Buffer.from(lines(size))));
});

test('a body goes as one chunk, a random one is none of lines, and HEAD has only its length', async t => {
  const { port } = await start(t);
  const chunked = await exchangeRaw(port, request('/?s=120&k=1&C=1'));
  assert.ok(chunked.endsWith(`\r\n\r\n78\r\n${lines(120)}\r\n0\r\n\r\n`), chunked);
  const random = await exchangeRaw(port, request('/?s=5k&R=1&C=1'));
  assert.ok(!random.includes(LINE));
  const head = await exchangeRaw(port, request('/?s=5k&C=1', '', 'HEAD'));
  assert.match(head, /Content-Length: 5120\r\n/);
  assert.ok(head.endsWith('\r\n\r\n'));
});

test('an answer comes behind the body of the request, or before it', async t => {
  const { port } = await start(t);
  const body = 'x'.repeat(300_000);
  const fields = `Content-Length: ${body.length}\r\n`;
  const client = await KeepAliveClient.open(port);
  let answered = false;
  client.socket.write(request('/?s=1', fields, 'POST') + body.slice(1));
  const behind = client.answer().then(answer => {
    answered = true;
    return answer;
  });
  // another connection is served meanwhile: had this one been answered, its answer would be here
  assert.equal((await (await KeepAliveClient.open(port)).request(request('/?s=2&C=1'))).status, 200);
  assert.equal(answered, false);
  client.socket.write('x');
  assert.equal((await behind).body.length, 1);
  client.socket.write(request('/?s=3&A=1', fields, 'POST'));
  assert.equal((await client.answer()).body.length, 3);
  client.socket.write(body);
  assert.equal((await client.request(request('/?s=4'))).body.length, 4);
  client.socket.destroy();
});

test('an answer waits as long as it is told, whatever the timeout of servers', async t => {
  const { port } = await start(t);
  const before = performance.now();
  const answer = await exchangeRaw(port, request('/?t=300&s=1&C=1'));
  assert.ok(performance.now() - before >= 290);
  assert.match(answer, /^HTTP\/1.1 200 .*, time=300 ms \(\d+ real\)/s);
});

test('connections close and stay as they are told to', async t => {
  const { port } = await start(t);
  assert.match(await exchangeRaw(port, request('/?C=1')), /\r\nConnection: close\r\n/i);
  const old = await KeepAliveClient.open(port);
  const kept = await old.request('GET /?K=1&s=1 HTTP/1.0\r\n\r\n');
  assert.match(kept.head, /\r\nConnection: keep-alive/i);
  assert.equal((await old.request(request('/?s=2'))).body.length, 2);
  old.socket.destroy();
});

test('rules of the frontend come first, and what names servers is told to be of no use', async t => {
  const { port, balancer } = await start(
    t,
    'http-request deny if { path /no }\n  default_backend b\nbackend b\n  mode http',
  );
  assert.match(await exchangeRaw(port, request('/no', 'Connection: close\r\n')), /^HTTP\/1.1 403 /);
  assert.match(await exchangeRaw(port, request('/?C=1')), /^HTTP\/1.1 200 /);
  assert.match(balancer.output(), /'default_backend' ignored for frontend 'f' because of mode haterm/);
});

test('haterm serves without a file, over TLS too', async t => {
  const [plain, secure] = (await freePorts(2)) as [number, number];
  const options = ['-L', `127.0.0.1:${plain}:${secure}`, '-G', 'nbthread 1', '-c', 'P-256'];
  const child = spawn(resolve('bin/haterm'), options, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await until('its listeners', () => [plain, secure].every(port => listeningSockets(port).length > 0));
  assert.ok((await exchangeRaw(plain, request('/?s=50&C=1'))).endsWith(LINE));
  const socket = connect({ host: '127.0.0.1', port: secure, rejectUnauthorized: false });
  socket.write(request('/?s=50&C=1'));
  const received: Buffer[] = [];
  for await (const chunk of socket) received.push(chunk as Buffer);
  assert.ok(Buffer.concat(received).toString().endsWith(LINE));
});
