/**
 * Clients that stall in a request, and servers that answer before they have all of it: who is waited for, for how long, and
 * what is told. What is expected is what HAProxy 3.4 does (2.6 also timed the server while the client owed it something).
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { bounded } from '../support/http2-client.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';

const SHORT_MS = 600;
const LONG_MS = 2400;
const BETWEEN_MS = 1500;
const STEP_MS = 200;
const STEPS = 10;
const FLOOD_BYTES = 30_000_000;

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';

/** A connection of the server, which reads all there is, unless it is to be deaf. What it does is in the path. */
class Served {
  readonly #socket: Socket;
  #head = '';
  /** Of the body. */
  #left = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  take(chunk: Buffer): void {
    if (this.#left > 0) return this.#took(chunk.length);
    this.#head += chunk.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    this.#left = Number(/content-length: (\d+)/i.exec(this.#head)?.[1] ?? 0);
    if (this.#head.includes('early')) this.#socket.write(OK);
    if (this.#head.includes('deaf')) this.#socket.pause().write(OK);
    if (this.#head.includes('reset')) setTimeout(() => this.#socket.resetAndDestroy(), STEP_MS * 2.5);
    if (this.#head.includes('half')) this.#socket.write(HALF);
    else if (this.#head.includes('interim')) this.#socket.write('HTTP/1.1 102 Processing\r\n\r\n');
    this.#took(this.#head.length - end - 4);
  }

  #took(bytes: number): void {
    this.#left -= bytes;
    if (this.#left > 0) return;
    if (this.#head.includes('whole')) this.#socket.write(OK);
    this.#head = '';
  }
}

async function startServer(t: TestContext): Promise<{ readonly port: number; readonly bytes: () => number }> {
  let bytes = 0;
  const server = createServer(socket => {
    const served = new Served(socket);
    socket.on('error', () => undefined);
    socket.on('data', chunk => {
      bytes += chunk.length;
      served.take(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, bytes: () => bytes };
}

const FRONTENDS = [
  'client',
  'server',
  'client-buffer',
  'server-buffer',
  'wait',
  'no-server',
  'keep',
] as const;
type Frontend = (typeof FRONTENDS)[number];

/** Each is called after what is shorter. */
const LINES: Readonly<Record<Frontend, string>> = {
  client: `timeout client ${SHORT_MS}\n timeout server ${LONG_MS}`,
  server: `timeout client ${LONG_MS}\n timeout server ${SHORT_MS}`,
  'client-buffer': `timeout client ${SHORT_MS}\n timeout http-request ${LONG_MS}\n option http-buffer-request`,
  'server-buffer': `timeout client ${LONG_MS}\n timeout http-request ${SHORT_MS}\n option http-buffer-request`,
  wait: `timeout client ${SHORT_MS}\n http-request wait-for-body time ${LONG_MS}`,
  'no-server': `timeout client ${SHORT_MS}\n timeout server 0`,
  keep: `timeout client ${SHORT_MS}\n timeout http-request ${LONG_MS}\n timeout http-keep-alive ${2 * LONG_MS}`,
};

interface Flow {
  readonly ports: Readonly<Record<Frontend, number>>;
  readonly lines: () => readonly string[];
  readonly bytes: () => number;
}

/** A machine that holds one of the programs up makes a difference; one of the programs' own is there each time. */
const ATTEMPTS = 4;
/** When the last client has gone, lines come within the longest timeout. */
const LINES_MS = 4 * LONG_MS;

async function assertAgree(run: (program: string | undefined) => Promise<readonly string[]>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const [own, real] = await Promise.all([run(undefined), run('haproxy')]);
    if (attempt < ATTEMPTS && !isDeepStrictEqual(own, real)) continue;
    return assert.deepEqual(own, real);
  }
}

/** Whether it happens within LINES_MS: what does not is a difference like others. */
async function happens(holds: () => boolean): Promise<boolean> {
  const deadline = performance.now() + LINES_MS;
  await until('the deadline', () => holds() || performance.now() > deadline);
  return holds();
}

/** Not by UDP: datagrams are lost where floods, those of this test too, fill the kernel's backlog. */
function linesOf(balancer: Balancer): readonly string[] {
  return [...balancer.output().matchAll(/^line (.*)$/gm)].map(([, line]) => line ?? '');
}

async function start(t: TestContext): Promise<Flow> {
  const { port, bytes } = await startServer(t);
  const free = await freePorts(FRONTENDS.length);
  const ports = Object.fromEntries(FRONTENDS.map((name, at) => [name, free[at]])) as Flow['ports'];
  const sections = FRONTENDS.map(
    name => `listen ${name}\n bind 127.0.0.1:${ports[name]}\n ${LINES[name]}\n server s 127.0.0.1:${port}\n`,
  );
  const config = `defaults
  mode http
  log stdout format raw local0
  log-format "line %Tt %ft %b/%s %ST %ts %r"
  timeout connect 5s
  timeout server ${LONG_MS}
${sections.join('')}`;
  const balancer = await startBalancer(t, config);
  return { ports, lines: () => linesOf(balancer), bytes };
}

function post(path: string, length = 100): string {
  return `POST /${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;
}

async function inSteps(socket: Socket, piece: string | Buffer): Promise<void> {
  for (let step = 0; step < STEPS; step++) {
    await sleep(STEP_MS);
    socket.write(piece);
  }
}

type Act = (socket: Socket, path: string) => unknown;

const NOTHING: Act = () => undefined;
const HEAD_PART: Act = (socket, path) => socket.write(`GET /${path}`);
const BODY_PART: Act = (socket, path) => socket.write(`${post(path)}12345`);
const BODY_NONE: Act = (socket, path) => socket.write(post(path));
const WITH_EXPECT: Act = (socket, path) =>
  socket.write(post(path).replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'));
const IN_STEPS: Act = (socket, path) => {
  socket.write(post(path));
  return inSteps(socket, 'x');
};
const HEAD_IN_STEPS: Act = (socket, path) => {
  socket.write(`GET /${path}`);
  return inSteps(socket, 'x');
};
const UPLOAD: Act = (socket, path) => {
  socket.write(post(path, STEPS * 20_000));
  return inSteps(socket, Buffer.alloc(20_000));
};
/** More than the ways on it take in. */
const FLOOD: Act = (socket, path) => {
  socket.write(post(path, FLOOD_BYTES));
  socket.write(Buffer.alloc(FLOOD_BYTES));
};
const TWO: Act = async (socket, path) => {
  socket.write(post(path, STEPS));
  await inSteps(socket, 'x');
  await sleep(STEP_MS);
  socket.write(`GET /${path}-second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
};

const VISITS: readonly (readonly [frontend: Frontend, path: string, act: Act])[] = [
  ...(['client', 'server', 'client-buffer', 'server-buffer', 'wait'] as const).flatMap(
    frontend =>
      [
        [frontend, 'silent-none', BODY_NONE],
        [frontend, 'silent-part', BODY_PART],
        [frontend, 'silent-steps', IN_STEPS],
      ] as const,
  ),
  ...(['client', 'server'] as const).flatMap(
    frontend =>
      [
        [frontend, 'early-part', BODY_PART],
        [frontend, 'half-part', BODY_PART],
        [frontend, 'half-steps', IN_STEPS],
        [frontend, 'interim-part', BODY_PART],
        [frontend, 'upload-whole', UPLOAD],
        [frontend, 'upload-early', UPLOAD],
        [frontend, 'two-early', TWO],
        [frontend, 'early-reset', IN_STEPS],
        [frontend, 'deaf', FLOOD],
      ] as const,
  ),
  ['client-buffer', 'expect', WITH_EXPECT],
  ['client', 'head-nothing', NOTHING],
  ['client', 'head-part', HEAD_PART],
  ['client', 'head-steps', HEAD_IN_STEPS],
  ['keep', 'head-nothing', NOTHING],
  ['keep', 'head-part', HEAD_PART],
  ['keep', 'head-steps', HEAD_IN_STEPS],
  ['keep', 'two-early', TWO],
];

/** One for each request; the first is that of the visit before them. */
const LINES_EXPECTED = 1 + VISITS.length + VISITS.filter(([, , act]) => act === TWO).length;

/** What the client is told. */
async function visit(port: number, path: string, act: Act): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  socket.on('error', () => undefined);
  void act(socket, path);
  await bounded(`the end of ${path}`, new Promise(closed => socket.once('close', closed)));
  const statuses = [
    ...Buffer.concat(chunks)
      .toString('latin1')
      .matchAll(/^HTTP\/1.1 (\d+)/gm),
  ];
  return statuses.map(([, status]) => status).join(' ');
}

/** What clients are told, and what is logged: server, status, state, and whether that took a short timeout or a long one. */
const EXPECTED = `
client 102 400: interim-part
client 200: deaf early-part early-reset half-part half-steps two-early upload-early upload-whole
client 400: silent-none silent-part silent-steps
client 408: head-nothing head-part head-steps
client-buffer 100 408: expect
client-buffer 408: silent-none silent-part silent-steps
keep 200: two-early
keep 408: head-nothing head-part head-steps
server 102 400: interim-part
server 200: deaf early-part early-reset half-part half-steps two-early upload-early upload-whole
server 400: silent-none silent-part silent-steps
server-buffer 408: silent-none silent-part silent-steps
wait 408: silent-none silent-part silent-steps
client-buffer/<NOSRV> 408 cR late: silent-steps
client-buffer/<NOSRV> 408 cR soon: expect silent-none silent-part
client/<NOSRV> 408 cR late: <BADREQ>
client/<NOSRV> 408 cR soon: <BADREQ> <BADREQ>
client/s 200 --: two-early two-early-second upload-early upload-whole whole
client/s 200 SL soon: early-reset
client/s 200 cD late: half-steps
client/s 200 cD soon: half-part
client/s 200 cL soon: early-part
client/s 200 sD late: deaf
client/s 400 cH late: silent-steps
client/s 400 cH soon: interim-part silent-none silent-part
keep/<NOSRV> 408 cR late: <BADREQ>
keep/<NOSRV> 408 cR soon: <BADREQ> <BADREQ>
keep/s 200 --: two-early two-early-second
server-buffer/<NOSRV> 408 cR soon: silent-none silent-part silent-steps
server/s 200 --: two-early two-early-second upload-early upload-whole
server/s 200 SL soon: early-reset
server/s 200 cD late: half-part half-steps
server/s 200 cL late: early-part
server/s 200 sD soon: deaf
server/s 400 cH late: interim-part silent-none silent-part silent-steps
wait/<NOSRV> 408 cR late: silent-steps
wait/<NOSRV> 408 cR soon: silent-none silent-part
`;

/** Of the total time only whether it is that of a short timeout or of a long one. */
function told(line: string): string {
  const [ms, , server, status, state, ...request] = line.trim().split(' ');
  const lasted = Number(ms) > BETWEEN_MS ? ' late' : ' soon';
  const path = request.length > 1 ? request[1]?.slice(1) : request[0];
  return `${server} ${status} ${state}${state === '--' ? '' : lasted}: ${path}`;
}

/** Lines whose beginnings are the same become one. */
function grouped(lines: readonly string[]): string {
  const groups = new Map<string, string>();
  for (const line of lines.toSorted()) {
    const [beginning = '', rest] = line.split(': ');
    groups.set(beginning, `${groups.get(beginning) ?? `${beginning}:`} ${rest}`);
  }
  return [...groups.values()].join('\n');
}

async function run(t: TestContext): Promise<string> {
  const { ports, lines, bytes } = await start(t);
  // the first of all takes longer
  await visit(ports.client, 'warm-whole', socket => socket.write(post('whole', 0)));
  const answers = await Promise.all(
    VISITS.map(
      async ([frontend, path, act]) => `${frontend} ${await visit(ports[frontend], path, act)}: ${path}`,
    ),
  );
  await until('the lines', () => lines().length >= LINES_EXPECTED);
  await until('the uploads', () => bytes() > 4 * STEPS * 20_000);
  return `\n${grouped(answers)}\n${grouped(lines().map(told))}\n`;
}

test('while a client owes some of its request it is waited for, and no server', async t => {
  for (let attempt = 1; ; attempt++) {
    const outcome = await run(t);
    if (attempt < ATTEMPTS && outcome !== EXPECTED) continue;
    return assert.equal(outcome, EXPECTED);
  }
});

const STREAM_MS = 1000;
const STREAM_STEPS = 5;
/** Each is looked at for so long, a little less than its timeout or more. */
const STREAMS: Readonly<Record<string, string>> = {
  quick: `tcp-request inspect-delay ${STREAM_MS * 0.9}ms`,
  slow: `tcp-request inspect-delay ${2 * STREAM_MS}ms`,
  tunnel: `timeout tunnel ${2 * STREAM_MS}ms\n tcp-request inspect-delay ${STREAM_MS * 0.9}ms`,
};
const SAYS: Readonly<Record<string, Act>> = {
  nothing: NOTHING,
  something: socket => socket.write('abc'),
  steps: async socket => {
    for (let step = 0; step < STREAM_STEPS; step++) {
      await sleep(STREAM_MS * 0.3);
      socket.write('x');
    }
  },
  enough: socket => socket.write('x'.repeat(100)),
};

/** Server, whether rules have waited, state, whether it lasted, bytes of the client. */
function toldOfStream(line: string): string {
  const [server = '', waitedMs = '', state = '', lastedMs = '', bytes = ''] = line.trim().split(' ');
  const waited = waitedMs === '-1' ? 'never' : Number(waitedMs) > STREAM_MS / 2 ? 'waited' : 'at once';
  return `${server} ${waited} ${state} ${Number(lastedMs) > STREAM_MS * 1.5 ? 'late' : 'soon'} ${bytes}`;
}

async function runStreams(t: TestContext, program: string | undefined): Promise<string[]> {
  const { port } = await startServer(t);
  const free = await freePorts(Object.keys(STREAMS).length);
  const sections = Object.entries(STREAMS).map(
    ([name, line], at) => `listen ${name}
 bind 127.0.0.1:${free[at]}
 ${line}
 tcp-request content accept if { req.len gt 50 }
 server s 127.0.0.1:${port}
`,
  );
  const config = `defaults
  mode tcp
  log stdout format raw local0
  log-format "line %b/%s %Tw %ts %Tt %U"
  timeout connect 5s
  timeout client ${STREAM_MS}ms
  timeout server 10s
${sections.join('')}`;
  const balancer = await startBalancer(t, config, program === undefined ? {} : { program });
  // the first of all takes longer
  await visit(free[0] as number, 'warm', socket => socket.end('x'.repeat(100)));
  const visits = free.flatMap(to => Object.entries(SAYS).map(([what, act]) => visit(to, what, act)));
  await Promise.all(visits);
  await happens(() => linesOf(balancer).length >= visits.length + 1);
  return linesOf(balancer).slice(1).map(toldOfStream).toSorted();
}

test('clients of mode tcp are timed while rules look at their first bytes, as by the real HAProxy', async t => {
  if (!requires(t, 'haproxy')) return;
  await assertAgree(program => runStreams(t, program));
});

test('a client that stalls is timed even where its server is not', async t => {
  const { ports, lines } = await start(t);
  assert.equal(await visit(ports['no-server'], 'silent', BODY_PART), '400');
  await until('the line', () => lines().length > 0);
  assert.match(lines().map(told).join(''), /^no-server\/s 400 cH \w+: silent$/);
});

test('a client that was too slow with its body has no more time for it behind its answer', async t => {
  const { ports } = await start(t);
  const socket = connect({ port: ports.client, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  const ended = new Promise(resolve => socket.once('end', resolve));
  let answer = '';
  socket.on('data', chunk => (answer += chunk.toString('latin1')));
  socket.write(post('silent', FLOOD_BYTES));
  await until('the answer', () => answer !== '');
  assert.match(answer, /^HTTP\/1.1 400 /);
  const dripping = setInterval(() => socket.write('x'), STEP_MS / 4);
  t.after(() => clearInterval(dripping));
  await bounded('the end', ended);
});
