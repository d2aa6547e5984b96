/** Rules that wait, look at bodies, or speak before the answer: between real sockets. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { ask as askAdmin } from '../support/admin-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const RULES = [
  'http-request early-hint Link "</style.css>; rel=preload" if { path_beg /hint }',
  'http-request early-hint X-More 1 if { path_beg /hint }',
  'http-request pause 40ms if { path_end /pause }',
  'http-request deny if { path_end /deny }',
  'http-request wait-for-body time 1s if { path_beg /wait }',
  'http-request return status 200 content-type text/plain lf-string "%[req.body]" if { path_beg /wait }',
  'http-request tarpit if { path /tarpit }',
  'http-response pause 40ms if { res.hdr(x-pause) 1 }',
  'http-response wait-for-body time 2s if { res.hdr(x-body) 1 }',
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

/** Sends bytes and reads until the answer is the wanted one; answers what came. */
type Ask = (bytes: string, wanted: RegExp) => Promise<string>;

const DEADLINE_MS = 60_000;

async function start(t: TestContext): Promise<Ask> {
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
  return async (bytes, wanted) => askFor(port, bytes, wanted);
}

async function askFor(port: number, bytes: string, wanted: RegExp): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  let received = '';
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, DEADLINE_MS);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('data', (chunk: Buffer) => {
      received = (received + chunk.toString('latin1')).replace(/^Date: .*\r\n/m, '');
      if (wanted.test(received)) end();
    });
    socket.on('close', end);
    socket.on('error', end);
    socket.write(Buffer.from(bytes, 'latin1'));
  });
  socket.destroy();
  assert.match(received, wanted);
  return received;
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

test('rules wait for time and for bodies, and hints come ahead of what follows', async t => {
  const ask = await start(t);
  const hints =
    'HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-More: 1\r\n\r\n';
  const served = /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\ncontent$/;
  const withHints = async (path: string, wanted: RegExp): Promise<void> => {
    const received = await ask(get(path), wanted);
    assert.ok(received.startsWith(hints), received);
  };
  await withHints('/hint', /\r\n\r\nHTTP\/1.1 200 OK\r\n[^]*\r\n\r\ncontent$/);
  await withHints('/hint/pause', /\r\n\r\nHTTP\/1.1 200 OK\r\n/);
  await withHints('/hint/deny', /\r\n\r\nHTTP\/1.1 403 Forbidden\r\n/);
  await ask(get('/pause'), served);
  await ask('GET /hint HTTP/1.0\r\n\r\n', /^HTTP\/1.. 200 OK\r\n/);

  await t.test('the content of a chunked request is read without its framing', async () => {
    const head = 'POST /wait HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    await ask(`${head}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n`, /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nabcde$/);
  });

  await t.test('a refused request whose body is here does not cost the connection', async () => {
    const refused = 'POST /deny HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc';
    await ask(`${refused}${get('/pause')}`, /^HTTP\/1.1 403 [^]*<\/html>\nHTTP\/1.1 200 OK\r\n[^]*content$/);
  });

  await t.test('responses wait too', async () => {
    await ask(get('/x-pause'), served);
    await ask(get('/x-pause/slow'), /\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n$/);
    await ask(get('/x-body'), /\r\nX-Seen: content\r\n[^]*content$/);
    await ask(get('/x-body/slow'), /\r\nX-Seen: onetwo\r\n[^]*one\r\n3\r\ntwo\r\n0\r\n\r\n$/);
    await ask(get('/x-body/never'), /^HTTP\/1.1 504 Gateway Time-out\r\n/);
  });

  await t.test('a response that lost its length still ends where its body ends', async () => {
    await ask(get('/x-unframed'), /\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ncontent\r\n0\r\n\r\n$/);
    await ask('GET /x-unframed HTTP/1.0\r\n\r\n', /\r\n\r\ncontent$/);
  });

  await t.test('a tarpit without a time lets go at once', async () => {
    await ask(get('/tarpit'), /^HTTP\/1.1 500 Internal Server Error\r\n/);
  });
});

test('wait-for-body waits for as much as a large buffer holds, in either framing', async t => {
  const port = await freePort();
  await startBalancer(
    t,
    `
global
  tune.bufsize.large 100k
defaults
  mode http
  timeout client 10s
frontend web
  bind 127.0.0.1:${port}
  http-request wait-for-body time 9s use-large-buffer if { path /large }
  http-request wait-for-body time 9s if !{ path /large }
  http-request return status 200 content-type text/plain lf-string "%[req.body_len]"
`,
  );
  const bytes = 'x'.repeat(90_000);
  const unframed = new ReadableStream({
    async start(controller): Promise<void> {
      for (const part of [bytes.slice(0, 50_000), bytes.slice(50_000)]) {
        controller.enqueue(Buffer.from(part));
        await sleep(20);
      }
      controller.close();
    },
  });
  const post = async (path: string, body: string | ReadableStream): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, duplex: 'half' });
    return Number(await response.text());
  };
  assert.equal(await post('/large', bytes), bytes.length);
  assert.equal(await post('/large', unframed), bytes.length);
  const usual = await post('/usual', bytes);
  assert.ok(usual < bytes.length, `a usual buffer holds less: ${usual}`);
});

/** Every rule that can wait, before and behind others, on both sides; nobody answers the resolver. */
const WAITING = {
  frontend: [
    'tcp-request inspect-delay 20ms',
    'tcp-request content do-resolve(txn.a,dns,ipv4) str(never.test)',
    'tcp-request content set-var(txn.seen) src,table_http_req_cnt(seen)',
    'tcp-request content track-sc0 src table seen',
    'http-request pause 5ms',
    'http-request wait-for-handshake',
    'http-request wait-for-body time 5s at-least 2',
    'http-request set-var(txn.body) req.body',
    'http-request do-resolve(txn.b,dns) str(never.test)',
    'http-request set-header X-Seen %[var(txn.seen)]',
    'http-response pause 5ms',
    'http-response set-header X-For "%[capture.req.uri] %[var(txn.body)] %[var(txn.seen)]"',
  ],
  backend: [
    'http-request pause 5ms',
    'http-request wait-for-body time 5s',
    'http-request tarpit deny_status 429 if { path_beg /tar }',
    'http-response wait-for-body time 5s',
    'http-response return status 202 content-type text/plain lf-string "%[capture.req.uri]" if { capture.req.uri /own }',
  ],
} as const;

async function startWaiting(
  t: TestContext,
): Promise<{ port: number; admin: (line: string) => Promise<string> }> {
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    request.resume();
    request.on('end', () => response.end('content'));
  });
  const silent = createSocket('udp4');
  t.after(() => silent.close());
  silent.bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const port = await freePort();
  const socket = join(temporaryFolder(t), 's');
  await startBalancer(
    t,
    `
global
  stats socket ${socket} level admin
resolvers dns
  nameserver silent 127.0.0.1:${silent.address().port}
  resolve_retries 1
  timeout resolve 10ms
  timeout retry 10ms
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 10s
  timeout tarpit 10ms
backend seen
  stick-table type ip size 100 store http_req_cnt
frontend web
  bind 127.0.0.1:${port}
  ${WAITING.frontend.join('\n  ')}
  default_backend app
backend app
  ${WAITING.backend.join('\n  ')}
  server s ${origin.address} maxconn 2
`,
    { ports: [port] },
  );
  return { port, admin: line => askAdmin(socket, line) };
}

test('requests that were sent together get their own answers in order, however rules wait', async t => {
  const { port } = await startWaiting(t);
  const post = (path: string, body: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const sent = post('/1', 'abc') + get('/own') + post('/3', '') + post('/tar', 'xyz') + get('/5');
  const received = await askFor(port, sent, /X-For: \/5 [^]*content$/);
  const answers = received.match(/HTTP\/1\.1 \d+|^X-For: .*(?=\r)/gm);
  assert.deepEqual(answers, [
    'HTTP/1.1 200',
    'X-For: /1 abc 0',
    'HTTP/1.1 202',
    'HTTP/1.1 200',
    'X-For: /3  2',
    'HTTP/1.1 429',
    'HTTP/1.1 200',
    'X-For: /5  4',
  ]);
});

test('clients that leave while rules wait leave nothing behind', async t => {
  const { port, admin } = await startWaiting(t);
  const whole = `POST /tar HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${get('/2')}`;
  for (const waitMs of [0, 5, 10, 20, 30, 45, 60]) {
    for (const bytes of [whole, whole.slice(0, -30), whole.slice(0, 60)])
      for (const leave of ['resetAndDestroy', 'destroy', 'end'] as const) {
        const socket = connect({ port, host: '127.0.0.1' });
        socket.on('error', () => undefined);
        socket.write(bytes);
        await sleep(waitMs);
        socket[leave]();
        if (leave === 'end') t.after(() => socket.destroy());
      }
  }
  await askFor(port, get('/after'), /X-For: \/after [^]*content$/);
  const isLeft = (answer: string): boolean => answer.includes('fe=web') || /^CurrConns: [1-9]/m.test(answer);
  for (const deadline = Date.now() + DEADLINE_MS; ; await sleep(50)) {
    const answer = (await admin('show sess')) + (await admin('show info'));
    if (!isLeft(answer)) break;
    assert.ok(Date.now() < deadline, answer);
  }
});
