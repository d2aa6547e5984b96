/** A session against itself, against broken frames, and against nghttp2 (node:http2), in both roles. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { ask, openHttp2 } from '../support/http2-client.ts';
import { END_HEADERS, END_STREAM, fields, frame, GET, PREFACE, TYPE } from '../support/http2-frames.ts';
import { until } from '../support/until.ts';
import { converse, RecordedSession, type RecordedStream, sendHead } from './recorded-session.ts';

const REQUEST: readonly (readonly [string, string])[] = [...GET, ['x', 'y']];
const LARGE = Buffer.alloc(1 << 20, 'contents that repeat themselves. ');

for (const piece of [Infinity, 1000, 1])
  test(`a request and a response with bodies and trailers pass whole, ${piece} bytes at a time`, () => {
    const client = new RecordedSession('client');
    const server = new RecordedSession('server');
    const body = piece === 1 ? LARGE.subarray(0, 70_000) : LARGE;
    server.onOpened = stream => {
      sendHead(server, stream, [['x-head', 'h']], false);
      assert.equal(server.session.send(stream.stream, body, 0, body.length, false), false);
    };
    const asked = client.open();
    sendHead(client, asked, REQUEST, false);
    client.session.send(asked.stream, body, 0, body.length, true);
    converse(client, server, piece);
    const [served] = server.streams as [RecordedStream];
    assert.equal(served.sent, 1);
    sendHead(server, served, [['x-trailer', 't']], true);
    converse(client, server, piece);
    assert.deepEqual(served.heads, [REQUEST.map(([name, value]) => `${name}: ${value}`)]);
    assert.ok(served.body.equals(body) && served.ended && asked.body.equals(body) && asked.ended);
    assert.deepEqual(asked.heads, [['x-head: h'], ['x-trailer: t']]);
    assert.deepEqual(
      [client.closed, server.closed, client.failure, server.failure],
      [1, 1, undefined, undefined],
    );
    assert.deepEqual([client.session.openStreams, server.session.openStreams], [0, 0]);
  });

test('what is not consumed is not sent: one stream waits for its window, another goes on', () => {
  const client = new RecordedSession('client');
  const server = new RecordedSession('server', { streamWindow: 10_000, sharedWindow: 800_000 });
  server.onOpened = stream => (stream.consumes = server.streams.length > 1);
  converse(client, server);
  const [slow, fast] = [client.open(), client.open()];
  for (const one of [slow, fast]) {
    sendHead(client, one, REQUEST, false);
    client.session.send(one.stream, LARGE, 0, LARGE.length, true);
  }
  converse(client, server);
  const [held, passed] = server.streams as [RecordedStream, RecordedStream];
  // 7/8 of what the connection has left, and its own
  assert.ok(held.body.length <= 701_250 && passed.body.equals(LARGE), `${held.body.length}`);
  held.consumes = true;
  server.session.consumed(held.stream, held.body.length);
  converse(client, server);
  assert.ok(held.body.equals(LARGE) && held.ended);
});

test('a stream that is cut gives its part of the window of the connection back', () => {
  const client = new RecordedSession('client');
  const server = new RecordedSession('server', { sharedWindow: 65_535 });
  server.onOpened = stream => (stream.consumes = false);
  for (let round = 0; round < 4; round++) {
    const stream = client.open();
    sendHead(client, stream, REQUEST, false);
    client.session.send(stream.stream, LARGE, 0, 60_000, false);
    converse(client, server);
    assert.equal(server.streams.at(-1)?.body.length, 60_000);
    server.session.reset((server.streams.at(-1) as RecordedStream).stream, 8);
    converse(client, server);
    assert.deepEqual(stream.reset, [8, 'peer']);
  }
});

test('a head larger than the frames of its peer goes on in CONTINUATION, one beyond the limit is told', () => {
  const client = new RecordedSession('client');
  const server = new RecordedSession('server', { maxListBytes: 50_000 });
  for (const length of [40_000, 60_000])
    sendHead(client, client.open(), [...GET, ['x', 'y'.repeat(length)], ['z', '']], true);
  converse(client, server);
  const [fits, other] = server.streams as [RecordedStream, RecordedStream];
  assert.deepEqual([fits.tooLarge, fits.heads[0]?.[4]?.length], [false, 40_003]);
  assert.deepEqual([other.tooLarge, other.heads[0]?.length], [true, 4]);
});

test('GOAWAY: streams it leaves out are refused, those before it end well', () => {
  const client = new RecordedSession('client');
  const server = new RecordedSession('server');
  const first = client.open();
  sendHead(client, first, REQUEST, true);
  converse(client, server);
  server.session.goaway(0);
  const second = client.open();
  sendHead(client, second, REQUEST, true);
  assert.ok(client.session.mayOpen);
  converse(client, server);
  assert.deepEqual([second.reset, first.reset, client.session.mayOpen], [[7, 'refused'], undefined, false]);
  assert.equal(server.streams.length, 1);
  sendHead(server, server.streams[0] as RecordedStream, [['x', 'y']], true);
  converse(client, server);
  assert.ok(first.ended);
});

test('what servers send on streams that were reset is read and dropped, however many those were', () => {
  const client = new RecordedSession('client');
  const server = new RecordedSession('server');
  const asked = Array.from({ length: 90 }, () => client.open());
  for (const one of asked) sendHead(client, one, REQUEST, true);
  converse(client, server);
  for (const one of asked.slice(1)) client.session.reset(one.stream, 8);
  // the server answers before it hears of that
  for (const one of server.streams) sendHead(server, one, [['x', 'y']], true);
  converse(client, server);
  assert.deepEqual([client.failure, client.session.openStreams], [undefined, 0]);
  assert.deepEqual([asked[0]?.ended, asked[1]?.ended], [true, false]);
});

test('a lost connection ends its streams, and takes no more', () => {
  const client = new RecordedSession('client');
  const stream = client.open();
  sendHead(client, stream, REQUEST, false);
  client.session.lost();
  assert.deepEqual(
    [stream.reset, client.session.output.length, client.session.openStreams],
    [[0, 'lost'], 0, 0],
  );
  assert.equal(client.session.send(stream.stream, LARGE, 0, 5, true), true);
  client.session.feed(LARGE, 0, 500);
});

const HELLO = frame(TYPE.settings, 0, 0);
const headers = (id: number, flags = END_HEADERS | END_STREAM, list = GET): Buffer =>
  frame(TYPE.headers, flags, id, fields(list));
const uint32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
};
const setting = (id: number, value: number): Buffer => Buffer.concat([uint32(id).subarray(2), uint32(value)]);

/** What a client may not do, and the error of the connection. */
const FATAL: readonly (readonly [what: string, code: number, bytes: readonly Buffer[]])[] = [
  ['no preface', 1, [Buffer.from('GET / HTTP/1.1\r\n')]],
  ['no SETTINGS first', 1, [PREFACE, headers(1)]],
  ['an acknowledgement first', 1, [PREFACE, frame(TYPE.settings, 1, 0)]],
  ['a frame too large', 6, [PREFACE, HELLO, frame(TYPE.data, 0, 1, Buffer.alloc(16_385))]],
  ['DATA on no stream', 1, [PREFACE, HELLO, frame(TYPE.data, 0, 0, 'x')]],
  ['DATA on an idle stream', 1, [PREFACE, HELLO, frame(TYPE.data, 0, 1, 'x')]],
  ['RST_STREAM on an idle stream', 1, [PREFACE, HELLO, frame(TYPE.rst, 0, 1, uint32(8))]],
  ['RST_STREAM of a wrong size', 6, [PREFACE, HELLO, headers(1), frame(TYPE.rst, 0, 1, 'xxx')]],
  ['WINDOW_UPDATE on an idle stream', 1, [PREFACE, HELLO, frame(TYPE.windowUpdate, 0, 1, uint32(8))]],
  ['WINDOW_UPDATE of nothing', 1, [PREFACE, HELLO, frame(TYPE.windowUpdate, 0, 0, uint32(0))]],
  ['too large a window', 3, [PREFACE, HELLO, frame(TYPE.windowUpdate, 0, 0, uint32(0x7fffffff))]],
  ['SETTINGS of a stream', 1, [PREFACE, HELLO, frame(TYPE.settings, 0, 1)]],
  ['SETTINGS of a wrong size', 6, [PREFACE, HELLO, frame(TYPE.settings, 0, 0, 'xxx')]],
  ['an acknowledgement that says something', 6, [PREFACE, HELLO, frame(TYPE.settings, 1, 0, setting(1, 1))]],
  ['a push setting of 2', 1, [PREFACE, frame(TYPE.settings, 0, 0, setting(2, 2))]],
  ['a window setting too large', 3, [PREFACE, frame(TYPE.settings, 0, 0, setting(4, 0x80000000))]],
  ['a frame size too small', 1, [PREFACE, frame(TYPE.settings, 0, 0, setting(5, 100))]],
  ['PING of a wrong size', 6, [PREFACE, HELLO, frame(TYPE.ping, 0, 0, 'x')]],
  ['PING of a stream', 1, [PREFACE, HELLO, frame(TYPE.ping, 0, 1, '12345678')]],
  ['GOAWAY of a wrong size', 6, [PREFACE, HELLO, frame(TYPE.goaway, 0, 0, 'x')]],
  ['PUSH_PROMISE', 1, [PREFACE, HELLO, frame(5, 4, 1, uint32(2))]],
  ['CONTINUATION alone', 1, [PREFACE, HELLO, frame(TYPE.continuation, 4, 1)]],
  ['a frame amid a block', 1, [PREFACE, HELLO, headers(1, END_STREAM), frame(TYPE.ping, 0, 0, '12345678')]],
  ['CONTINUATION of another', 1, [PREFACE, HELLO, headers(1, END_STREAM), frame(TYPE.continuation, 4, 3)]],
  ['HEADERS of an even stream', 1, [PREFACE, HELLO, headers(2)]],
  ['a broken block', 9, [PREFACE, HELLO, frame(TYPE.headers, 5, 1, '\xff\xff\xff\xff\xff\xff')]],
  ['padding larger than DATA', 1, [PREFACE, HELLO, headers(1, 4), frame(TYPE.data, 8, 1, '\x05abc')]],
  ['padded DATA of nothing', 6, [PREFACE, HELLO, headers(1, 4), frame(TYPE.data, 8, 1)]],
  ['padding larger than HEADERS', 1, [PREFACE, HELLO, frame(TYPE.headers, 12, 1, '\x05abc')]],
  [
    'a stream that depends on itself',
    1,
    [PREFACE, HELLO, frame(2, 0, 1, Buffer.concat([uint32(1), LARGE.subarray(0, 1)]))],
  ],
  [
    'an endless block',
    0xb,
    [PREFACE, HELLO, headers(1, 0), ...Array.from({ length: 300 }, () => frame(TYPE.continuation, 0, 1))],
  ],
];

test('frames that break the protocol end the connection with the right error, and nothing more is read', () => {
  for (const [what, code, list] of FATAL)
    for (const piece of [Infinity, 1]) {
      const server = new RecordedSession('server');
      const bytes = Buffer.concat([...list, headers(99)]);
      for (let at = 0; at < bytes.length; at += piece)
        server.session.feed(bytes, at, Math.min(bytes.length, at + piece));
      assert.deepEqual([server.failure?.[0], server.glitches.length], [code, 1], what);
      assert.ok(
        server.streams.every(({ stream, reset }) => stream.id !== 99 && reset?.[1] === 'lost'),
        what,
      );
      const away = server.take().subarray(-17);
      assert.deepEqual([away[3], away.readUInt32BE(13)], [TYPE.goaway, code], what);
    }
});

/** What costs a stream alone, and its error. */
const OF_STREAM: readonly (readonly [what: string, code: number, bytes: readonly Buffer[]])[] = [
  ['DATA behind the end', 5, [headers(1), frame(TYPE.data, 0, 1, 'x')]],
  ['HEADERS behind the end', 5, [headers(1), headers(1)]],
  ['trailers without an end', 1, [headers(1, END_HEADERS), headers(1, END_HEADERS)]],
  ['WINDOW_UPDATE of nothing', 1, [headers(1), frame(TYPE.windowUpdate, 0, 1, uint32(0))]],
  ['too large a window', 3, [headers(1), frame(TYPE.windowUpdate, 0, 1, uint32(0x7fffffff))]],
];

test('errors of one stream reset it, count as glitches and leave others alone', () => {
  for (const [what, code, list] of OF_STREAM) {
    const server = new RecordedSession('server');
    const bytes = Buffer.concat([PREFACE, HELLO, ...list, headers(3)]);
    server.session.feed(bytes, 0, bytes.length);
    const [first, second] = server.streams as [RecordedStream, RecordedStream];
    assert.deepEqual([first.reset, second.reset], [[code, 'us'], undefined], what);
    assert.equal(server.glitches.length, 1, what);
  }
});

/** A request whose block comes in so many empty pieces behind the first. */
function inPieces(pieces: number): Buffer {
  const rest = Array.from({ length: pieces }, (_unused, index) =>
    frame(TYPE.continuation, index === pieces - 1 ? END_HEADERS : 0, 1),
  );
  return Buffer.concat([PREFACE, HELLO, headers(1, END_STREAM), ...rest]);
}

test('a block in many small pieces is as many glitches as there are sixteens of them, other odd things are none', () => {
  for (const [what, glitches, bytes] of [
    ['four empty pieces', 0, inPieces(4)],
    ['five empty pieces', 1, inPieces(5)],
    ['seventeen empty pieces', 2, inPieces(17)],
    ['DATA of nothing', 0, Buffer.concat([PREFACE, HELLO, headers(1, 4), frame(TYPE.data, 0, 1)])],
  ] as const) {
    const server = new RecordedSession('server');
    server.session.feed(bytes, 0, bytes.length);
    assert.deepEqual([server.glitches.length, server.streams.length], [glitches, 1], what);
  }
});

test('what a peer was told by GOAWAY is not said again', () => {
  const server = new RecordedSession('server');
  const bytes = Buffer.concat([PREFACE, HELLO, headers(1)]);
  server.session.feed(bytes, 0, bytes.length);
  server.take();
  for (const inFlight of [10, 0, 0]) server.session.goaway(0, inFlight);
  const told = server
    .take()
    .toString('hex')
    .match(/000008070000000000.{8}/g);
  assert.deepEqual(told, ['00000807000000000000000015', '00000807000000000000000001']);
});

test('content is held to its length, by DATA and by an end that comes too early', () => {
  for (const [length, data, isRight] of [
    [3, ['abc'], true],
    [3, ['ab', 'c', ''], true],
    [3, ['abcd'], false],
    [3, ['ab'], false],
    [0, ['a'], false],
  ] as const) {
    const server = new RecordedSession('server');
    server.onOpened = ({ stream }) => (stream.contentLeft = length);
    const frames = data.map((text, index) =>
      frame(TYPE.data, index === data.length - 1 ? END_STREAM : 0, 1, text),
    );
    const bytes = Buffer.concat([PREFACE, HELLO, headers(1, END_HEADERS), ...frames]);
    server.session.feed(bytes, 0, bytes.length);
    assert.equal(server.streams[0]?.reset === undefined, isRight, `${length}: ${data.join()}`);
  }
});

test('more streams than allowed are refused, and what a peer could not know costs it nothing', () => {
  const server = new RecordedSession('server', { maxStreams: 1 });
  const bytes = Buffer.concat([
    PREFACE,
    HELLO,
    headers(1, 4),
    headers(3),
    frame(TYPE.windowUpdate, 0, 3, uint32(5)),
  ]);
  server.session.feed(bytes, 0, bytes.length);
  assert.equal(server.streams.length, 1);
  server.session.reset((server.streams[0] as RecordedStream).stream, 8);
  const late = frame(TYPE.data, END_STREAM, 1, 'on its way');
  server.session.feed(late, 0, late.length);
  assert.deepEqual([server.glitches, server.failure], [['too many streams'], undefined]);
  const resets = server
    .take()
    .toString('hex')
    .match(/00000403.{18}/g);
  assert.deepEqual(resets, ['00000403000000000300000007', '00000403000000000100000008']);
});

/** Carries the bytes of a session over a socket. */
function drive(recorded: RecordedSession, socket: Socket): () => void {
  const flush = (): void => {
    for (let bytes = recorded.take(); bytes.length > 0; bytes = recorded.take()) socket.write(bytes);
  };
  socket.on('data', chunk => {
    recorded.session.feed(chunk, 0, chunk.length);
    flush();
  });
  flush();
  return flush;
}

test('nghttp2 as a client is served: bodies of a megabyte, trailers, many streams', async t => {
  const server = new RecordedSession('server');
  const listener = createServer(socket => {
    const flush = drive(server, socket);
    server.onOpened = stream => {
      const answer = (): void => {
        if (!stream.ended) return void setImmediate(answer);
        sendHead(server, stream, [[':status', '200']], false);
        if (server.session.send(stream.stream, stream.body, 0, stream.body.length, false))
          sendHead(server, stream, [['x-trailer', 't']], true);
        else stream.dataSent = () => void sendHead(server, stream, [['x-trailer', 't']], true);
        flush();
      };
      answer();
    };
  }).listen(0);
  t.after(() => listener.close());
  const client = await openHttp2(t, (listener.address() as AddressInfo).port);
  const answers = await Promise.all(
    [0, 10, LARGE.length].map(length =>
      ask(client, { ':method': 'POST', ':path': '/' }, { body: LARGE.subarray(0, length) }),
    ),
  );
  answers.forEach(({ body, code, trailers }, index) => {
    assert.ok(body.equals(LARGE.subarray(0, [0, 10, LARGE.length][index])));
    assert.deepEqual([code, trailers['x-trailer']], [0, 't']);
  });
  assert.equal(server.failure, undefined);
});

test('nghttp2 as a server answers: a body both ways, an interim head, a reset', async t => {
  const listener = http2.createServer().listen(0);
  listener.on('stream', (stream, asked) => {
    stream.on('error', () => undefined);
    if (asked[':path'] === '/reset') return stream.close(8);
    stream.additionalHeaders({ ':status': 103, x: 'early' });
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
    return undefined;
  });
  t.after(() => listener.close());
  await once(listener, 'listening');
  const socket = connect((listener.address() as AddressInfo).port);
  t.after(() => socket.destroy());
  const client = new RecordedSession('client');
  const flush = drive(client, socket);
  const [echo, refused] = [client.open(), client.open()];
  sendHead(
    client,
    echo,
    REQUEST.map(([n, v]) => [n, n === ':method' ? 'POST' : v] as const),
    false,
  );
  client.session.send(echo.stream, LARGE, 0, LARGE.length, true);
  sendHead(
    client,
    refused,
    GET.map(([n, v]) => [n, n === ':path' ? '/reset' : v] as const),
    true,
  );
  flush();
  await until('all of it', () => echo.ended && refused.reset !== undefined);
  assert.ok(echo.body.equals(LARGE));
  assert.deepEqual(
    echo.heads.map(head => head[0]),
    [':status: 103', ':status: 200'],
  );
  assert.deepEqual(refused.reset, [8, 'peer']);
});
