/** Connections of HTTP/2 to servers: what shares one, what is tried again elsewhere, how they end, what is counted. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask as askAdmin } from '../support/admin-client.ts';
import { bounded } from '../support/http2-client.ts';
import { start as startFlow, type Lines } from '../support/http2-flow.ts';
import { answerWhen, startHttp2Origin, type Http2Origin, type Http2Serve } from '../support/http2-origin.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startRawOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until, untilMatches } from '../support/until.ts';

/** The status; 0: the answer was cut off. */
async function ask(port: number, path = '/', agent: Agent | false = false): Promise<number> {
  // what may not be repeated
  const method = path === '/slow' ? 'POST' : 'GET';
  const request = httpRequest({ port, host: '127.0.0.1', path, method, agent });
  request.end();
  const [response] = await bounded('a response', once(request, 'response'));
  response.resume();
  response.on('error', () => undefined);
  await bounded('its end', new Promise<void>(resolve => response.on('close', () => resolve())));
  return response.complete ? response.statusCode : 0;
}

async function start(
  t: TestContext,
  lines: Lines & { readonly servers: readonly string[] },
): Promise<number> {
  return (await startFlow(t, lines.servers, lines)).port;
}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>(resolve => (open = resolve));
  return { opened, open: () => open() };
}

const streamsOf = ({ sessions }: Http2Origin): number[] => sessions.map(({ streams }) => streams);
const openOf = ({ sessions }: Http2Origin): number => sessions.reduce((sum, { open }) => sum + open, 0);

/** So many more requests at a time, each of a client of its own, all of which the server has. */
async function askAtOnce(port: number, origin: Http2Origin, count: number, held: Gate): Promise<number[]> {
  const before = openOf(origin);
  const answers = Promise.all(Array.from({ length: count }, () => ask(port)));
  await until('all requests', () => openOf(origin) === before + count);
  held.open();
  return answers;
}

test('http-reuse always: requests of all clients share connections, as many as tune.h2.be allows', async t => {
  const held = gate();
  const origin = await startHttp2Origin(t, answerWhen(held.opened));
  const global = 'tune.h2.be.max-concurrent-streams 4';
  const port = await start(t, {
    global,
    backend: 'http-reuse always',
    servers: [`${origin.address} proto h2`],
  });
  const first = ask(port);
  await until('the first request', () => openOf(origin) === 1);
  const statuses = await askAtOnce(port, origin, 9, held);
  assert.deepEqual(
    [await first, ...statuses],
    Array.from({ length: 10 }, () => 200),
  );
  assert.equal(Math.max(...origin.sessions.map(({ most }) => most)), 4);
  assert.ok(origin.sessions.length <= 7, `${origin.sessions.length} connections`);
});

test('http-reuse safe: clients do not share one at the same time, but one after the other', async t => {
  const held = gate();
  const origin = await startHttp2Origin(t, answerWhen(held.opened));
  const port = await start(t, { servers: [`${origin.address} proto h2`] });
  await askAtOnce(port, origin, 3, held);
  assert.deepEqual(streamsOf(origin), [1, 1, 1]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  for (let times = 0; times < 4; times++) await ask(port, '/', agent);
  assert.ok(streamsOf(origin).length <= 4 && Math.max(...streamsOf(origin)) >= 4, streamsOf(origin).join());
});

test('http-reuse never: each client has its own', async t => {
  const origin = await startHttp2Origin(t);
  const port = await start(t, { backend: 'http-reuse never', servers: [`${origin.address} proto h2`] });
  for (let client = 0; client < 2; client++) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    for (let times = 0; times < 3; times++) assert.equal(await ask(port, '/', agent), 200);
  }
  assert.deepEqual(streamsOf(origin), [3, 3]);
});

test('the server says how many streams it takes; more wait for their turn', async t => {
  const origin = await startHttp2Origin(t, stream => void setTimeout(() => answer(stream), 20), {
    settings: { maxConcurrentStreams: 2 },
  });
  const port = await start(t, { backend: 'http-reuse always', servers: [`${origin.address} proto h2`] });
  const statuses = await Promise.all(Array.from({ length: 20 }, () => ask(port)));
  assert.ok(statuses.every(status => status === 200));
  assert.ok(origin.sessions.every(({ most }) => most <= 2));
});

const answer = (stream: Parameters<Http2Serve>[0]): void => {
  if (stream.destroyed) return;
  stream.respond({ ':status': 200, 'content-length': 2 });
  stream.end('ok');
};

test('max-reuse counts the requests of a connection', async t => {
  const origin = await startHttp2Origin(t);
  const port = await start(t, {
    backend: 'http-reuse always',
    servers: [`${origin.address} proto h2 max-reuse 2`],
  });
  for (let times = 0; times < 7; times++) assert.equal(await ask(port), 200);
  assert.deepEqual(streamsOf(origin), [3, 3, 1]);
});

// ── what is tried again ──

const REFUSED_STREAM = 7;

/** Refuses its second stream, in that way, and serves all others. */
function refusesOnce(how: (stream: Parameters<Http2Serve>[0]) => void): Http2Serve {
  let count = 0;
  return stream => (++count === 2 ? how(stream) : answer(stream));
}

const REFUSALS: readonly (readonly [what: string, how: (stream: Parameters<Http2Serve>[0]) => void])[] = [
  ['REFUSED_STREAM', stream => stream.close(REFUSED_STREAM)],
  ['GOAWAY that does not cover it', stream => stream.session?.goaway(0, 1)],
];

for (const [what, how] of REFUSALS)
  test(`a request that was not looked at is sent again: ${what}`, async t => {
    const origin = await startHttp2Origin(t, refusesOnce(how));
    const port = await start(t, { backend: 'http-reuse always', servers: [`${origin.address} proto h2`] });
    assert.deepEqual([await ask(port), await ask(port, '/slow')], [200, 200]);
    assert.equal(streamsOf(origin)[0], what === 'REFUSED_STREAM' ? 3 : 2);
  });

test('a stream that is reset before its answer is a 502, and is sent again where retry-on says so', async t => {
  for (const [words, status] of [
    ['', 502],
    ['retry-on empty-response', 200],
  ] as const) {
    const origin = await startHttp2Origin(
      t,
      refusesOnce(stream => stream.close(2)),
    );
    const backend = `http-reuse always\n  ${words}`;
    const port = await start(t, { backend, servers: [`${origin.address} proto h2`] });
    assert.deepEqual([await ask(port), await ask(port, '/slow')], [200, status], words);
  }
});

test('a connection that breaks fails all its streams, and no other one', async t => {
  const held = gate();
  const logs = await startLogReceiver(t);
  const origin = await startHttp2Origin(t, (stream, headers, raw) => {
    if (headers[':path'] === '/good') return answer(stream);
    if (headers[':path'] === '/begun') {
      stream.respond({ ':status': 200 });
      stream.write('some');
    }
    return answerWhen(held.opened)(stream, headers, raw);
  });
  const frontend = `log 127.0.0.1:${logs.port} local0\n  log-format "%HP %ST %ts"`;
  const port = await start(t, {
    frontend,
    backend: 'http-reuse always',
    servers: [`${origin.address} proto h2`],
  });
  const first = ask(port, '/slow');
  await until('a stream', () => openOf(origin) === 1);
  const others = [ask(port, '/slow'), ask(port, '/begun')];
  await until('three streams', () => openOf(origin) === 3);
  assert.equal(origin.sessions.length, 1);
  await sleep(50);
  origin.sessions[0]?.session.destroy();
  assert.deepEqual(await Promise.all([first, ...others]), [502, 502, 0]);
  assert.equal(await ask(port, '/good'), 200);
  await logs.find(/\/slow 502 SH/);
  await logs.find(/\/begun 200 SD/);
});

test('GOAWAY lets what is under way end, and the next request goes elsewhere', async t => {
  const held = gate();
  const origin = await startHttp2Origin(t, (stream, headers, raw) => {
    if (headers[':path'] === '/slow') return answerWhen(held.opened)(stream, headers, raw);
    return answer(stream);
  });
  const port = await start(t, { backend: 'http-reuse always', servers: [`${origin.address} proto h2`] });
  const slow = ask(port, '/slow');
  await until('a stream', () => openOf(origin) === 1);
  origin.sessions[0]?.session.goaway(0, 1);
  await sleep(50);
  assert.equal(await ask(port), 200);
  held.open();
  assert.equal(await slow, 200);
  assert.equal(origin.sessions.length, 2);
});

test('a server that never answers costs its request a 504, and the connection serves on', async t => {
  const origin = await startHttp2Origin(t, (stream, headers) => {
    if (headers[':path'] !== '/never') answer(stream);
  });
  const defaults = 'timeout server 300ms';
  const port = await start(t, {
    defaults,
    backend: 'http-reuse always',
    servers: [`${origin.address} proto h2`],
  });
  assert.deepEqual(await Promise.all([ask(port, '/never'), ask(port)]), [504, 200]);
  assert.equal(await ask(port), 200);
});

test('a peer that does not speak HTTP/2 is a 502', async t => {
  const { address } = await startRawOrigin(t, socket => void socket.end('HTTP/1.1 400 Bad\r\n\r\n'));
  const port = await start(t, { backend: 'retries 0', servers: [`${address} proto h2`] });
  assert.equal(await ask(port), 502);
});

test('a peer that says nothing is a 504', async t => {
  const { address } = await startRawOrigin(t, () => undefined);
  const port = await start(t, { defaults: 'timeout server 300ms', servers: [`${address} proto h2`] });
  assert.equal(await ask(port), 504);
});

test('a connection on which nothing comes any more is given up', async t => {
  let sessions = 0;
  const origin = await startHttp2Origin(t, stream => {
    if (origin.sessions.length > 1 || stream.id === 1) answer(stream);
    else sessions = origin.sessions.length;
  });
  const port = await start(t, {
    defaults: 'timeout server 1200ms',
    backend: 'http-reuse always',
    servers: [`${origin.address} proto h2`],
  });
  assert.deepEqual([await ask(port), await ask(port, '/slow'), await ask(port)], [200, 504, 200]);
  assert.deepEqual([sessions, origin.sessions.length], [1, 2]);
});

// ── at rest ──

test('connections that rest are purged, with a goodbye', async t => {
  const origin = await startHttp2Origin(t);
  const port = await start(t, { servers: [`${origin.address} proto h2 pool-purge-delay 100ms`] });
  assert.equal(await ask(port), 200);
  await until('a goodbye', () => origin.goaways.includes(0));
});

test('idle-ping: a connection that rests and does not answer is closed', async t => {
  // answers the first request, acknowledges nothing else
  const { address } = await startRawOrigin(t, socket => {
    socket.write(Buffer.from('000000040000000000', 'hex'));
    socket.on('data', chunk => {
      if (chunk.includes('/asked'))
        socket.write(Buffer.from('0000010105000000018900', 'hex').subarray(0, 10));
      if (chunk.includes(Buffer.from('0000080600', 'hex'))) pings++;
    });
    socket.on('end', () => ends++);
    socket.on('close', () => ends++);
  });
  let pings = 0;
  let ends = 0;
  const port = await start(t, { servers: [`${address} proto h2 idle-ping 200ms pool-purge-delay 1m`] });
  assert.equal(await ask(port, '/asked'), 204);
  await until('an end', () => ends > 0);
  assert.equal(pings, 1);
});

test('idle-ping: a connection whose server answers is kept', async t => {
  const origin = await startHttp2Origin(t);
  const port = await start(t, {
    backend: 'http-reuse always',
    servers: [`${origin.address} proto h2 idle-ping 100ms pool-purge-delay 1m`],
  });
  assert.equal(await ask(port), 200);
  await sleep(600);
  assert.equal(await ask(port), 200);
  assert.deepEqual(streamsOf(origin), [2]);
});

test('what connections do is counted for the backend', async t => {
  const origin = await startHttp2Origin(t, stream => {
    if (stream.id === 7) stream.close(2);
    else if (stream.id === 9) stream.close(REFUSED_STREAM);
    else answer(stream);
  });
  const socket = `${temporaryFolder(t)}/admin`;
  const global = `stats socket ${socket}`;
  const port = await start(t, {
    global,
    backend: 'http-reuse always',
    servers: [`${origin.address} proto h2`],
  });
  for (const path of ['/', '/', '/', '/slow', '/slow']) await ask(port, path);
  const text = await untilMatches(async () => askAdmin(socket, 'show stat typed'), /h2_total_connections/);
  const value = (column: string): string | undefined =>
    new RegExp(`^B\\.\\d+\\.\\d+\\.\\d+\\.${column}\\.\\d+:[^\\n]*:(\\d+)$`, 'm').exec(text)?.[1];
  const wanted = {
    h2_total_connections: '1',
    h2_backend_total_streams: '6',
    // what was refused is given back, too
    h2_backend_open_streams: '0',
    h2_headers_rcvd: '4',
    h2_data_rcvd: '4',
    h2_rst_stream_rcvd: '2',
    // none of it was HTTP/1
    h1_total_connections: '0',
    h1_total_streams: '0',
    h1_open_connections: '0',
  };
  for (const [column, count] of Object.entries(wanted)) assert.equal(value(column), count, column);
});

// ── checks ──

const CHECKED: readonly (readonly [words: string, isUp: boolean])[] = [
  ['proto h2 check', true],
  ['check check-proto h2', true],
  ['check', false],
];

for (const [words, isUp] of CHECKED)
  test(`checks of a server with '${words}' ${isUp ? 'speak' : 'do not speak'} HTTP/2`, async t => {
    const paths: string[] = [];
    const origin = await startHttp2Origin(t, (stream, headers) => {
      paths.push(`${headers[':method']} ${headers[':path']} ${headers.host}`);
      answer(stream);
    });
    const logs = await startLogReceiver(t);
    const checks = 'option httpchk\n  http-check send meth GET uri /up hdr host check.example';
    const backend = `log 127.0.0.1:${logs.port} local0\n  option log-health-checks\n  ${checks}`;
    await start(t, { backend, servers: [`${origin.address} ${words} inter 100ms`] });
    await logs.find(isUp ? /check for server b\/s0 succeeded.*code: 200/ : /check for server b\/s0 failed/);
    assert.deepEqual([...new Set(paths)], isUp ? ['GET /up check.example'] : []);
  });
