/**
 * Requests whose server closes before it answers, and bodies that are none: what clients get, what logs tell and where it is
 * counted, as in the real haproxy. Clients repeat by themselves what a connection that had answers before has lost.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { bounded } from '../support/http2-client.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** Pieces that the client sends: each when there is an answer to the one before. */
interface Case {
  readonly name: string;
  readonly pieces: readonly string[];
  readonly front?: string;
  readonly back?: string;
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const BUFFER = 'option http-buffer-request';
const WAIT = 'http-request wait-for-body time 5s';

function post(path: string): string {
  return `POST /${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc`;
}

function get(path: string): string {
  return `GET /${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
}

/** The invitation to go on tells that the head has been read. */
const CHUNKED =
  'POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n';

const CASES: readonly Case[] = [
  { name: 'first: half', pieces: [post('half')] },
  ...['close', 'interim'].flatMap(how => [
    { name: `first: ${how}`, pieces: [post(how)] },
    { name: `second: ${how}`, pieces: [get('ok'), post(how)] },
    {
      name: `second, new connection: ${how}`,
      pieces: [get('ok'), post(how)],
      back: 'option http-server-close',
    },
  ]),
  { name: 'answered early: the rest, and the next', pieces: [post('early').slice(0, -1), `c${get('ok')}`] },
  { name: 'second: reset', pieces: [get('ok'), post('reset')] },
  { name: 'second: nonsense', pieces: [get('ok'), post('nonsense')] },
  { name: 'second: silence', pieces: [get('ok'), post('silence')] },
  {
    name: 'behind an own answer',
    pieces: [get('own'), post('close')],
    front: 'http-request return if { path /own }',
  },
  { name: 'no retry left', pieces: [get('ok'), get('close')], back: 'retries 0' },
  ...['zz\r\nabc\r\n', '3\r\nabcXX0\r\n\r\n', '0\r\nno field\r\n\r\n'].flatMap((broken, kind) => [
    { name: `broken ${kind}`, pieces: [CHUNKED, broken] },
    { name: `broken ${kind}, buffered`, pieces: [CHUNKED, broken], front: BUFFER },
    { name: `broken ${kind}, buffered behind`, pieces: [CHUNKED, broken], back: BUFFER },
    { name: `broken ${kind}, waited for`, pieces: [CHUNKED, broken], front: WAIT },
    { name: `broken ${kind}, waited for behind`, pieces: [CHUNKED, broken], back: WAIT },
  ]),
  {
    name: 'a good body, buffered behind',
    pieces: [CHUNKED, '3\r\nabc\r\n0\r\n\r\n', get('close')],
    back: BUFFER,
  },
];

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const ANSWERS: Readonly<Record<string, string>> = {
  ok: OK,
  body: CONTINUE,
  early: OK,
  half: 'HTTP/1.1 200',
  interim: CONTINUE,
  nonsense: 'nonsense\r\n\r\n',
};

function serve(socket: Socket): void {
  socket.on('data', bytes => {
    const path = /^\S+ \/(\w+)/.exec(bytes.toString('latin1'))?.[1] ?? '';
    if (path === 'reset') return void socket.resetAndDestroy();
    socket.write(ANSWERS[path] ?? '');
    if (/close|early|half|interim/.test(path)) socket.end();
    if (bytes.includes('0\r\n\r\n')) socket.write(OK);
  });
}

const COUNTS = [
  'stot',
  'ereq',
  'srv_abrt',
  'cli_abrt',
  'hrsp_1xx',
  'hrsp_2xx',
  'hrsp_4xx',
  'hrsp_5xx',
  'hrsp_other',
];

/** By case: what the client got, the log lines, the counts. */
async function run(t: TestContext, program: string | undefined): Promise<string[]> {
  const logs = await startLogReceiver(t);
  const { address } = await startRawOrigin(t, serve);
  const [port, admin] = [await freePort(), join(temporaryFolder(t), 'admin')];
  const host = (index: number): string => `127.79.${program === undefined ? 1 : 2}.${index + 1}`;
  const sections = CASES.map(
    ({ front = '', back = '' }, index) => `frontend f${index}
  bind ${host(index)}:${port}
  ${front}
  default_backend b${index}
backend b${index}
  ${back}
  server s ${address}
`,
  );
  const config = `global
  stats socket ${admin}
  nbthread 1
defaults
  mode http
  log 127.0.0.1:${logs.port} format raw local0
  log-format "%f %b/%s %TR/%Tw/%Tc/%Tr %ST %tsc %rc %{+Q}r"
  timeout connect 5s
  timeout client 5s
  timeout server 1s
  timeout http-request 5s
${sections.join('')}frontend last
  bind ${host(CASES.length)}:${port}
  http-request return status 200
`;
  await startBalancer(t, config, program === undefined ? {} : { program });
  const got = await Promise.all(CASES.map(({ pieces }, index) => visit(host(index), port, pieces)));
  await visit(host(CASES.length), port, [get('last')]);
  await until('the last line', () => logs.lines.some(line => line.startsWith('last ')));
  const rows = statRows(await ask(admin, 'show stat'));
  return CASES.map(({ name }, index) => {
    const lines = logs.lines.filter(line => line.startsWith(`f${index} `)).map(masked);
    const counts = [`f${index}/FRONTEND`, `b${index}/BACKEND`].map(row =>
      COUNTS.map(of => rows.get(row)?.[of]).join(' '),
    );
    return [name, got[index], ...lines, ...counts].join('\n');
  });
}

/** Statuses that came; the visit is over when nothing does for a while, or the connection is closed. */
async function visit(host: string, port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect(port, host);
  socket.on('error', () => undefined);
  let [received, ended] = ['', false];
  const end = once(socket, 'close').then(() => (ended = true));
  socket.on('data', bytes => (received += bytes.toString('latin1')));
  for (const piece of pieces) {
    const known = received.length;
    socket.write(piece);
    if (piece === pieces.at(-1)) break;
    await until('an answer', () => received.length > known || ended);
  }
  setTimeout(() => socket.end(), 2500).unref();
  await bounded('the end of a visit', end);
  return [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(match => match[1]).join(' ');
}

/** How long it took does not matter; -1 does. */
function masked(line: string): string {
  return line.trim().replace(/(?<= )-?\d+(?:\/-?\d+){3}(?= )/, times => times.replace(/(?<!-)\b\d+/g, 'N'));
}

test('what servers lose and bodies that are none end as in the real haproxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const [own, real] = await Promise.all([run(t, undefined), run(t, 'haproxy')]);
  assert.ok(
    real.some(text => text.startsWith('second: close\n200\n')),
    real.join('\n'),
  );
  assert.deepEqual(own, real.map(asNewer));
});

/** To HAProxy 3.4 a head that is cut is none, to 2.6 it is one that was aborted. */
function asNewer(text: string): string {
  return text.replace(/SH-- (?=\d+ "\w+ \/half)/g, 'PH-- ');
}
