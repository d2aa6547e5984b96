/** Rules that wait, look at bodies, or speak before the answer: between real sockets. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { exchange } from '../support/raw-exchange.ts';

const RULES = [
  'http-request early-hint Link "</style.css>; rel=preload" if { path_beg /hint }',
  'http-request early-hint X-More 1 if { path_beg /hint }',
  'http-request pause 40ms if { path_end /pause }',
  'http-request deny if { path_end /deny }',
  'http-request wait-for-body time 1s if { path_beg /wait }',
  'http-request return status 200 content-type text/plain lf-string "%[req.body]" if { path_beg /wait }',
  'http-request tarpit if { path /tarpit }',
  'http-response pause 40ms if { res.hdr(x-pause) 1 }',
  'http-response wait-for-body time 300ms if { res.hdr(x-body) 1 }',
  'http-response set-header X-Seen "%[res.body]" if { res.hdr(x-body) 1 }',
  'http-response del-header content-length if { res.hdr(x-unframed) 1 }',
];

/** What the path asks for is a header of the response; `slow` and `never` are about its body. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const [, header = '', speed] = (request.url ?? '').split('/');
  if (header.startsWith('x-')) response.setHeader(header, '1');
  if (speed === undefined) return void response.end('content');
  response.write('one');
  if (speed === 'slow') void sleep(50).then(() => response.end('two'));
}

async function start(t: TestContext): Promise<(bytes: string) => Promise<string>> {
  const origin = await startHttpOrigin(t, 's', answer);
  const port = await freePort();
  await startBalancer(
    t,
    [
      'global',
      '  nbthread 1',
      'defaults',
      '  mode http',
      '  timeout client 5s',
      '  timeout server 5s',
      '  timeout connect 5s',
      'frontend web',
      `  bind 127.0.0.1:${port}`,
      ...RULES.map(rule => `  ${rule}`),
      '  default_backend app',
      'backend app',
      `  server s ${origin.address}`,
      '',
    ].join('\n'),
  );
  return async bytes => (await exchange(port, bytes, 600)).received.replace(/^Date: .*\r\n/m, '');
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

test('rules wait for time and for bodies, and hints come ahead of what follows', async t => {
  const ask = await start(t);
  const hints =
    'HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-More: 1\r\n\r\n';
  const served = /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\ncontent$/;
  const withHints = async (path: string): Promise<string> => {
    const received = await ask(get(path));
    assert.ok(received.startsWith(hints), received);
    return received.slice(hints.length);
  };
  assert.match(await withHints('/hint'), served);
  assert.match(await withHints('/hint/pause'), /^HTTP\/1.1 200 OK\r\n/);
  assert.match(await withHints('/hint/deny'), /^HTTP\/1.1 403 Forbidden\r\n/);
  assert.match(await ask(get('/pause')), served);
  assert.match(await ask('GET /hint HTTP/1.0\r\n\r\n'), /^HTTP\/1.. 200 OK\r\n/);

  await t.test('the content of a chunked request is read without its framing', async () => {
    const head = 'POST /wait HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const received = await ask(`${head}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n`);
    assert.match(received, /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nabcde$/);
  });

  await t.test('a refused request whose body is here does not cost the connection', async () => {
    const received = await ask(
      `POST /deny HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${get('/pause')}`,
    );
    assert.match(received, /^HTTP\/1.1 403 [^]*<\/html>\nHTTP\/1.1 200 OK\r\n[^]*content$/);
  });

  await t.test('responses wait too', async () => {
    assert.match(await ask(get('/x-pause')), served);
    assert.match(await ask(get('/x-pause/slow')), /\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n$/);
    assert.match(await ask(get('/x-body')), /\r\nX-Seen: content\r\n[^]*content$/);
    assert.match(await ask(get('/x-body/slow')), /\r\nX-Seen: onetwo\r\n[^]*one\r\n3\r\ntwo\r\n0\r\n\r\n$/);
    assert.match(await ask(get('/x-body/never')), /^HTTP\/1.1 504 Gateway Time-out\r\n/);
  });

  await t.test('a response that lost its length still ends where its body ends', async () => {
    assert.match(
      await ask(get('/x-unframed')),
      /\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ncontent\r\n0\r\n\r\n$/,
    );
    assert.match(await ask('GET /x-unframed HTTP/1.0\r\n\r\n'), /\r\n\r\ncontent$/);
  });

  await t.test('a tarpit without a time lets go at once', async () => {
    assert.match(await ask(get('/tarpit')), /^HTTP\/1.1 500 Internal Server Error\r\n/);
  });
});
