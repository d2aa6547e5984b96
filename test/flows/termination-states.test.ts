/** How exchanges end, as log lines tell it: the same states, timers, queue places and cookies as in the real HAProxy. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { bounded } from '../support/http2-client.ts';
import { startLogReceiver, type LogReceiver } from '../support/log-receiver.ts';
import { statRows } from '../support/stat-rows.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until, untilMatches } from '../support/until.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** As cookies tell it: units of four seconds. */
function dateBefore(seconds: number): string {
  const units = Math.ceil((Math.floor(Date.now() / 1000) - seconds) / 4);
  return [24, 18, 12, 6, 0].map(shift => DIGITS[(units >> shift) & 63]).join('');
}

/** What the server does is in the path. */
async function startServer(
  t: TestContext,
): Promise<{ readonly server: number; readonly asked: Set<string> }> {
  const asked = new Set<string>();
  const server = createServer(socket => {
    socket.on('error', () => undefined);
    socket.on('data', bytes => {
      const path = bytes.toString('latin1').split(' ')[1] ?? '';
      asked.add(path);
      // a body may come behind its head
      if (path === '') return;
      if (path.includes('silent')) return;
      if (path.includes('close')) socket.end();
      else if (path.includes('reset')) socket.resetAndDestroy();
      else if (path.includes('garbage')) socket.end('nonsense\r\n\r\n');
      else if (path.includes('half')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      else if (path.includes('stall')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { server: (server.address() as AddressInfo).port, asked };
}

interface Started {
  readonly port: number;
  readonly tcp: number;
  readonly admin: string;
  readonly receiver: LogReceiver;
  /** Paths that have reached the server. */
  readonly asked: ReadonlySet<string>;
}

async function start(t: TestContext, program: string | undefined): Promise<Started> {
  const [{ server, asked }, receiver] = [await startServer(t), await startLogReceiver(t)];
  const [port, tcp, gone] = [await freePort(), await freePort(), await freePort()];
  const admin = join(temporaryFolder(t), 'admin');
  const config = `global
  stats socket ${admin} level admin
  log 127.0.0.1:${receiver.port} format raw local0
defaults
  mode http
  log global
  option httplog
  option abortonclose
  retries 0
  timeout client 4s
  timeout server 1s
  timeout connect 2s
  timeout queue 500ms
frontend web
  bind 127.0.0.1:${port}
  http-request deny if { path_beg /deny }
  http-request return status 200 if { path_beg /return }
  http-request redirect location / if { path_beg /redirect }
  use_backend refused if { path_beg /refused }
  use_backend queue if { path_beg /queue }
  use_backend patient if { path_beg /patient }
  use_backend none if { path_beg /none }
  use_backend cookies if { path_beg /cookies }
  use_backend retried if { path_beg /retried }
  use_backend redirected if { path_beg /moved }
  default_backend app
backend app
  server one 127.0.0.1:${server}
backend refused
  server gone 127.0.0.1:${gone}
backend queue
  timeout server 1m
  server one 127.0.0.1:${server} maxconn 1
backend patient
  timeout server 1m
  timeout queue 1m
  server one 127.0.0.1:${server} maxconn 1
backend none
backend redirected
  server one 127.0.0.1:${server} redir http://other
backend retried
  retries 2
  option redispatch
  server gone 127.0.0.1:${gone}
backend cookies
  option redispatch
  retries 1
  cookie SRV insert indirect maxidle 1h maxlife 8h
  server one 127.0.0.1:${server} cookie one
  server gone 127.0.0.1:${gone} weight 0 cookie gone
frontend stream
  mode tcp
  option tcplog
  bind 127.0.0.1:${tcp}
  use_backend refused-stream if { src_port 0 }
  default_backend app-stream
backend app-stream
  mode tcp
  server one 127.0.0.1:${server}
backend refused-stream
  mode tcp
  server gone 127.0.0.1:${gone}
`;
  await startBalancer(t, config, program === undefined ? {} : { program });
  return { port, tcp, admin, receiver, asked };
}

interface Visit {
  readonly cookie?: string;
  /** The client leaves then. */
  readonly leaves?: Promise<unknown>;
  /** The first bytes of an answer have come. */
  readonly onAnswer?: () => void;
  readonly stream?: true;
  /** Not all of it is sent. */
  readonly upload?: true;
}

async function visit({ port, tcp }: Started, path: string, how: Visit = {}): Promise<void> {
  const socket = connect(how.stream === true ? tcp : port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.once('data', () => how.onAnswer?.());
  socket.resume();
  const cookie = how.cookie === undefined ? '' : `Cookie: SRV=${how.cookie}\r\n`;
  const length = how.upload === true ? 'Content-Length: 100\r\n' : '';
  const head = `${how.upload === true ? 'POST' : 'GET'} ${path} HTTP/1.1\r\nHost: x\r\n${cookie}${length}`;
  socket.write(`${head}Connection: close\r\n\r\n${how.upload === true ? 'abc' : ''}`);
  void how.leaves?.then(() => socket.destroy());
  // a reset is an end like others
  await bounded(`the end of ${path}`, new Promise(closed => socket.once('close', closed)));
}

const VISITS: readonly (readonly [path: string, how?: () => Visit])[] = [
  ['/good'],
  ['/deny'],
  ['/return'],
  ['/redirect'],
  ['/refused'],
  ['/none'],
  ['/moved'],
  ['/close'],
  ['/reset'],
  ['/garbage'],
  ['/silent'],
  ['/half'],
  ['/stall'],
  ['/retried'],
  ['/cookies/1'],
  ['/cookies/2', () => ({ cookie: 'unknown' })],
  ['/cookies/3', () => ({ cookie: `one|${dateBefore(1000)}|${dateBefore(1000)}` })],
  ['/cookies/4', () => ({ cookie: `one|${dateBefore(-100)}|${dateBefore(0)}` })],
  ['/cookies/5', () => ({ cookie: `one|${dateBefore(5000)}|${dateBefore(5000)}` })],
  ['/cookies/6', () => ({ cookie: `one|${dateBefore(0)}|${dateBefore(40_000)}` })],
  ['/cookies/7', () => ({ cookie: `one|${dateBefore(40_000)}|${dateBefore(40_000)}` })],
  ['/cookies/8', () => ({ cookie: 'one|?????|!!!!!' })],
  ['/cookies/9', () => ({ cookie: `gone|${dateBefore(0)}|${dateBefore(0)}` })],
];

/** No connection is left of the visit before: log lines count them. */
const NOBODY = /^stream,FRONTEND,,,0,[^]*^web,FRONTEND,,,0,|^web,FRONTEND,,,0,[^]*^stream,FRONTEND,,,0,/m;

/** Addresses, dates, times and sizes are masked; -1 and 0 stay. */
function masked(line: string): string {
  return line
    .replace(/^\S+ \[[^\]]+\] /, '')
    .replace(/(?<= )\+?-?\d+(?:\/\+?-?\d+){2,4}(?= )/, times => times.replace(/(?<!-)\b\d+/g, 'N'))
    .replace(/^((?:\S+ ){3}(?:\d{3} |-1 )?)(\d+)/, (_, before: string, size: string) =>
      size === '0' ? `${before}0` : `${before}B`,
    );
}

async function linesOf(t: TestContext, program: string | undefined): Promise<string[]> {
  const started = await start(t, program);
  const { receiver, admin } = started;
  for (const [path, how] of VISITS) {
    await waitFor(admin, NOBODY);
    await visit(started, path, how?.());
    await receiver.find(new RegExp(`GET ${path} `));
  }
  await beQueued(started, '/queue/timeout', false);
  await beQueued(started, '/patient/left', true);
  for (const path of ['/good', '/reset', '/silent']) {
    const known = receiver.lines.length;
    await waitFor(admin, NOBODY);
    await visit(started, path, { stream: true });
    if (receiver.lines.length === known) await receiver.next();
  }
  return receiver.lines.map(masked);
}

/** One client that leaves when the server has its request, and behind it one that waits, and ends first. */
async function beQueued(started: Started, path: string, secondLeaves: boolean): Promise<void> {
  const { admin, receiver, asked } = started;
  await waitFor(admin, NOBODY);
  let leave: () => void = () => undefined;
  const first = visit(started, `${path}/silent`, { leaves: new Promise<void>(resolve => (leave = resolve)) });
  await until('the first request', () => asked.has(`${path}/silent`));
  await visit(started, path, secondLeaves ? { leaves: waitFor(admin, /^patient,BACKEND,1,/m) } : {});
  await receiver.find(new RegExp(`GET ${path} `));
  // its connection is over a moment after its line
  await waitFor(admin, /^web,FRONTEND,,,1,/m);
  leave();
  await first;
  await receiver.find(new RegExp(`GET ${path}/silent `));
}

/** An administrator ends an exchange when its answer has begun. */
async function beKilled(started: Started, path: string, backend: string, how: Visit = {}): Promise<void> {
  const { admin, receiver } = started;
  await waitFor(admin, NOBODY);
  const known = receiver.lines.length;
  const onAnswer = (): void => void ask(admin, `shutdown sessions server ${backend}/one`);
  await visit(started, path, { ...how, onAnswer });
  if (receiver.lines.length === known) await receiver.next();
}

/** And one whose server has not answered, or waits for the rest of its request. */
async function beKilledUnanswered(started: Started, path: string, how: Visit = {}): Promise<void> {
  const { admin, receiver, asked } = started;
  await waitFor(admin, NOBODY);
  const known = receiver.lines.length;
  const onAnswer = (): never => assert.fail('an answer');
  const visited = visit(started, path, { ...how, onAnswer });
  await until('the request', () => asked.has(path));
  await ask(admin, 'shutdown sessions server patient/one');
  await visited;
  if (receiver.lines.length === known) await receiver.next();
}

async function waitFor(admin: string, pattern: RegExp): Promise<void> {
  await untilMatches(() => ask(admin, 'show stat'), pattern);
}

test('exchanges of all kinds end with the same log lines as in the real HAProxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const [own, real] = await Promise.all([linesOf(t, undefined), linesOf(t, 'haproxy')]);
  assert.ok(
    real.some(line => line.includes(' sQ-- 2/2/1/0/0 0/1 ')),
    real.join(''),
  );
  assert.deepEqual(own.toSorted(), real.map(asNewer).toSorted());
});

/** HAProxy 3.4 counts what servers have sent, 2.6 its own answers, too. */
function asNewer(line: string): string {
  return line.replace(/^(\S+ \S+ \S+\/-1\/\S+ \d{3}) B /, '$1 0 ');
}

test('a client that takes nothing of what its server has sent is the one who is slow', async t => {
  const [origin, receiver] = [await startHttpOrigin(t, 'quick', answerMuch), await startLogReceiver(t)];
  const port = await freePort();
  await startBalancer(
    t,
    `defaults
  mode http
  log 127.0.0.1:${receiver.port} format raw local0
  option httplog
  option dontlog-normal
  timeout connect 5s
  timeout client 2s
  timeout server 500ms
listen l
  bind 127.0.0.1:${port}
  server s ${origin.address}
`,
  );
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  // more than the kernel keeps: the first piece of an answer has to wait
  socket.pause().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2000));
  const [, tookMs = '', state] = (await receiver.find(/\/(\d+) 200 \d+ - - (\w\w)--/)) ?? [];
  assert.equal(state, 'cL');
  assert.ok(Number(tookMs) >= 2000, `${tookMs} ms`);
});

function answerMuch(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.end('x'.repeat(12_000));
}

test('exchanges that an administrator ends are logged as in HAProxy 3.4, whatever has begun, and get no answer', async t => {
  const started = await start(t, undefined);
  await beKilled(started, '/patient/stall', 'patient');
  await beKilledUnanswered(started, '/patient/silent');
  await beKilledUnanswered(started, '/patient/silent/upload', { upload: true });
  await beKilled(started, '/stall', 'app-stream', { stream: true });
  assert.deepEqual(
    started.receiver.lines.map(line => masked(line).trimEnd()),
    [
      'web patient/one N/N/N/N/N 500 B - - KC-- 1/1/0/0/0 0/0 "GET /patient/stall HTTP/1.1"',
      'web patient/one N/N/N/-1/N 500 0 - - KC-- 1/1/0/0/0 0/0 "GET /patient/silent HTTP/1.1"',
      'web patient/one N/N/N/-1/N 500 0 - - KC-- 1/1/0/0/0 0/0 "POST /patient/silent/upload HTTP/1.1"',
      'stream app-stream/one N/N/N B KC 1/1/0/0/0 0/0',
    ],
  );
  const rows = statRows(await ask(started.admin, 'show stat'));
  const { hrsp_2xx, hrsp_5xx, eresp, srv_abrt } = rows.get('patient/BACKEND') ?? {};
  assert.deepEqual(
    { hrsp_2xx, hrsp_5xx, eresp, srv_abrt },
    { hrsp_2xx: '0', hrsp_5xx: '3', eresp: '0', srv_abrt: '0' },
  );
});
