/** HTTP/2 connections from clients: flow control, tunnels, aborts, timeouts, the ways they end, and what is refused. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask as askAdmin } from '../support/admin-client.ts';
import { answerOf, ask, bounded, openHttp2 } from '../support/http2-client.ts';
import { start, startAndOpen, tells } from '../support/http2-flow.ts';
import { END_HEADERS, END_STREAM, fields, frame, FrameTalk, GET, TYPE } from '../support/http2-frames.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin, type Origin } from '../support/origin.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const MEGABYTE = 1 << 20;

test('many streams are served at a time, each with its own answer', async t => {
  const origin = await startHttpOrigin(t, 's', tells);
  const { client } = await startAndOpen(t, origin);
  const paths = Array.from({ length: 300 }, (_unused, index) => `/${index}`);
  const answers = await Promise.all(paths.map(path => ask(client, { ':path': path })));
  assert.deepEqual(
    answers.map(({ body }) => (JSON.parse(body.toString()) as { url: string }).url),
    paths,
  );
});

test('20 MB pass up and down unharmed', async t => {
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    response.writeHead(200);
    request.pipe(response);
  });
  const { port } = await start(t, origin);
  // it counts what it has not sent yet
  const client = await openHttp2(t, port, { maxSessionMemory: 100 });
  const body = Buffer.alloc(20 * MEGABYTE, 'some bytes that repeat. ');
  const answer = await ask(client, { ':method': 'POST', ':path': '/' }, { body });
  assert.equal(answer.body.length, body.length);
  assert.ok(answer.body.equals(body));
});

test('a client that does not read one stream stops the server of that stream, and no other stream', async t => {
  let written = 0;
  const origin = await startRawOrigin(t, socket => {
    socket.once('data', chunk => {
      if (!chunk.toString('latin1').startsWith('GET /big')) {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
        return;
      }
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * MEGABYTE}\r\n\r\n`);
      const more = (): void => {
        while (written < 64 * MEGABYTE) {
          written += 65_536;
          if (!socket.write(Buffer.alloc(65_536))) return void socket.once('drain', more);
        }
      };
      more();
    });
  });
  const { client } = await startAndOpen(t, origin);
  const slow = client.request({ ':path': '/big' });
  slow.on('error', () => undefined);
  await bounded('a head', once(slow, 'response'));
  let before = -1;
  await until('a pause', async () => {
    const isSame = before === written;
    before = written;
    await sleep(100);
    return isSame;
  });
  assert.ok(written < 32 * MEGABYTE, `${written} bytes were taken from the server`);
  assert.equal((await ask(client, { ':path': '/small' })).body.toString(), 'ok');
  let read = 0;
  slow.on('data', (chunk: Buffer) => (read += chunk.length));
  await bounded('the end', once(slow, 'end'));
  assert.equal(read, 64 * MEGABYTE);
});

test('a server that does not read stops its client, and no other stream', async t => {
  const origin = await startRawOrigin(t, socket => {
    socket.once('data', chunk => {
      if (chunk.toString('latin1').startsWith('POST')) socket.pause();
      else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
    });
  });
  const { client } = await startAndOpen(t, origin);
  const stuck = client.request({ ':method': 'POST', ':path': '/' });
  stuck.on('error', () => undefined);
  let taken = 0;
  const push = (): void => {
    stuck.write(Buffer.alloc(65_536), error => {
      if (error !== null && error !== undefined) return;
      taken += 65_536;
      if (taken < 64 * MEGABYTE) push();
    });
  };
  push();
  let before = -1;
  await until('a pause', async () => {
    const isSame = before === taken;
    before = taken;
    await sleep(100);
    return isSame;
  });
  assert.ok(taken < 32 * MEGABYTE, `${taken} bytes were taken from the client`);
  assert.equal((await ask(client, { ':path': '/' })).body.toString(), 'ok');
});

async function startWebsocketOrigin(t: TestContext, isHonest = true): Promise<Origin> {
  return startRawOrigin(t, socket => {
    socket.once('data', chunk => {
      const text = chunk.toString('latin1');
      const key = /^sec-websocket-key: (.*)\r$/im.exec(text)?.[1] ?? '';
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      assert.match(text, /^GET \/chat HTTP\/1.1\r\n/);
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n' +
          `Sec-WebSocket-Accept: ${isHonest ? accept : 'wrong'}\r\n\r\n`,
      );
      socket.on('data', more => socket.write(`echo ${more.toString('latin1')}`));
      socket.on('end', () => socket.end());
    });
  });
}

const WEBSOCKET = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', ':scheme': 'http' };

test('a websocket by extended CONNECT is an upgrade to the server, and bytes both ways', async t => {
  const { client, port } = await startAndOpen(t, await startWebsocketOrigin(t));
  if (client.remoteSettings?.enableConnectProtocol !== true) await once(client, 'remoteSettings');
  const stream = client.request({ ...WEBSOCKET, ':authority': `127.0.0.1:${port}` });
  const [headers] = (await bounded('an answer', once(stream, 'response'))) as [Record<string, unknown>];
  assert.equal(headers[':status'], 200);
  assert.deepEqual([headers['upgrade'], headers['sec-websocket-accept']], [undefined, undefined]);
  stream.write('hello');
  const [first] = (await bounded('an echo', once(stream, 'data'))) as [Buffer];
  assert.equal(first.toString(), 'echo hello');
  stream.end();
  await bounded('the end', once(stream, 'end'));
});

test('a websocket server that did not understand the key is a bad gateway', async t => {
  const { client, port } = await startAndOpen(t, await startWebsocketOrigin(t, false));
  if (client.remoteSettings?.enableConnectProtocol !== true) await once(client, 'remoteSettings');
  const answer = await answerOf(client.request({ ...WEBSOCKET, ':authority': `127.0.0.1:${port}` }));
  assert.equal(answer.status, 502);
});

test('CONNECT opens a tunnel, and reset by the client closes the connection to the server', async t => {
  const ended = { count: 0 };
  const origin = await startRawOrigin(t, socket => {
    socket.once('data', chunk => {
      assert.match(chunk.toString('latin1'), /^CONNECT host:443 HTTP\/1.1\r\n/);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.on('data', more => socket.write(more));
    });
    socket.on('end', () => ended.count++);
  });
  const { client } = await startAndOpen(t, origin);
  const stream = client.request({ ':method': 'CONNECT', ':authority': 'host:443' });
  stream.on('error', () => undefined);
  await bounded('an answer', once(stream, 'response'));
  stream.write('ping');
  assert.equal(String((await bounded('an echo', once(stream, 'data')))[0]), 'ping');
  stream.close(constants.NGHTTP2_CANCEL);
  await until('the end of the server connection', () => ended.count === 1);
});

test('a request that its client resets is aborted at the server, and logged so', async t => {
  const receiver = await startLogReceiver(t);
  let asked = 0;
  let closed = 0;
  const origin = await startRawOrigin(t, socket => {
    socket.on('close', () => closed++);
    socket.once('data', () => asked++);
  });
  const { client } = await startAndOpen(t, origin, {
    global: `log 127.0.0.1:${receiver.port} local0`,
    defaults: 'log global\n  option httplog',
  });
  const stream = client.request({ ':path': '/' });
  stream.on('error', () => undefined);
  await until('a request', () => asked === 1);
  stream.close(constants.NGHTTP2_CANCEL);
  await until('the end of the server connection', () => closed === 1);
  await receiver.find(/ CH-- .*"GET http:\/\/[^ ]* HTTP\/2.0"/);
});

test('logs tell the stream of a client, and what it was reset with', async t => {
  const receiver = await startLogReceiver(t);
  const origin = await startRawOrigin(t, socket => void socket.resume());
  const { client } = await startAndOpen(t, origin, {
    global: `log 127.0.0.1:${receiver.port} local0`,
    defaults:
      'log global\n  log-format "%[fs.id] %[fs.rst_code] <%[fs.debug_str(1)]> %[fc_settings_streams_limit]"',
  });
  const stream = client.request({ ':path': '/' });
  stream.on('error', () => undefined);
  await until('a request', () => origin.count === 1);
  stream.close(constants.NGHTTP2_CANCEL);
  await receiver.find(/1 8 <h2s\.id=1 \.rst=8> 100/);
});

test('tune.h2.log-errors logs requests and connections that are malformed, or those alone, or none', async t => {
  const origin = await startHttpOrigin(t, 's');
  const upper = frame(TYPE.headers, END_HEADERS | END_STREAM, 1, fields([...GET, ['X', 'y']]));
  for (const [level, logged] of [
    ['stream', 2],
    ['connection', 1],
    ['none', 0],
  ] as const) {
    const receiver = await startLogReceiver(t);
    const { port } = await start(t, origin, {
      global: `log 127.0.0.1:${receiver.port} local0\n  tune.h2.log-errors ${level}`,
      defaults: 'log global\n  option httplog',
    });
    const talk = await FrameTalk.open(t, port);
    talk.send(upper, frame(TYPE.data, 0, 9, 'x'));
    await until('the end', () => talk.closed);
    const client = await openHttp2(t, port);
    await ask(client, { ':path': '/last' });
    await receiver.find(/"GET [^ ]*\/last HTTP\/2.0"/);
    const bad = receiver.lines.filter(line =>
      / f f\/<NOSRV> -1\/-1\/-1\/-1\/\d+ 0 0 - - PR-- .*"<BADREQ>"/.test(line),
    );
    assert.equal(bad.length, logged, level);
  }
});

test('requests of a client that closes its connection are aborted', async t => {
  let closed = 0;
  const origin = await startRawOrigin(t, socket => {
    // by a reset, or by FIN where the connection has only just been made
    socket.on('close', () => closed++).on('end', () => socket.end());
    socket.resume();
  });
  const { client } = await startAndOpen(t, origin);
  for (const path of ['/1', '/2', '/3']) client.request({ ':path': path }).on('error', () => undefined);
  await until('three connections', () => origin.count === 3);
  client.destroy();
  await until('their end', () => closed === 3);
});

test('a client is sent away by GOAWAY after timeout http-keep-alive, or one that never asks', async t => {
  const origin = await startHttpOrigin(t, 's');
  const { client, port } = await startAndOpen(t, origin, {
    defaults: 'timeout http-keep-alive 200ms\n  timeout http-request 300ms',
  });
  assert.equal((await ask(client, { ':path': '/' })).status, 200);
  const goaway = once(client, 'goaway');
  await bounded('a goodbye', goaway);
  await bounded('the end', client.closed ? Promise.resolve([]) : once(client, 'close'));
  const silent = await FrameTalk.open(t, port);
  assert.equal(await silent.goaway(), constants.NGHTTP2_NO_ERROR);
  await until('the end', () => silent.closed);
});

test('a server that is silent is a 504 by HTTP/2, a client that sends no body a 408', async t => {
  const origin = await startRawOrigin(t, socket => void socket.resume());
  const { client } = await startAndOpen(t, origin, { defaults: 'timeout server 300ms' });
  assert.equal((await ask(client, { ':path': '/' })).status, 504);
  const other = await startAndOpen(t, origin, {
    defaults: 'timeout client 300ms',
    frontend: 'http-request wait-for-body time 200ms\n  option http-buffer-request',
  });
  const stream = other.client.request({ ':method': 'POST', ':path': '/', 'content-length': 5 });
  assert.equal((await answerOf(stream)).status, 408);
});

test('a soft stop lets requests end, and sends their client away', async t => {
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    request.resume();
    setTimeout(() => response.end('late'), 500);
  });
  const { client, balancer } = await startAndOpen(t, origin);
  const answered = ask(client, { ':path': '/' });
  await until('a request', () => origin.count === 1);
  const stopped = balancer.stop('SIGUSR1');
  const answer = await answered;
  assert.deepEqual([answer.status, answer.body.toString()], [200, 'late']);
  assert.equal(await bounded('the end of the program', stopped), 0);
});

test('tune.h2.fe.max-total-streams ends a connection, tune.h2.fe.max-concurrent-streams is announced', async t => {
  const origin = await startHttpOrigin(t, 's');
  const { client } = await startAndOpen(t, origin, {
    global: 'tune.h2.fe.max-total-streams 2\n  tune.h2.fe.max-concurrent-streams 7',
  });
  const goaway = once(client, 'goaway');
  assert.equal((await ask(client, { ':path': '/' })).status, 200);
  assert.equal(client.remoteSettings.maxConcurrentStreams, 7);
  assert.equal((await ask(client, { ':path': '/' })).status, 200);
  await bounded('a goodbye', goaway);
});

test('show stat tells connections, streams and frames of HTTP/2', async t => {
  const origin = await startHttpOrigin(t, 's');
  const admin = `${temporaryFolder(t)}/admin`;
  const { port } = await start(t, origin, { global: `stats socket ${admin}` });
  const talk = await FrameTalk.open(t, port);
  talk.send(frame(TYPE.headers, END_HEADERS | END_STREAM, 1, fields(GET)));
  await talk.found(TYPE.data, 1);
  talk.send(frame(TYPE.goaway, 0, 0, '\0'.repeat(8)));
  const wanted = {
    req_tot: '1',
    h2sess: '1',
    h2req: '1',
    h2_headers_rcvd: '1',
    h2_settings_rcvd: '1',
    h2_goaway_rcvd: '1',
    h2_total_connections: '1',
    h2_backend_open_streams: '0',
    h2_backend_total_streams: '1',
  };
  await until('the counts', async () => {
    const row = statRows(await askAdmin(admin, 'show stat')).get('f/FRONTEND');
    return Object.entries(wanted).every(([column, value]) => row?.[column] === value);
  });
});

/** Requests that HTTP/2 forbids, and what their streams are reset with. */
const MALFORMED: readonly (readonly [what: string, list: readonly (readonly [string, string])[]])[] = [
  ['an upper-case name', [...GET, ['X-Name', 'v']]],
  ['a connection field', [...GET, ['connection', 'close']]],
  ['a transfer coding', [...GET, ['transfer-encoding', 'chunked']]],
  ['an upgrade', [...GET, ['upgrade', 'h2c']]],
  ['te other than trailers', [...GET, ['te', 'gzip']]],
  ['a pseudo-field behind others', [...GET.slice(1), ['x', 'y'], [':method', 'GET']]],
  ['a pseudo-field twice', [...GET, [':path', '/']]],
  ['an unknown pseudo-field', [...GET, [':what', '/']]],
  ['a line end in a value', [...GET, ['x', 'a\r\ny: b']]],
  ['a NUL in a value', [...GET, ['x', 'a\0b']]],
  ['a colon in a name', [...GET, ['a:b', 'c']]],
  ['a field of responses', [...GET, [':status', '200']]],
  ['no method', GET.slice(1)],
  ['no path', GET.filter(([name]) => name !== ':path')],
  ['no scheme', GET.filter(([name]) => name !== ':scheme')],
  ['an empty path', GET.map(([name, value]) => [name, name === ':path' ? '' : value] as const)],
  ['a path that is none', GET.map(([name, value]) => [name, name === ':path' ? 'x' : value] as const)],
  ['a path with a fragment', GET.map(([name, value]) => [name, name === ':path' ? '/#x' : value] as const)],
  [
    'an authority with a path',
    GET.map(([name, value]) => [name, name === ':authority' ? 'a/b' : value] as const),
  ],
  ['two lengths', [...GET, ['content-length', '1'], ['content-length', '2']]],
  ['a length without a body', [...GET, ['content-length', '5']]],
  ['an empty method', GET.map(([name, value]) => [name, name === ':method' ? '' : value] as const)],
];

test('malformed requests reset their streams with PROTOCOL_ERROR, reach no server, and harm no other', async t => {
  const origin = await startHttpOrigin(t, 's');
  const { port } = await start(t, origin);
  for (const [what, list] of MALFORMED) {
    const talk = await FrameTalk.open(t, port);
    talk.send(
      frame(TYPE.headers, END_HEADERS | END_STREAM, 1, fields(list)),
      frame(TYPE.headers, END_HEADERS | END_STREAM, 3, fields(GET)),
    );
    assert.equal(await talk.reset(1, what), constants.NGHTTP2_PROTOCOL_ERROR, what);
    await talk.found(TYPE.data, 3);
    talk.socket.destroy();
  }
  assert.equal(origin.count, MALFORMED.length);
});

test('a request without any authority is served, one for all with a method of one is a 400', async t => {
  const origin = await startRawOrigin(t, socket => {
    socket.on('data', () => socket.write('HTTP/1.1 204 No\r\n\r\n'));
  });
  const { port } = await start(t, origin);
  const statusOf = async (list: readonly (readonly [string, string])[]): Promise<number | undefined> => {
    const talk = await FrameTalk.open(t, port);
    talk.send(frame(TYPE.headers, END_HEADERS | END_STREAM, 1, fields(list)));
    return (await talk.found(TYPE.headers, 1)).payload[0];
  };
  // indexes of the static table: 204, 400
  assert.equal(await statusOf(GET.filter(([name]) => name !== ':authority')), 0x89);
  assert.equal(await statusOf(GET.map(([n, v]) => [n, n === ':path' ? '*' : v] as const)), 0x8c);
  assert.equal(await statusOf(GET.map(([n, v]) => [n, n === ':scheme' ? 'a/b' : v] as const)), 0x8c);
});

test('frames that break the protocol end their connection, each with its error', async t => {
  const origin = await startHttpOrigin(t, 's');
  const { port } = await start(t, origin, { defaults: 'timeout client 500ms' });
  const request = frame(TYPE.headers, END_HEADERS | END_STREAM, 1, fields(GET));
  const later = frame(TYPE.headers, END_HEADERS | END_STREAM, 3, fields(GET));
  const wrong: readonly (readonly [what: string, error: number, frames: readonly Buffer[]])[] = [
    ['DATA on stream 0', constants.NGHTTP2_PROTOCOL_ERROR, [frame(TYPE.data, 0, 0, 'x')]],
    ['a PING of the wrong size', constants.NGHTTP2_FRAME_SIZE_ERROR, [frame(TYPE.ping, 0, 0, 'x')]],
    [
      'a broken header block',
      constants.NGHTTP2_COMPRESSION_ERROR,
      [frame(TYPE.headers, 5, 1, '\xff\xff\xff\xff\xff\xff')],
    ],
    [
      'a frame that is too large',
      constants.NGHTTP2_FRAME_SIZE_ERROR,
      [frame(TYPE.data, 0, 1, 'x'.repeat(20_000))],
    ],
    ['CONTINUATION without HEADERS', constants.NGHTTP2_PROTOCOL_ERROR, [frame(TYPE.continuation, 4, 1)]],
    ['DATA on an idle stream', constants.NGHTTP2_PROTOCOL_ERROR, [request, frame(TYPE.data, 0, 3, 'x')]],
    ['a stream that is over', constants.NGHTTP2_STREAM_CLOSED, [later, request]],
  ];
  for (const [what, error, frames] of wrong) {
    const talk = await FrameTalk.open(t, port);
    talk.send(...frames);
    await until(`the end after ${what}`, () => talk.closed);
    assert.ok(talk.goaways().includes(error), `${what}: ${talk.goaways().join()}`);
  }
  const client = await openHttp2(t, port);
  assert.equal((await ask(client, { ':path': '/' })).status, 200);
});

test('a client that resets what it asks for, over and over, is sent away', async t => {
  const origin = await startRawOrigin(t, socket => void socket.resume());
  const { port, balancer } = await start(t, origin, { global: 'tune.h2.fe.glitches-threshold 50' });
  const talk = await FrameTalk.open(t, port);
  const pairs = Array.from({ length: 200 }, (_unused, index) => 2 * index + 1).map(id =>
    Buffer.concat([
      frame(TYPE.headers, END_HEADERS | END_STREAM, id, fields(GET)),
      frame(TYPE.rst, 0, id, '\0\0\0\x08'),
    ]),
  );
  talk.send(...pairs);
  await until('the end', () => talk.closed);
  assert.ok(talk.goaways().includes(constants.NGHTTP2_ENHANCE_YOUR_CALM));
  assert.equal(origin.count, 0);
  const client = await openHttp2(t, port);
  client.close();
  assert.equal(balancer.process.exitCode, null);
});

test('floods of SETTINGS, PING and CONTINUATION cost their own connection', async t => {
  const origin = await startHttpOrigin(t, 's');
  const { port } = await start(t, origin);
  const floods: readonly (readonly [string, Buffer])[] = [
    ['CONTINUATION', frame(TYPE.continuation, 0, 1, fields([['x', 'y'.repeat(100)]]))],
    ['SETTINGS', frame(TYPE.settings, 0, 0, '\0\x03\0\0\0\x64')],
    ['PING', frame(TYPE.ping, 0, 0, '12345678')],
  ];
  for (const [what, flood] of floods) {
    const talk = await FrameTalk.open(t, port);
    talk.socket.pause();
    if (what === 'CONTINUATION') talk.send(frame(TYPE.headers, END_STREAM, 1, fields(GET)));
    for (let round = 0; round < 200 && !talk.closed; round++) {
      talk.send(...Array.from({ length: 100 }, () => flood));
      await sleep(1);
    }
    talk.socket.destroy();
    const client = await openHttp2(t, port);
    assert.equal((await ask(client, { ':path': '/' })).status, 200, what);
    client.close();
  }
});
