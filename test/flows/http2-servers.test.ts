/** HTTP/2 towards servers: what they are told, what clients get of their answers, and what becomes of websockets. */
import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { Authority } from '../support/certificates.ts';
import { ask as askHttp2, bounded, openHttp2 } from '../support/http2-client.ts';
import { start as startFlow, type Lines } from '../support/http2-flow.ts';
import { startHttp2Origin, tell, type Http2Origin, type Http2Serve } from '../support/http2-origin.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin, type Origin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { startTlsOrigin } from '../support/tls-origin.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: NodeJS.Dict<string>;
  readonly interim: readonly number[];
  /** The answer was cut off. */
  readonly isCut: boolean;
}

interface Ask {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: readonly (string | Buffer)[];
  readonly trailers?: Readonly<Record<string, string>>;
}

async function ask(port: number, path: string, wanted: Ask = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body = [], trailers } = wanted;
  const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false });
  const interim: number[] = [];
  request.on('information', ({ statusCode }) => interim.push(statusCode));
  for (const piece of body) request.write(piece);
  if (trailers !== undefined) request.addTrailers(trailers);
  request.end();
  const [response] = await bounded('a response', once(request, 'response'));
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('error', () => undefined);
  await bounded('its end', new Promise<void>(resolve => response.on('close', () => resolve())));
  return {
    status: response.statusCode,
    headers: response.headers,
    body: Buffer.concat(chunks).toString('latin1'),
    trailers: response.trailers,
    interim,
    isCut: !response.complete,
  };
}

type ServerLines = Lines & { readonly server?: string };

async function start(t: TestContext, address: string, lines: ServerLines = {}): Promise<number> {
  return (await startFlow(t, `${address} ${lines.server ?? 'proto h2'}`, lines)).port;
}

interface Told {
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: Readonly<Record<string, string>>;
}

function toldIn({ body }: { readonly body: string | Buffer }): Told {
  return JSON.parse(body.toString()) as Told;
}

const USUAL = { host: 'site.example', 'x-Up': 'Per', connection: 'close' };

test('a request of HTTP/1 becomes one of HTTP/2, with the pseudo-fields that HAProxy writes', async t => {
  const port = await start(t, (await startHttp2Origin(t)).address);
  const { fields } = toldIn(await ask(port, '/a?b', { headers: { ...USUAL, te: 'trailers, gzip' } }));
  const pseudo = [':method', 'GET', ':scheme', 'https', ':path', '/a?b'];
  assert.deepEqual(fields, pseudo.concat('host', 'site.example', 'x-up', 'Per', 'te', 'trailers'));
});

test('a request that names its authority keeps it', async t => {
  const port = await start(t, (await startHttp2Origin(t)).address);
  const client = await openHttp2(t, port);
  const answer = await askHttp2(client, { ':path': '/x', ':authority': 'a.example', cookie: ['a=b', 'c=d'] });
  const wanted = [
    ':method',
    'GET',
    ':scheme',
    'http',
    ':authority',
    'a.example',
    ':path',
    '/x',
    'cookie',
    'a=b; c=d',
  ];
  assert.deepEqual(toldIn(answer).fields, wanted);
});

const BODIES: readonly (readonly [what: string, ask: Ask, body: string, trailers: Record<string, string>])[] =
  [
    ['with a length', { method: 'POST', headers: { 'content-length': 5 }, body: ['hello'] }, 'hello', {}],
    ['in chunks', { method: 'POST', body: ['hel', 'lo'] }, 'hello', {}],
    [
      'with trailers',
      { method: 'POST', headers: { trailer: 'x-t' }, body: ['hello'], trailers: { 'X-T': 'one' } },
      'hello',
      { 'x-t': 'one' },
    ],
    ['of nothing', { method: 'POST', headers: { 'content-length': 0 } }, '', {}],
  ];

test('bodies of requests reach the server', async t => {
  const port = await start(t, (await startHttp2Origin(t)).address);
  for (const [what, wanted, body, trailers] of BODIES) {
    const told = toldIn(await ask(port, '/', wanted));
    assert.equal(told.body, body, what);
    assert.deepEqual({ ...told.trailers }, trailers, what);
  }
});

/** Answers as the path says. */
function answerByPath(stream: ServerHttp2Stream, path: string, method: string): void {
  const status = Number(/^\/(\d+)/.exec(path)?.[1] ?? 200);
  const withLength = path.includes('length') ? { 'content-length': 6 } : {};
  if (path.includes('early')) stream.additionalHeaders({ ':status': 103, link: '</x>' });
  stream.respond(
    { ':status': status, ...withLength },
    { endStream: path.includes('empty'), waitForTrailers: true },
  );
  stream.on('wantTrailers', () => stream.sendTrailers(path.includes('trailers') ? { 'x-t': 'two' } : {}));
  if (path.includes('empty') || method === 'HEAD' || status === 204 || status === 304) return;
  stream.write('abc');
  if (path.includes('cut')) setTimeout(() => stream.destroy(new Error('cut')), 50);
  else stream.end('def');
}

const byPath: Http2Serve = (stream, headers) =>
  answerByPath(stream, headers[':path'] ?? '', headers[':method'] ?? '');

test('answers of HTTP/2 become such of HTTP/1', async t => {
  const port = await start(t, (await startHttp2Origin(t, byPath)).address);
  const withLength = await ask(port, '/length');
  assert.deepEqual([withLength.body, withLength.headers['content-length']], ['abcdef', '6']);
  const chunked = await ask(port, '/trailers');
  assert.equal(chunked.headers['transfer-encoding'], 'chunked');
  assert.deepEqual([chunked.body, { ...chunked.trailers }], ['abcdef', { 'x-t': 'two' }]);
  const empty = await ask(port, '/empty');
  assert.deepEqual([empty.status, empty.body, empty.headers['transfer-encoding']], [200, '', undefined]);
  const early = await ask(port, '/early');
  assert.deepEqual([early.interim, early.status, early.body], [[103], 200, 'abcdef']);
  for (const path of ['/204', '/304'])
    assert.deepEqual(
      [(await ask(port, path)).status, (await ask(port, path)).body],
      [Number(path.slice(1)), ''],
    );
  const head = await ask(port, '/length', { method: 'HEAD' });
  assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', '6']);
});

test('an answer that is cut off does not pass for a whole one, and is logged as the server’s fault', async t => {
  const logs = await startLogReceiver(t);
  const origin = await startHttp2Origin(t, byPath);
  const format = '"%ST %ts rst=%[bs.rst_code] major=%[bc_http_major]"';
  const frontend = `log 127.0.0.1:${logs.port} local0\n  log-format ${format}`;
  const port = await start(t, origin.address, { frontend });
  for (const path of ['/cut', '/length/cut']) {
    const answer = await ask(port, path);
    assert.deepEqual([answer.status, answer.isCut], [200, true], path);
  }
  await logs.find(/200 SD rst=2 major=2/);
});

/** What a server that breaks the rules sends as fields of its answer. */
const WRONG: readonly Readonly<Record<string, string>>[] = [
  { ':status': '200', connection: 'close' },
  { ':status': '200', 'transfer-encoding': 'chunked' },
  { ':status': '101' },
];

test('an answer that HTTP/2 forbids is a 502, logged as an invalid one, and a glitch', async t => {
  for (const fields of WRONG) {
    const what = JSON.stringify(fields);
    const origin = await startRawHttp2(t, fields);
    const logs = await startLogReceiver(t);
    const port = await start(t, origin.address, {
      frontend: `log 127.0.0.1:${logs.port} local0\n  log-format "%ts glitches=%[bc_glitches]"`,
    });
    assert.equal((await ask(port, '/')).status, 502, what);
    await logs.find(/PH glitches=1/);
  }
});

test('an answer that HTTP/2 forbids is asked for again by retry-on junk-response', async t => {
  const origin = await startRawHttp2(t, { ':status': '101' });
  const backend = 'retries 2\n  retry-on junk-response';
  const port = await start(t, origin.address, { backend, server: 'proto h2 max-reuse 0' });
  assert.deepEqual([(await ask(port, '/')).status, origin.count], [502, 3]);
});

test('equal lengths of an answer are one, and a server that says it takes pushes is forgiven', async t => {
  const origin = await startRawHttp2(t, { ':status': '200', 'content-length': '0,0' }, '000200000001');
  const port = await start(t, origin.address);
  const { status, headers } = await ask(port, '/');
  assert.deepEqual([status, headers['content-length']], [200, '0']);
});

/** Answers the first request with these fields, as literals that no library would send. */
async function startRawHttp2(
  t: TestContext,
  fields: Readonly<Record<string, string>>,
  setting = '',
): Promise<Origin> {
  const block = Buffer.concat(
    Object.entries(fields).map(([name, value]) =>
      Buffer.concat([
        Buffer.from([0, name.length]),
        Buffer.from(name),
        Buffer.from([value.length]),
        Buffer.from(value),
      ]),
    ),
  );
  const settings = Buffer.from(`0000${setting === '' ? '00' : '06'}040000000000${setting}`, 'hex');
  const head = Buffer.from([0, 0, block.length, 1, 5, 0, 0, 0, 1]);
  return startRawOrigin(t, socket => {
    socket.write(settings);
    // the request comes when these settings are known
    socket.on('data', chunk => {
      if (chunk.includes(Buffer.from(':path')) || chunk.includes(0x82))
        socket.write(Buffer.concat([head, block]));
    });
  });
}

test('20 MB pass up and down unharmed', async t => {
  const origin = await startHttp2Origin(t, stream => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  const port = await start(t, origin.address);
  const body = Buffer.alloc(20 << 20, 'some bytes that repeat. ');
  const answer = await ask(port, '/', { method: 'POST', body: [body] });
  assert.ok(Buffer.from(answer.body, 'latin1').equals(body));
});

test('a client that does not read stops its stream, and no other stream of the connection', async t => {
  let sent = 0;
  const origin = await startHttp2Origin(t, (stream, headers, raw) => {
    if (headers[':path'] !== '/big') return tell(stream, headers, raw);
    stream.respond({ ':status': 200 });
    const more = (): void => {
      while (sent < 64 << 20) {
        sent += 65_536;
        if (!stream.write(Buffer.alloc(65_536))) return void stream.once('drain', more);
      }
      stream.end();
    };
    more();
  });
  const port = await start(t, origin.address, { backend: 'http-reuse always' });
  const slow = connect(port, '127.0.0.1');
  slow.on('error', () => undefined);
  t.after(() => slow.destroy());
  slow.write('GET /big HTTP/1.1\r\nHost: a\r\n\r\n');
  await bounded('a begin', once(slow, 'readable'));
  for (let times = 0; times < 5; times++) assert.equal(toldIn(await ask(port, '/small')).fields[1], 'GET');
  assert.ok(sent < 32 << 20, `${sent} bytes were taken`);
  assert.equal(origin.sessions.length, 1);
});

// ── websockets ──

const WEBSOCKET =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

const echo: Http2Serve = (stream, headers, raw) => {
  if (headers[':method'] !== 'CONNECT') return tell(stream, headers, raw);
  stream.respond({ ':status': 200, 'x-protocol': String(headers[':protocol']) });
  stream.pipe(stream);
};

/** Sends the head of an upgrade; gives the head of the answer, and what comes back for `hello`. */
async function upgrade(
  t: TestContext,
  port: number,
  lines = WEBSOCKET,
): Promise<[head: string, echo: string]> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(`GET /ws HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
  const [head] = (await bounded('an answer', once(socket, 'data'))) as [Buffer];
  if (!head.toString().startsWith('HTTP/1.1 101')) return [head.toString(), ''];
  socket.write('hello');
  const [back] = (await bounded('an echo', once(socket, 'data'))) as [Buffer];
  socket.end();
  await bounded('the end', once(socket, 'close'));
  return [head.toString(), back.toString()];
}

test('a websocket is an extended CONNECT to a server that takes them', async t => {
  const port = await start(t, (await startHttp2Origin(t, echo)).address);
  const [head, back] = await upgrade(t, port);
  assert.match(head, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
  assert.match(head, /x-protocol: websocket/i);
  assert.equal(back, 'hello');
});

test('a server that takes none costs the websocket a 502, and nobody else anything', async t => {
  const origin = await startHttp2Origin(t, echo, { settings: { enableConnectProtocol: false } });
  const port = await start(t, origin.address, { backend: 'http-reuse always' });
  const others = Promise.all(Array.from({ length: 5 }, () => ask(port, '/')));
  assert.match((await upgrade(t, port))[0], /^HTTP\/1.1 502/);
  for (const { status } of await others) assert.equal(status, 200);
});

test('an upgrade with a body is not passed on', async t => {
  const port = await start(t, (await startHttp2Origin(t, echo)).address);
  const [head] = await upgrade(t, port, 'Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nab');
  assert.match(head, /^HTTP\/1.1 502/);
});

test('ws h1 asks for websockets by HTTP/1', async t => {
  const plain = await startHttpOrigin(t, 'one');
  const port = await start(t, plain.address, { server: 'proto h2 ws h1' });
  assert.match((await upgrade(t, port))[0], /^HTTP\/1.1 200/);
});

// ── TLS ──

test('ALPN decides what is spoken over TLS', async t => {
  const certificate = new Authority(t).issue({ name: 'a' });
  const two = await startHttp2Origin(t, tell, { certificate });
  const one = await startTlsOrigin(t, certificate, { ALPNProtocols: ['http/1.1'] });
  const server = 'ssl verify none alpn h2,http/1.1';
  const frontend = 'http-response set-header x-spoken "%[bc_http_major] %[ssl_bc_alpn]"';
  const spoken = async (address: string): Promise<unknown> =>
    (await ask(await start(t, address, { server, frontend }), '/')).headers['x-spoken'];
  assert.equal(await spoken(two.address), '2 h2');
  assert.equal(await spoken(one.address), '1 http/1.1');
});

test('a websocket is offered HTTP/1 where ALPN knows it', async t => {
  const certificate = new Authority(t).issue({ name: 'a' });
  const one = await startTlsOrigin(t, certificate, { ALPNProtocols: ['h2', 'http/1.1'] });
  const port = await start(t, one.address, { server: 'ssl verify none alpn h2,http/1.1' });
  assert.match((await upgrade(t, port))[0], /x-alpn: http\/1.1/i);
});

test('a PROXY header comes before HTTP/2', async t => {
  const begins: string[] = [];
  const origin = await startRawOrigin(t, socket => {
    socket.once('data', chunk => {
      begins.push(chunk.toString('latin1'));
      socket.destroy();
    });
  });
  const port = await start(t, origin.address, { server: 'proto h2 send-proxy', backend: 'retries 0' });
  await ask(port, '/');
  assert.match(begins[0] ?? '', /^PROXY TCP4 127.0.0.1 127.0.0.1 \d+ \d+\r\n/);
});

// ── beside HAProxy ──

const ASKED: readonly (readonly [path: string, ask: Ask])[] = [
  ['/', { headers: USUAL }],
  ['/p?q=%20', { method: 'POST', body: ['abc'], headers: { ...USUAL, 'content-length': 3 } }],
  ['/', { method: 'PUT', body: ['a', 'b'], headers: USUAL }],
  [
    '/',
    { headers: { ...USUAL, cookie: 'a=b; c=d', te: 'trailers', 'keep-alive': 'x', 'proxy-connection': 'x' } },
  ],
  ['http://site.example/absolute', { headers: USUAL }],
  ['*', { method: 'OPTIONS', headers: USUAL }],
];

test('servers are told what HAProxy tells them', async t => {
  if (!requires(t, 'haproxy')) return;
  const origin: Http2Origin = await startHttp2Origin(t);
  const ours = await start(t, origin.address);
  const theirs = await start(t, origin.address, { program: 'haproxy' });
  for (const [path, wanted] of ASKED)
    assert.deepEqual(toldIn(await ask(ours, path, wanted)), toldIn(await ask(theirs, path, wanted)), path);
});
