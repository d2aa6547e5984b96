/**
 * Answers of the balancer's own that come before all of the request is here, or in place of a response: what becomes of
 * the client's connection and of the server's, and what is counted of them, as by HAProxy 3.4.
 */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver, type LogReceiver } from '../support/log-receiver.ts';
import { startRawOrigin, type Origin } from '../support/origin.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const LAST = 'GET /deny HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

interface Flow {
  readonly port: number;
  readonly logs: LogReceiver;
  readonly origin: Origin;
}

async function start(t: TestContext, clientTimeout = '20s', more = ''): Promise<Flow> {
  const logs = await startLogReceiver(t);
  const origin = await startRawOrigin(t, socket => socket.on('data', () => socket.write(OK)));
  const port = await freePort();
  await startBalancer(
    t,
    `global
  nbthread 1
defaults
  mode http
  log 127.0.0.1:${logs.port} local0
  log-format "%HP %ST B=%B %[bytes_out] %[res.bytes_in] %[res.bytes_out]"
  timeout connect 5s
  timeout client ${clientTimeout}
  timeout server 20s
listen l
  bind 127.0.0.1:${port}
  stats uri /stats
${more}  http-request deny if { path /deny }
  http-request set-var(txn.path) path
  http-reuse always
  http-response return status 202 if { var(txn.path) -m str /return }
  http-response redirect location /x if { var(txn.path) -m str /redirect }
  http-response deny deny_status 403 if { var(txn.path) -m str /refuse }
  http-response deny if { var(txn.path) -m str /bad }
  server s ${origin.address}
`,
    { ports: [port] },
  );
  return { port, logs, origin };
}

/** A client that sends piece by piece. */
class Client {
  text = '';
  readonly socket: Socket;
  readonly ended: Promise<unknown>;

  constructor(t: TestContext, port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', chunk => (this.text += chunk.toString('latin1')));
    this.ended = once(this.socket, 'end', { signal: AbortSignal.timeout(60_000) });
    t.after(() => this.socket.destroy());
  }

  async answers(count: number): Promise<void> {
    while ((this.text.match(/^HTTP/gm) ?? []).length < count) await once(this.socket, 'data');
  }
}

const head = (framing: string): string => `POST /deny HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`;

for (const [name, begin, rest] of [
  ['a length', `${head('Content-Length: 10')}abc`, 'defghij'],
  ['chunks', `${head('Transfer-Encoding: chunked')}3\r\nabc\r\n5\r\nde`, 'fgh\r\n0\r\n\r\n'],
  ['a large body', `${head('Content-Length: 200000')}abc`, 'x'.repeat(199_997)],
  ['100-continue', head('Expect: 100-continue\r\nContent-Length: 3'), 'abc'],
] as const)
  test(`the rest of a body is dropped behind its answer, and requests served behind it: ${name}`, async t => {
    const { port } = await start(t);
    const client = new Client(t, port);
    client.socket.write(begin);
    await client.answers(1);
    assert.doesNotMatch(client.text, /^connection: close/im);
    client.socket.write(`${rest}${LAST}`);
    await client.ended;
    assert.equal((client.text.match(/^HTTP\/1.1 403 /gm) ?? []).length, 2);
  });

for (const [name, begin, rest] of [
  ['chunks that are broken', `${head('Transfer-Encoding: chunked')}3\r\nab`, 'cZZ'],
  ['a body that stays away', `${head('Content-Length: 10')}abc`, ''],
  ['a last body', `${head('Connection: close\r\nContent-Length: 10')}abc`, 'defghij'],
] as const)
  test(`the connection is closed behind ${name}`, async t => {
    const { port } = await start(t, rest === '' ? '200ms' : '20s');
    const client = new Client(t, port);
    client.socket.write(begin);
    await client.answers(1);
    client.socket.write(rest);
    await client.ended;
  });

test('a client that was too slow with its body has no more time for it', async t => {
  const { port } = await start(t, '10m', '  option http-buffer-request\n  timeout http-request 100ms\n');
  const client = new Client(t, port);
  client.socket.write(`${head('Content-Length: 10')}abc`);
  await client.ended;
  assert.match(client.text, /^HTTP\/1\.1 408 [^]*^connection: close\r$/im);
});

test('a server whose whole response rules put aside keeps its connection', async t => {
  const { port, origin } = await start(t);
  for (const path of ['return', 'redirect', 'refuse', 'bad', 'return'])
    await exchangeRaw(port, `GET /${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  assert.equal(origin.count, 1);
});

test('own answers are no bytes of a server, but those of services are', async t => {
  const { port, logs } = await start(t);
  await exchangeRaw(port, LAST);
  const [, sent] = await logs.find(/\/deny 403 B=0 0 0 ([1-9]\d*)$/m);
  assert.ok(Number(sent) > 100);
  await exchangeRaw(port, 'GET /stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await logs.find(/\/stats 200 B=([1-9]\d*) \1 \1 \1$/m);
  await exchangeRaw(port, 'GET /return HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const [, received] = await logs.find(/\/return 202 B=([1-9]\d*) \1 \1 [1-9]\d*$/m);
  assert.equal(Number(received), OK.length);
});
