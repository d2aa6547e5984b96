/** How connections of HTTP/2 clients end, what they are counted by, and what is told of them: as HAProxy 3.4 does it. */
import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { test, type TestContext } from 'node:test';
import { ask as askAdmin } from '../support/admin-client.ts';
import { ask, openHttp2 } from '../support/http2-client.ts';
import { start, type Lines } from '../support/http2-flow.ts';
import { END_HEADERS, END_STREAM, fields, frame, FrameTalk, GET, TYPE } from '../support/http2-frames.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GOODBYE = frame(TYPE.goaway, 0, 0, '\0\0\0\0\0\0\0\0');
const PING = frame(TYPE.ping, 0, 0, '12345678');

function get(id: number, path = '/'): Buffer {
  const list = GET.map(([name, value]): [string, string] => [name, name === ':path' ? path : value]);
  return frame(TYPE.headers, END_HEADERS | END_STREAM, id, fields(list));
}

async function open(t: TestContext, lines: Lines = {}): Promise<FrameTalk> {
  const origin = await startHttpOrigin(t, 's');
  const { port } = await start(t, origin, lines);
  return FrameTalk.open(t, port);
}

test('a client that says goodbye is let go, when all is served that it asked for', async t => {
  const idle = await open(t);
  idle.send(GOODBYE);
  await until('the end of an idle client', () => idle.closed);
  const busy = await open(t);
  busy.send(get(1), GOODBYE, get(3));
  await until('the end of a client that was served', () => busy.closed);
  const served = busy.frames.filter(({ type }) => type === TYPE.headers).map(({ stream }) => stream);
  assert.deepEqual(served, [1, 3]);
});

for (const rule of ['tcp-request content reject', 'http-request reject'])
  test(`${rule} ends the connection with all its requests`, async t => {
    const origin = await startRawOrigin(t, socket => void socket.resume());
    const { port } = await start(t, origin, { frontend: `${rule} if { path /no }` });
    const talk = await FrameTalk.open(t, port);
    talk.send(get(1));
    await until('a request', () => origin.count === 1);
    talk.send(get(3, '/no'));
    await until('the end', () => talk.closed);
    assert.equal(await talk.reset(3), constants.NGHTTP2_ENHANCE_YOUR_CALM);
    assert.deepEqual(talk.goaways(), [constants.NGHTTP2_ENHANCE_YOUR_CALM]);
  });

test('an idle client rests by timeout http-request where timeout http-keep-alive is not said', async t => {
  const talk = await open(t, { defaults: 'timeout http-request 200ms' });
  talk.send(get(1));
  await until('the end', () => talk.closed);
  assert.deepEqual(talk.goaways(), [constants.NGHTTP2_NO_ERROR]);
});

test('only connections that end by an error count as such', async t => {
  const admin = `${temporaryFolder(t)}/admin`;
  const origin = await startHttpOrigin(t, 's');
  const { port } = await start(t, origin, {
    global: `stats socket ${admin}`,
    defaults: 'timeout http-request 200ms',
  });
  const count = async (): Promise<string | undefined> =>
    statRows(await askAdmin(admin, 'show stat')).get('f/FRONTEND')?.['h2_goaway_resp'];
  const idle = await FrameTalk.open(t, port);
  await until('the end of an idle client', () => idle.closed);
  assert.deepEqual(idle.goaways(), [constants.NGHTTP2_NO_ERROR]);
  assert.equal(await count(), '0');
  const wrong = await FrameTalk.open(t, port);
  wrong.send(frame(TYPE.data, 0, 0, 'of no stream'));
  await until('the end of a client that errs', () => wrong.closed);
  assert.equal(await count(), '1');
});

test('by timeout client it rests from its last frame on', async t => {
  const talk = await open(t, { defaults: 'timeout client 1s' });
  const stirring = setInterval(() => talk.send(PING), 100);
  t.after(() => clearInterval(stirring));
  talk.send(get(1));
  await talk.found(TYPE.headers, 1);
  const answered = (): number => talk.frames.filter(({ type }) => type === TYPE.ping).length;
  await until('more PINGs than fit into the timeout', () => answered() > 15);
  clearInterval(stirring);
  await until('the end', () => talk.closed);
});

test('requests that are none, streams beyond the limit and broken connections count for whom they track', async t => {
  const receiver = await startLogReceiver(t);
  const admin = `${temporaryFolder(t)}/admin`;
  const origin = await startRawOrigin(t, socket => void socket.resume());
  const { port } = await start(t, origin, {
    global: `stats socket ${admin} level admin
  log 127.0.0.1:${receiver.port} local0
  tune.h2.fe.max-concurrent-streams 1`,
    defaults: 'log global\n  log-format "%ST %ts %{+Q}r glitches=%[fc_glitches]"',
    frontend: `stick-table type ip size 10 expire 1h store http_req_cnt,http_err_cnt,glitch_cnt
  tcp-request connection track-sc0 src`,
  });
  const talk = await FrameTalk.open(t, port);
  talk.send(get(1));
  await until('a request', () => origin.count === 1);
  talk.send(get(3));
  assert.equal(await talk.reset(3), constants.NGHTTP2_REFUSED_STREAM);
  talk.send(frame(TYPE.rst, 0, 1, '\0\0\0\x08'));
  await receiver.find(/400 CH "GET .*" glitches=1/);
  talk.send(frame(TYPE.headers, END_HEADERS | END_STREAM, 5, fields([['x', 'y']])));
  assert.equal(await talk.reset(5), constants.NGHTTP2_PROTOCOL_ERROR);
  talk.send(frame(TYPE.data, 0, 0, 'x'));
  await until('the end', () => talk.closed);
  await receiver.find(/"<BADREQ>" glitches=3/);
  assert.match(await askAdmin(admin, 'show table f'), /http_req_cnt=3 http_err_cnt=2 glitch_cnt=3/);
  const bad = receiver.lines.flatMap(line => /0 PR "<BADREQ>" glitches=(\d)/.exec(line)?.[1] ?? []);
  assert.deepEqual(bad, ['1', '2', '3']);
});

test('a client that leaves when its server has said all is logged with CL', async t => {
  const receiver = await startLogReceiver(t);
  const origin = await startHttpOrigin(t, 's', (_request, response) => void response.end('x'.repeat(70_000)));
  const { port } = await start(t, origin, {
    global: `log 127.0.0.1:${receiver.port} local0`,
    defaults: 'log global\n  log-format "ends %ts"',
  });
  const talk = await FrameTalk.open(t, port);
  talk.send(get(1));
  const received = (): number =>
    talk.frames
      .filter(({ type }) => type === TYPE.data)
      .reduce((sum, { payload }) => sum + payload.length, 0);
  await until('the window of the connection is full', () => received() === 65_535);
  talk.socket.destroy();
  await receiver.find(/ends CL/);
  const client = await openHttp2(t, port);
  assert.equal((await ask(client, { ':path': '/' })).status, 200);
});
