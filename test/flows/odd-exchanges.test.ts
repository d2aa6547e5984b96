/**
 * Exchanges that go astray: clients that leave while somebody waits for them, chunks that are none, versions nobody
 * speaks. What clients are told and what logs tell is the same as of the real HAProxy. Nothing waits for a time: who
 * leaves does so when he has heard something.
 */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startAdminBalancer } from '../support/admin-balancer.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { bounded } from '../support/http2-client.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { statRows } from '../support/stat-rows.ts';
import { until } from '../support/until.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

interface Exchange {
  readonly name: string;
  readonly front?: string;
  readonly back?: string;
  readonly send: string;
  /** When this has been heard, the client goes on. */
  readonly heard?: string;
  /** What it sends then, or how it leaves. */
  readonly after?: string;
  readonly lines?: number;
}

const NEXT = 'GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const get = (path: string, version = '1.1'): string =>
  `GET /${path} HTTP/${version}\r\nHost: x\r\nConnection: close\r\n\r\n`;
const chunks = (path: string, body: string): string =>
  `POST /${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
/** Whoever waits for its body says so. */
const WAITED_FOR = 'POST /waited HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n';

const BUFFER = 'option http-buffer-request';
const WAIT = 'http-request wait-for-body time 10s';
const EARLY = 'http-request early-hint Link x\n http-request';

const EXCHANGES: readonly Exchange[] = [
  ...['', BUFFER, WAIT, 'http-request deny'].flatMap(front => [
    { name: `no chunk, ${front}`, front, send: chunks('broken', 'zz\r\n') },
    { name: `no second chunk, ${front}`, front, send: chunks('broken', '1\r\na\r\nzz\r\n') },
    { name: `no end of a chunk, ${front}`, front, send: chunks('broken', '1\r\nabc') },
    { name: `no trailer, ${front}`, front, send: chunks('broken', '1\r\na\r\n0\r\nno\r\n\r\n') },
  ]),
  {
    name: 'no chunk of the second',
    send: `GET /one HTTP/1.1\r\nHost: x\r\n\r\n${chunks('two', 'zz\r\n')}`,
    lines: 2,
  },
  ...['1.2', '1.9', '2.0', '3.0', '9.9'].map(version => ({
    name: `version ${version}`,
    front: 'http-request set-var(txn.v) req.ver',
    send: get('version', version),
  })),
  {
    name: 'reset, denied behind it',
    front: `${WAIT}\n http-request deny`,
    send: WAITED_FOR,
    heard: '100',
    after: 'reset',
  },
  { name: 'reset in the tarpit', front: `${EARLY} tarpit`, send: get(''), heard: '103', after: 'reset' },
  {
    name: 'tarpit behind a body',
    front: `${BUFFER}\n timeout tarpit 1ms\n http-request tarpit`,
    send: get(''),
  },
  { name: 'reject behind a body', front: `${BUFFER}\n http-request reject`, send: get('') },
  {
    name: 'early answer to chunks',
    send: chunks('early', '2\r\nhe\r\n'),
    heard: 'ok',
    after: `3\r\nllo\r\n0\r\n\r\n${NEXT}`,
    lines: 2,
  },
  {
    name: 'statistics do not wait for a body',
    front: 'stats enable\n stats uri /stats',
    send: 'POST /stats HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n',
    heard: '303',
    after: 'reset',
  },
];

/** What the server does is in the path. */
function serve(socket: Socket): void {
  socket.on('end', () => socket.end());
  socket.on('data', chunk => {
    const path = /^\w+ \/(\w*)/.exec(chunk.toString('latin1'))?.[1];
    if (path === 'early') socket.end(OK);
    else if (path !== undefined) socket.write(OK);
  });
}

/** Status lines the client gets, up to the end. */
async function converse(port: number, { name, send, heard, after = '' }: Exchange): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  let received = '';
  let waits = heard !== undefined;
  socket.on('data', chunk => {
    received += chunk.toString('latin1');
    if (!waits || !received.includes(heard as string)) return;
    waits = false;
    if (after === 'reset') socket.resetAndDestroy();
    else if (after === 'end') socket.end();
    else socket.write(after);
  });
  socket.on('end', () => socket.end());
  socket.write(send);
  await bounded(name, new Promise(closed => socket.once('close', closed)));
  return [...received.matchAll(/^HTTP\/1\.1 .*/gm)].join(' ').replaceAll('\r', '');
}

/** Of the timers only whether there is one. */
const toldOf = (line: string): string => line.trim().replace(/\b\d+(?=[/|])/g, 'n');

async function run(t: TestContext, exchanges: readonly Exchange[], program?: string): Promise<string[]> {
  const [{ address }, { port: log, lines }] = [await startRawOrigin(t, serve), await startLogReceiver(t)];
  const ports = await freePorts(exchanges.length);
  const sections = exchanges.map(
    ({ front = '', back = '' }, at) => `frontend f${at}
 bind 127.0.0.1:${ports[at]}
 log-format "%f %b/%s %ST %ts %rc %TR/%Tw/%Tc/%Tr| %HV %[var(txn.v)] %r"
 ${front}
 default_backend b${at}
backend b${at}
 ${back}
 server s ${address}
`,
  );
  const config = `defaults
 mode http
 log 127.0.0.1:${log} format raw local0
 timeout connect 10s
 timeout client 10s
 timeout server 10s
 timeout tarpit 10s
 option abortonclose
 retries 1
${sections.join('')}`;
  await startBalancer(t, config, program === undefined ? {} : { program });
  const told = await Promise.all(exchanges.map((exchange, at) => converse(ports[at] as number, exchange)));
  const expected = exchanges.reduce((sum, exchange) => sum + (exchange.lines ?? 1), 0);
  await until(`${expected} lines`, () => lines.length >= expected);
  return exchanges.map(({ name }, at) => {
    const own = lines.filter(line => line.startsWith(`f${at} `)).map(toldOf);
    return [name, told[at], ...own].join('\n  ');
  });
}

test('exchanges that go astray are told of as by the real HAProxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const [own, real] = await Promise.all([run(t, EXCHANGES), run(t, EXCHANGES, 'haproxy')]);
  assert.deepEqual(own, real);
});

/** HAProxy 2.6 has no status for them. */
const LEAVING: readonly Exchange[] = (['reset', 'end'] as const).flatMap(after => [
  { name: `${after}, frontend buffers`, front: BUFFER, send: WAITED_FOR, heard: '100', after },
  { name: `${after}, backend buffers`, back: BUFFER, send: WAITED_FOR, heard: '100', after },
  { name: `${after}, frontend waits`, front: WAIT, send: WAITED_FOR, heard: '100', after },
  { name: `${after}, backend waits`, back: WAIT, send: WAITED_FOR, heard: '100', after },
]);

test('a client that leaves while its body is waited for has passed the rules when its line is written', async t => {
  for (const [at, story] of (await run(t, LEAVING)).entries()) {
    const [name = '', told = '', line] = story.split('\n  ');
    assert.equal(line, `f${at} b${at}/<NOSRV> 400 CR 0 n/-n/-n/-n| HTTP/1.1 - POST /waited HTTP/1.1`, name);
    assert.match(
      told,
      name.startsWith('end') ? /^\S+ 100 Continue \S+ 400 Bad request$/ : /^\S+ 100 Continue$/,
    );
  }
});

const NO_CHUNK = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';

async function countNoChunk(t: TestContext, program?: string): Promise<string> {
  const { address } = await startRawOrigin(t, socket => socket.once('data', () => socket.end(NO_CHUNK)));
  const { web, tell } = await startAdminBalancer(t, { app: ` server s ${address}`, program });
  const answer = await exchangeRaw(web, get('none'));
  const rows = statRows(await tell('show stat'));
  const counted = ['web/FRONTEND', 'app/BACKEND', 'app/s'].map(name => {
    const row = rows.get(name);
    return `${name} ${row?.['hrsp_2xx']} ${row?.['hrsp_5xx']}`;
  });
  return [answer.slice(0, answer.indexOf('\r\n')), ...counted].join(', ');
}

test('a response whose first chunk is none is not counted as one of the server', async t => {
  const own = await countNoChunk(t);
  assert.equal(own, 'HTTP/1.1 502 Bad Gateway, web/FRONTEND 0 1, app/BACKEND 0 1, app/s 0 0');
  if (requires(t, 'haproxy')) assert.equal(own, await countNoChunk(t, 'haproxy'));
});
