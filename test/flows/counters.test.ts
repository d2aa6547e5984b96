/**
 * Counters are exact: 50,000 requests of ten kinds over two threads, and every counter equals what clients and
 * servers counted, and what HAProxy counts on the same load.
 */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { requires } from '../support/requirement.ts';
import { statRows, type StatRow } from '../support/stat-rows.ts';

const CONNECTIONS = 40;
const ROUNDS = 155;
const FEW = 60;

interface Kind {
  readonly path: string;
  readonly method?: string;
  readonly status: number;
}

/** Sent over and over on kept connections: eight kinds. */
const STEADY: readonly Kind[] = [
  { path: '/plain', status: 200 },
  { path: '/missing', status: 404 },
  { path: '/broken', status: 500 },
  { path: '/post', method: 'POST', status: 200 },
  { path: '/chunked', status: 200 },
  { path: '/deny', status: 403 },
  { path: '/redirect', status: 302 },
  { path: '/return', status: 200 },
];

interface Truth {
  sent: number;
  received: number;
  statuses: Record<string, number>;
}

interface Measured {
  readonly rows: ReadonlyMap<string, StatRow>;
  readonly steady: Truth;
  /** Requests the servers saw, by their path. */
  readonly seen: Readonly<Record<string, number>>;
}

async function listen(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

function goodServer(seen: Record<string, number>): Server {
  return createHttpServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const path = request.url ?? '';
    seen[path] = (seen[path] ?? 0) + 1;
    request.resume();
    request.on('end', () => {
      if (path === '/missing') response.statusCode = 404;
      if (path === '/broken') response.statusCode = 500;
      if (path === '/chunked') response.write('first');
      response.end('x'.repeat(200));
    });
  });
}

/** A port that was free may be somebody's by now on 127.0.0.1, but not on this address. */
const NOBODYS = '127.66.0.1';

function configOf(folder: string, ports: readonly number[], servers: Record<string, number>): string {
  const [steady, rough] = ports;
  const backend = (name: string, options = ''): string =>
    `backend ${name}\n  server s ${name === 'dead' ? NOBODYS : '127.0.0.1'}:${servers[name]} ${options}\n`;
  return `global
  nbthread 2
  stats socket ${folder}/stats.sock level admin
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 2s
  timeout queue 5s
  retries 1
  option socket-stats
  option abortonclose
frontend steady
  bind 127.0.0.1:${steady}
  http-request deny if { path /deny }
  http-request redirect location /x if { path /redirect }
  http-request return status 200 content-type text/plain string ok if { path /return }
  default_backend good
frontend rough
  bind 127.0.0.1:${rough}
  use_backend %[path,field(2,/)]
${backend('good')}${backend('queued', 'maxconn 2')}${backend('closes')}${backend('cut')}${backend('silent')}${backend('dead', '\n  timeout connect 100ms')}
backend refused
  http-response deny
  server s 127.0.0.1:${servers['good']}
backend denied
  http-request deny
  server s 127.0.0.1:${servers['good']}
backend empty
`;
}

/** Sends one request after the other, each when the answer before has come. */
async function steadyClient(port: number, truth: Truth): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay();
  let answer = '';
  let done = (): void => undefined;
  socket.on('data', (chunk: Buffer) => {
    truth.received += chunk.length;
    answer += chunk.toString('latin1');
    if (isWhole(answer)) done();
  });
  for (let round = 0; round < ROUNDS; round++) {
    for (const { path, method = 'GET', status } of STEADY) {
      const body = method === 'POST' ? 'b'.repeat(100) : '';
      const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
      const request = `${method} ${path} HTTP/1.1\r\nHost: x\r\n${length}\r\n${body}`;
      answer = '';
      truth.sent += request.length;
      await new Promise<void>(resolve => {
        done = resolve;
        socket.write(request);
      });
      assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), `${path}: ${answer.slice(0, 40)}`);
      truth.statuses[status] = (truth.statuses[status] ?? 0) + 1;
    }
  }
  socket.end();
  await once(socket, 'close');
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /content-length: (\d+)/i.exec(answer.slice(0, end))?.[1];
  return length === undefined ? answer.endsWith('0\r\n\r\n') : answer.length >= end + 4 + Number(length);
}

/** A request on a connection of its own; the client may leave before the answer, when the server has the request. */
async function onOwnConnection(port: number, bytes: string, asked?: EventEmitter): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.write(bytes);
  asked?.once('request', () => socket.resetAndDestroy());
  await once(socket, 'close');
  return answer.slice(9, 12);
}

async function measure(t: TestContext, program?: string): Promise<Measured> {
  const seen: Record<string, number> = {};
  const asked = new EventEmitter();
  const raw = (answer: (socket: Socket) => void): Server =>
    createServer(socket => socket.once('data', () => answer(socket)));
  const unused = createServer();
  const servers: Record<string, number> = {
    good: await listen(t, goodServer(seen)),
    queued: await listen(t, goodServer(seen)),
    closes: await listen(
      t,
      raw(socket => socket.end()),
    ),
    cut: await listen(
      t,
      raw(socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf')),
    ),
    silent: await listen(
      t,
      raw(() => asked.emit('request')),
    ),
    dead: await listen(t, unused),
  };
  unused.close();
  const ports = await freePorts(2);
  const [steadyPort = 0, roughPort = 0] = ports;
  const folder = await socketFolder(t);
  const balancer = await startBalancer(
    t,
    configOf(folder, ports, servers),
    program === undefined ? {} : { program },
  );
  const steady: Truth = { sent: 0, received: 0, statuses: {} };
  await Promise.all(Array.from({ length: CONNECTIONS }, () => steadyClient(steadyPort, steady)));
  await roughTraffic(roughPort, asked);
  const rows = await statsAtRest(join(folder, 'stats.sock'));
  await balancer.stop();
  return { rows, steady, seen };
}

async function socketFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp('/tmp/lb-stats-');
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function roughTraffic(port: number, asked: EventEmitter): Promise<void> {
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
  const times = async (count: number, run: () => Promise<string>, status: string): Promise<void> => {
    for (let index = 0; index < count; index++) assert.equal(await run(), status);
  };
  await times(FEW, () => onOwnConnection(port, get('/closes')), '502');
  await times(FEW, () => onOwnConnection(port, get('/cut')), '200');
  await times(FEW, () => onOwnConnection(port, get('/refused')), '502');
  await times(FEW, () => onOwnConnection(port, get('/denied')), '403');
  await times(FEW, () => onOwnConnection(port, get('/empty')), '503');
  await times(FEW, () => onOwnConnection(port, get('/silent'), asked), '');
  await times(FEW, () => onOwnConnection(port, 'nonsense\r\n\r\n'), '400');
  await Promise.all(
    Array.from({ length: FEW }, () => times(1, () => onOwnConnection(port, get('/dead')), '503')),
  );
  await Promise.all(
    Array.from({ length: FEW }, () => times(4, () => onOwnConnection(port, get('/queued')), '200')),
  );
}

/** The last request is counted a moment after its answer. */
async function statsAtRest(path: string): Promise<ReadonlyMap<string, StatRow>> {
  for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
    const rows = await readStats(path);
    const isQuiet = [...rows.values()].every(row => ['', '0'].includes(row['scur'] ?? ''));
    if (isQuiet || Date.now() > deadline) return rows;
  }
}

async function readStats(path: string): Promise<ReadonlyMap<string, StatRow>> {
  const socket = connect(path);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.end('show stat\n');
  await once(socket, 'close');
  return statRows(Buffer.concat(chunks).toString());
}

/** By row: the columns that must equal these numbers. */
function expected({ steady, seen }: Measured): Record<string, Record<string, number>> {
  const each = CONNECTIONS * ROUNDS;
  const all = each * STEADY.length;
  const toGood = each * 5;
  assert.equal(seen['/plain'], each);
  const failing = { stot: FEW, req_tot: FEW };
  return {
    'steady/FRONTEND': {
      stot: CONNECTIONS,
      conn_tot: CONNECTIONS,
      req_tot: all,
      hrsp_2xx: steady.statuses[200] ?? 0,
      hrsp_3xx: steady.statuses[302] ?? 0,
      hrsp_4xx: (steady.statuses[404] ?? 0) + (steady.statuses[403] ?? 0),
      hrsp_5xx: steady.statuses[500] ?? 0,
      hrsp_other: 0,
      dreq: each,
      ereq: 0,
      intercepted: 2 * each,
      h1_open_streams: 0,
      h1_total_streams: all,
      h1_total_connections: CONNECTIONS,
      scur: 0,
    },
    'good/BACKEND': {
      stot: toGood,
      req_tot: toGood,
      lbtot: toGood,
      econ: 0,
      eresp: 0,
      wretr: 0,
      scur: 0,
      qcur: 0,
    },
    'good/s': { req_tot: toGood, hrsp_2xx: 3 * each, hrsp_4xx: each, hrsp_5xx: each, scur: 0 },
    'rough/FRONTEND': { stot: 12 * FEW, req_tot: 12 * FEW, ereq: FEW, dreq: FEW, dresp: FEW, scur: 0 },
    'closes/BACKEND': { ...failing, eresp: FEW, hrsp_5xx: FEW, lbtot: FEW, wretr: 0 },
    'closes/s': { stot: FEW, req_tot: 0, eresp: FEW, hrsp_5xx: 0 },
    'cut/BACKEND': { ...failing, srv_abrt: FEW, eresp: FEW, hrsp_2xx: FEW, cli_abrt: 0 },
    'cut/s': { req_tot: FEW, hrsp_2xx: FEW, srv_abrt: FEW },
    'silent/BACKEND': { ...failing, cli_abrt: FEW, srv_abrt: 0, eresp: 0, lbtot: FEW, hrsp_2xx: 0 },
    'silent/s': { stot: FEW, cli_abrt: FEW, eresp: 0 },
    'refused/BACKEND': { ...failing, dresp: FEW, hrsp_5xx: FEW, eresp: 0 },
    'refused/s': { req_tot: FEW, hrsp_2xx: FEW, hrsp_5xx: 0, dresp: FEW },
    'denied/BACKEND': { ...failing, dreq: FEW, hrsp_4xx: FEW, lbtot: 0 },
    'denied/s': { stot: 0, req_tot: 0 },
    'empty/BACKEND': { ...failing, econ: FEW, hrsp_5xx: FEW },
    'dead/BACKEND': { ...failing, econ: FEW, wretr: FEW, connect: 2 * FEW, hrsp_5xx: FEW },
    'dead/s': { stot: 2 * FEW, econ: FEW, wretr: FEW, req_tot: 0 },
    'queued/BACKEND': { stot: 4 * FEW, req_tot: 4 * FEW, hrsp_2xx: 4 * FEW, qcur: 0, scur: 0, econ: 0 },
    'queued/s': { stot: 4 * FEW, req_tot: 4 * FEW, smax: 2, scur: 0 },
  };
}

function assertCounters(name: string, measured: Measured): void {
  const wrong: string[] = [];
  for (const [row, columns] of Object.entries(expected(measured)))
    for (const [column, value] of Object.entries(columns)) {
      const shown = measured.rows.get(row)?.[column];
      if (shown !== String(value)) wrong.push(`${row} ${column}: ${shown}, not ${value}`);
    }
  assert.deepEqual(wrong, [], name);
}

let own: Promise<Measured> | undefined;

/** What lb counts, measured once. */
function measureOwn(t: TestContext): Promise<Measured> {
  return (own ??= measure(t));
}

test('after 50,000 requests of ten kinds on two threads every counter equals the truth', async t => {
  const measured = await measureOwn(t);
  assertCounters('lb', measured);
  const row = measured.rows.get('steady/FRONTEND') ?? {};
  assert.equal(row['bin'], String(measured.steady.sent));
  assert.equal(row['reqbin'], String(measured.steady.sent));
  assert.equal(row['resbout'], String(measured.steady.received));
  assert.ok(Number(measured.rows.get('queued/BACKEND')?.['qmax']) > 10);
  assert.equal(measured.rows.get('silent/BACKEND')?.['hrsp_4xx'], String(FEW));
});

/**
 * Counted by both, and not the same: moments, rates, times and highest values depend on the machine; bytes are those of the
 * wire here and of a buffer's own form there; how often a connection was used again, and who waited first, is chance; addresses and
 * limits are each run's own; the default algorithm has changed.
 */
const OWN_COLUMNS =
  /^(?:rate|.*_rate|.*rate_max|[qcrt]time(?:_max)?|.*bytes_.*|[bs]?in|bout|[sq]max|slim|lastchg|lastsess|addr|algo|(?:srv_|idle_conn_)[ic]cur|idle_conn_cur|need_conn_est|h1_open_connections|h1_total_connections|connect|reuse|safe_conn_cur|lbtot|.*pid)$/;

/** Requests of clients that reset: answered with 400 that nobody hears in HAProxy 3.4, with nothing in 2.6. */
const NEWER = /^(?:rough\/FRONTEND|silent\/BACKEND) hrsp_(?:4xx|other)$/;

test('HAProxy counts the same load in the same way, in every column', async t => {
  if (!requires(t, 'haproxy')) return;
  const theirs = await measure(t, 'haproxy');
  assertCounters('haproxy', theirs);
  const ours = await measureOwn(t);
  const wrong: string[] = [];
  let compared = 0;
  for (const [name, row] of theirs.rows)
    for (const [column, value] of Object.entries(row)) {
      if (OWN_COLUMNS.test(column) || NEWER.test(`${name} ${column}`) || value === '') continue;
      compared++;
      const own = ours.rows.get(name)?.[column];
      if (own !== value) wrong.push(`${name} ${column}: ${own}, HAProxy has ${value}`);
    }
  assert.deepEqual(wrong, []);
  assert.ok(compared > 800, String(compared));
});
