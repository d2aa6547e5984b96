/** HTTP/2 from clients: what every request of it can, and how its connections begin and end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerOf, ask, bounded, openHttp2 } from '../support/http2-client.ts';
import { bodyOf, start, startAndOpen, tells, type Told } from '../support/http2-flow.ts';
import {
  END_HEADERS,
  END_STREAM,
  fields,
  frame,
  FrameTalk,
  GET,
  PREFACE,
  TYPE,
} from '../support/http2-frames.ts';
import { startHttp2Origin } from '../support/http2-origin.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { until } from '../support/until.ts';

for (const bind of ['', 'proto h2'])
  test(`a request by HTTP/2 reaches the server as one of HTTP/1.1 (bind ${bind})`, async t => {
    const origin = await startHttpOrigin(t, 's', tells);
    const { client, port } = await startAndOpen(t, origin, { bind });
    const answer = await ask(
      client,
      { ':method': 'POST', ':path': '/a?b=c', cookie: ['a=1', 'b=2', 'c=3'], 'x-name': 'value' },
      { body: 'hello' },
    );
    assert.equal(answer.status, 200);
    const told = JSON.parse(answer.body.toString()) as Told;
    assert.deepEqual(
      { method: told.method, url: told.url, body: told.body },
      { method: 'POST', url: '/a?b=c', body: 'hello' },
    );
    assert.equal(told.headers['cookie'], 'a=1; b=2; c=3');
    assert.equal(told.headers['host'], `127.0.0.1:${port}`);
    assert.equal(told.headers['x-name'], 'value');
  });

test('a server that answers ahead of the end of an upload gets the rest of it', async t => {
  const piece = Buffer.alloc(10_000);
  let received = 0;
  const plain = await startRawOrigin(t, socket => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly'));
    socket.on('data', chunk => (received += chunk.length));
  });
  const other = await startHttp2Origin(t, stream => {
    stream.respond();
    stream.end('early');
    stream.on('data', (chunk: Buffer) => (received += chunk.length));
  });
  for (const server of [plain.address, `${other.address} proto h2`]) {
    received = 0;
    const client = await openHttp2(t, (await start(t, server)).port);
    const request = client.request({ ':method': 'POST', ':path': '/' }, { endStream: false });
    request.write(piece);
    const [answer] = await bounded('the answer', once(request, 'data'));
    assert.equal(String(answer), 'early');
    const closed = once(request, 'close');
    request.end(piece);
    await until('the rest', () => received >= 2 * piece.length);
    await bounded('the end', closed);
    assert.equal(request.rstCode, 0);
  }
});

test('a server that answers and resets a stream without an error has its answer passed on, and gets no more', async t => {
  const origin = await startHttp2Origin(t, stream => {
    stream.respond();
    stream.end('early', () => stream.close(constants.NGHTTP2_NO_ERROR));
  });
  const { port } = await start(t, `${origin.address} proto h2`, { defaults: 'timeout client 1h' });
  const client = await openHttp2(t, port);
  const request = client.request({ ':method': 'POST', ':path': '/' }, { endStream: false });
  const closed = once(request, 'close');
  request.write('some of it');
  const [answer] = await bounded('the answer', once(request, 'data'));
  assert.equal(String(answer), 'early');
  await bounded('the end', closed);
  assert.equal(request.rstCode, 0);
});

test('over TLS it is what handshakes agree on where no alpn says otherwise, and bodies pass both ways', async t => {
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    response.writeHead(200, { 'x-scheme': request.headers['x-scheme'] ?? '' });
    request.pipe(response);
  });
  const { port } = await start(t, origin, {
    bind: `ssl crt ${resolve('test/cases/tls/rsa.pem')}`,
    frontend: 'http-request set-header x-scheme "%[url,field(1,:)] %[ssl_fc] %[ssl_fc_alpn] %HV"',
  });
  const options = { rejectUnauthorized: false, maxSessionMemory: 100 };
  const client = await openHttp2(t, port, options, 'https');
  const body = Buffer.alloc(5 << 20, 'some bytes that repeat. ');
  const [first, second] = await Promise.all([
    ask(client, { ':method': 'POST', ':path': '/' }, { body }),
    ask(client, { ':path': '/' }),
  ]);
  assert.equal(second?.headers['x-scheme'], 'https 1 h2 HTTP/2.0');
  assert.ok(first?.body.equals(body));
});

test('samples and logs show the absolute target and version 2 of a request by HTTP/2', async t => {
  const receiver = await startLogReceiver(t);
  const origin = await startHttpOrigin(t, 's', tells);
  const { client, port } = await startAndOpen(t, origin, {
    global: `log 127.0.0.1:${receiver.port} local0`,
    defaults: 'log global\n  option httplog',
    frontend:
      'http-request set-header x-facts "%[url] %[path] %[fc_http_major] %[req.ver] %HV %HU %HP %[capture.req.uri]"',
  });
  const answer = await ask(client, { ':path': '/p?q' });
  const { headers } = JSON.parse(answer.body.toString()) as Told;
  const url = `http://127.0.0.1:${port}/p?q`;
  assert.equal(headers['x-facts'], `${url} /p 2 2.0 HTTP/2.0 ${url} http://127.0.0.1:${port}/p /p?q`);
  await receiver.find(new RegExp(`"GET ${url.replace('?', '\\?')} HTTP/2.0"`));
});

test('rules find no Transfer-Encoding in a request whose body has no length, and the server gets chunks', async t => {
  const origin = await startHttpOrigin(t, 's', tells);
  const { client } = await startAndOpen(t, origin, {
    frontend: 'http-request deny if { req.fhdr(transfer-encoding) -m found }\n  http-request set-header x y',
  });
  const stream = client.request({ ':method': 'POST', ':path': '/' });
  stream.end('hello');
  const { headers, body } = JSON.parse((await answerOf(stream)).body.toString()) as Told;
  assert.deepEqual([headers['transfer-encoding'], headers['x'], body], ['chunked', 'y', 'hello']);
});

test('rules that set the target have a server get a path', async t => {
  const origin = await startHttpOrigin(t, 's', tells);
  const { client } = await startAndOpen(t, origin, {
    frontend:
      'http-request set-path /new if { path /old }\n  http-request set-uri http://other/elsewhere?x if { path /uri }',
  });
  const [first, second] = await Promise.all([
    ask(client, { ':path': '/old?q' }),
    ask(client, { ':path': '/uri' }),
  ]);
  assert.equal((JSON.parse(String(first?.body)) as Told).url, '/new?q');
  assert.equal((JSON.parse(String(second?.body)) as Told).url, '/elsewhere?x');
});

test('heads without a body end their streams: HEAD, 204, 304', async t => {
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    request.resume();
    if (request.url === '/204') response.writeHead(204).end();
    else if (request.url === '/304') response.writeHead(304, { etag: '"e"' }).end();
    else response.writeHead(200, { 'content-length': '5' }).end('hello');
  });
  const { client } = await startAndOpen(t, origin);
  const head = await ask(client, { ':method': 'HEAD', ':path': '/' });
  assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, '5', 0]);
  assert.equal((await ask(client, { ':path': '/204' })).status, 204);
  assert.equal((await ask(client, { ':path': '/304' })).headers['etag'], '"e"');
});

test('trailers pass both ways, as an exchange of gRPC needs them', async t => {
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    void bodyOf(request).then(body => {
      response.writeHead(200, { 'content-type': 'application/grpc', trailer: 'grpc-status' });
      response.write(body);
      response.addTrailers({ 'grpc-status': '0', 'x-seen': String(request.trailers['x-sum']) });
      response.end();
    });
  });
  const { client } = await startAndOpen(t, origin);
  const answer = await ask(
    client,
    { ':method': 'POST', ':path': '/pkg.Service/Call', te: 'trailers', 'content-type': 'application/grpc' },
    { body: '\0\0\0\0\x02hi', trailers: { 'x-sum': '42' } },
  );
  assert.equal(answer.body.toString('latin1'), '\0\0\0\0\x02hi');
  assert.deepEqual(
    [answer.trailers['grpc-status'], answer.trailers['x-seen'], answer.code],
    ['0', '42', constants.NGHTTP2_NO_ERROR],
  );
});

test('interim responses reach the client: 100 of the server, 103 of a rule', async t => {
  const origin = await startHttpOrigin(t, 's', tells);
  const { client } = await startAndOpen(t, origin, {
    frontend: 'http-request early-hint Link "</a.css>; rel=preload"',
  });
  const stream = client.request({ ':method': 'POST', ':path': '/', expect: '100-continue' });
  const answered = answerOf(stream);
  await bounded('100', once(stream, 'continue'));
  stream.end('body');
  const answer = await answered;
  assert.equal(answer.status, 200);
  assert.ok(answer.interim.includes(103));
});

test('a server may send fields twice that should come once, and fields of its connection', async t => {
  const origin = await startRawOrigin(t, socket => {
    socket.on('data', () =>
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Type: a/b\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n' +
          'Keep-Alive: timeout=5\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok',
      ),
    );
  });
  const { client } = await startAndOpen(t, origin);
  const { status, headers, body } = await ask(client, { ':path': '/' });
  assert.deepEqual([status, body.toString(), headers['set-cookie']], [200, 'ok', ['a', 'b']]);
  assert.deepEqual(
    [headers['keep-alive'], headers['connection'], headers['date']],
    [undefined, undefined, undefined],
  );
});

test('a body that ends with the connection of the server ends its stream', async t => {
  const origin = await startRawOrigin(t, socket => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nto the end'));
  });
  const { client } = await startAndOpen(t, origin);
  const answer = await ask(client, { ':path': '/' });
  assert.deepEqual([answer.body.toString(), answer.code], ['to the end', constants.NGHTTP2_NO_ERROR]);
});

test('a body that is cut off resets its stream, and others go on', async t => {
  const origin = await startRawOrigin(t, socket => {
    socket.once('data', chunk => {
      const isCut = chunk.toString('latin1').startsWith('GET /cut');
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${isCut ? 100 : 2}\r\n\r\nok`);
    });
  });
  const { client } = await startAndOpen(t, origin);
  const cut = await ask(client, { ':path': '/cut' });
  assert.equal(cut.body.toString(), 'ok');
  assert.deepEqual([cut.status, cut.code], [200, constants.NGHTTP2_CANCEL]);
  assert.equal((await ask(client, { ':path': '/' })).body.toString(), 'ok');
});

/** Rules that make a head of a response which HTTP/2 cannot tell, by where. */
const UNUSABLE: readonly (readonly [path: string, rule: string])[] = [
  ['/pseudo', 'http-request return status 200 hdr ":a" b'],
  ['/line-end', 'http-request return status 200 hdr "a\\nb" c'],
  ['/interim', 'http-response set-status 103'],
  ['/interim-empty', 'http-response set-status 100'],
  ['/switching', 'http-after-response set-status 101'],
  ['/name', 'http-response set-header ":x" y'],
];

test('a response whose head cannot be told resets its stream with INTERNAL_ERROR, and others go on', async t => {
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    response.end(request.url?.endsWith('-empty') === true ? '' : 'hello');
  });
  const { client } = await startAndOpen(t, origin, {
    frontend: ['http-request set-var(txn.path) path']
      .concat(UNUSABLE.map(([path, rule]) => `${rule} if { var(txn.path) -m str ${path} }`))
      .join('\n  '),
  });
  for (const [path] of UNUSABLE) {
    const answer = await ask(client, { ':path': path });
    assert.deepEqual([answer.status, answer.code], [0, constants.NGHTTP2_INTERNAL_ERROR], path);
  }
  assert.equal((await ask(client, { ':path': '/' })).body.toString(), 'hello');
});

test('values that rules have written come without blanks at their ends', async t => {
  const origin = await startHttpOrigin(t, 's');
  const { client } = await startAndOpen(t, origin, {
    backend: 'http-response set-header x-a " a b\\t"\n  http-response set-header x-b " "',
  });
  const { headers } = await ask(client, { ':path': '/' });
  assert.deepEqual([headers['x-a'], headers['x-b']], ['a b', '']);
});

test('a status above 599 reaches the client', async t => {
  const origin = await startHttpOrigin(t, 's');
  const { client } = await startAndOpen(t, origin, { backend: 'http-response set-status 700' });
  assert.equal((await ask(client, { ':path': '/' })).status, 700);
});

test('answers of its own come by HTTP/2: denied, redirected, returned, unauthorised, unavailable', async t => {
  const origin = await startHttpOrigin(t, 's');
  const { client } = await startAndOpen(t, origin, {
    frontend: `http-request deny if { path /deny }
  http-request redirect prefix https://other if { path /redirect }
  http-request return status 418 content-type text/plain string teapot if { path /return }
  http-request auth if { path /auth }
  http-request tarpit deny_status 429 if { path /tarpit }
  stats enable
  stats uri /stats
  use_backend none if { path /none }`,
    defaults: 'timeout tarpit 100ms',
    sections: 'backend none',
  });
  const statuses = await Promise.all(
    ['/deny', '/redirect', '/return', '/auth', '/tarpit', '/none'].map(
      async path => (await ask(client, { ':path': path })).status,
    ),
  );
  assert.deepEqual(statuses, [403, 302, 418, 401, 429, 503]);
  const moved = await ask(client, { ':path': '/redirect' });
  assert.equal(moved.headers['location'], 'https://other/redirect');
  const page = await ask(client, { ':path': '/stats' });
  assert.match(page.body.toString(), /<\/html>\s*$/);
});

test('compression and the cache serve HTTP/2', async t => {
  const text = 'some text '.repeat(300);
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    request.resume();
    response
      .writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'max-age=60', etag: '"e"' })
      .end(text);
  });
  const { client } = await startAndOpen(t, origin, {
    frontend: 'filter compression\n  compression algo gzip\n  compression type text/plain',
    backend: 'http-request cache-use c\n  http-response cache-store c',
    sections: 'cache c\n  total-max-size 1',
  });
  const packed = await ask(client, { ':path': '/packed', 'accept-encoding': 'gzip' });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.ok(packed.body.length < text.length / 4);
  await ask(client, { ':path': '/kept' });
  await until('a hit', async () => (await ask(client, { ':path': '/kept' })).headers['age'] !== undefined);
  assert.equal((await ask(client, { ':path': '/kept' })).body.toString(), text);
});

test('the preface may come in pieces, and behind a PROXY header', async t => {
  const origin = await startHttpOrigin(t, 's', tells);
  const { port } = await start(t, origin, {
    bind: 'accept-proxy',
    frontend: 'http-request return status 200 hdr x-src %[src]',
  });
  const talk = await FrameTalk.open(t, port, { bare: true });
  const text = `PROXY TCP4 192.0.2.7 192.0.2.8 1234 80\r\n${PREFACE.toString('latin1')}`;
  for (const piece of [text.slice(0, 20), text.slice(20, 45), text.slice(45, 50), text.slice(50)]) {
    talk.send(Buffer.from(piece, 'latin1'));
    await sleep(30);
  }
  talk.send(frame(TYPE.settings, 0, 0), frame(TYPE.headers, END_HEADERS | END_STREAM, 1, fields(GET)));
  const { payload } = await talk.found(TYPE.headers, 1);
  assert.ok(payload.length > 0);
});

for (const lines of [{ frontend: 'option disable-h2-upgrade' }, { bind: 'proto h1' }])
  test(`the preface is refused as HTTP/1 with ${Object.values(lines).join()}`, async t => {
    const origin = await startHttpOrigin(t, 's');
    const { port } = await start(t, origin, lines);
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    const [chunk] = (await bounded('an answer', once(socket, 'data'))) as [Buffer];
    assert.match(chunk.toString('latin1'), /^HTTP\/1\.1 405 /);
  });

test('a connection of HTTP/1 with requests behind it does not turn to HTTP/2', async t => {
  const origin = await startHttpOrigin(t, 's');
  const { port } = await start(t, origin);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  let seen = '';
  socket.on('data', chunk => (seen += chunk.toString('latin1')));
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until('a first answer', () => seen.includes('200 OK'));
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  await until('a refusal', () => seen.includes('HTTP/1.1 405'));
});
