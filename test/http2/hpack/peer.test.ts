/** The codec beside an independent one: what nghttp2 (node:http2) writes is read, what is written nghttp2 reads. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type Settings } from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { HpackDecoder } from '../../../src/http2/hpack/decoder.ts';
import { HpackEncoder } from '../../../src/http2/hpack/encoder.ts';
import { STATIC_NAMES, STATIC_VALUES } from '../../../src/http2/hpack/static-table.ts';
import { fieldsOf, type Fields } from '../../support/hpack-blocks.ts';
import { bounded } from '../../support/http2-client.ts';
import { END_HEADERS, END_STREAM, frame, FrameTalk, PREFACE, TYPE } from '../../support/http2-frames.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import { until } from '../../support/until.ts';

const HEADER_TABLE_SIZE = 1;
const SETTINGS_ACK = 1;

interface Pair {
  readonly client: ClientHttp2Session;
  /** The server's end, its preface cut off. */
  readonly talk: FrameTalk;
}

/** A client of node:http2, which has seen the server's SETTINGS, and a server that knows of frames only. */
async function connected(t: TestContext, tableBytes: number, settings: Settings = {}): Promise<Pair> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    settings,
    maxHeaderListPairs: 1000,
  });
  client.on('error', () => undefined);
  t.after(() => client.destroy());
  const [socket] = await accepted;
  await until('the preface', () => socket.readableLength >= PREFACE.length);
  assert.deepEqual(socket.read(PREFACE.length), PREFACE);
  const talk = new FrameTalk(socket);
  const ours = Buffer.alloc(6);
  ours.writeUInt16BE(HEADER_TABLE_SIZE, 0);
  ours.writeUInt32BE(tableBytes, 2);
  talk.send(frame(TYPE.settings, 0, 0, ours), frame(TYPE.settings, SETTINGS_ACK, 0));
  await until('our SETTINGS acknowledged', () =>
    talk.frames.some(({ type, flags }) => type === TYPE.settings && flags === SETTINGS_ACK),
  );
  return { client, talk };
}

/** The block of a stream, CONTINUATION frames joined. */
async function blockOf({ talk }: Pair, stream: number): Promise<Buffer> {
  const frames = (): FrameTalk['frames'] =>
    talk.frames.filter(
      ({ type, stream: of }) => of === stream && (type === TYPE.headers || type === TYPE.continuation),
    );
  await until(`the block of stream ${stream}`, () =>
    frames().some(({ flags }) => (flags & END_HEADERS) !== 0),
  );
  // node:http2 adds a priority of five bytes
  return Buffer.concat(frames().map(({ flags, payload }) => payload.subarray((flags & 0x20) === 0 ? 0 : 5)));
}

/** Texts that Huffman code makes shorter, with one symbol each that is rare; control characters are not let through. */
const EVERY_SYMBOL = Array.from({ length: 256 }, (_, byte) => byte)
  .filter(byte => byte > 0x20 && byte !== 0x7f)
  .map(byte => [`x-${byte}`, `${'e'.repeat(9)}${String.fromCharCode(byte)}${'ao'.repeat(5)}`] as const);

/** What node:http2 joins, checks or forbids. */
const KEPT_APART = /^(?::|cookie|host|transfer-encoding|content-length|set-cookie)/;
const STATIC = STATIC_NAMES.map((name, index) => [name, STATIC_VALUES[index] || 'x'] as const).filter(
  ([name]) => name !== '' && !KEPT_APART.test(name),
);

function drawnLists(): readonly Fields[] {
  const below = randomNumbers(7);
  return Array.from({ length: 30 }, () =>
    Array.from({ length: below(30) }, (_, index) => {
      const value = String.fromCharCode(...Array.from({ length: below(400) }, () => 0x21 + below(94)));
      return [`n${index}-${below(3)}`, below(2) === 0 ? value : 'same'] as const;
    }),
  );
}

for (const [tableBytes, name] of [
  [4096, 'the initial size'],
  [0, 'no table'],
  [300, 'a small table'],
  [65_536, 'a large table'],
] as const)
  test(`blocks of node:http2 with ${name}`, async t => {
    const pair = await connected(t, tableBytes);
    const decoder = new HpackDecoder(tableBytes);
    decoder.setLimit(tableBytes);
    let stream = 1;
    for (const list of [EVERY_SYMBOL, STATIC, EVERY_SYMBOL, ...drawnLists()]) {
      const pseudo = [
        [':method', stream % 4 === 1 ? 'GET' : 'DELETE'],
        [':path', `/${'p'.repeat(stream)}`],
        [':scheme', 'http'],
        [':authority', 'here'],
      ];
      pair.client.request(Object.fromEntries([...pseudo, ...list])).on('error', () => undefined);
      const found = fieldsOf(decoder, await blockOf(pair, stream));
      assert.deepEqual(new Map(found), new Map([...pseudo, ...list] as Fields), `stream ${stream}`);
      stream += 2;
    }
  });

/** What node:http2 makes of a response whose block is written so. */
async function answered(
  pair: Pair,
  stream: number,
  write: (out: Buffer) => number,
): Promise<IncomingHttpHeaders> {
  const request = pair.client.request({ ':path': '/' });
  request.on('error', () => undefined);
  await blockOf(pair, stream);
  const out = Buffer.alloc(16_384);
  const block = out.subarray(0, write(out));
  const answer = once(request, 'response');
  pair.talk.send(frame(TYPE.headers, END_HEADERS | END_STREAM, stream, block));
  return ((await bounded('a response', answer)) as [IncomingHttpHeaders])[0];
}

for (const headerTableSize of [4096, 0, 65_536])
  test(`blocks for node:http2 with a table of ${headerTableSize} bytes`, async t => {
    const pair = await connected(t, 4096, { headerTableSize });
    const encoder = new HpackEncoder();
    encoder.peerTableSize(headerTableSize);
    const wanted = new Map([...STATIC, ...EVERY_SYMBOL, ['x-long', 'l'.repeat(3000)]] as Fields);
    let stream = 1;
    for (const status of [200, 201, 599, 404]) {
      const headers = await answered(pair, stream, out => {
        let at = encoder.status(out, encoder.begin(out, 0), status);
        for (const [name, value] of wanted) at = encoder.field(out, at, name, value);
        return at;
      });
      stream += 2;
      assert.equal(headers[':status'], status);
      for (const [name, value] of wanted)
        assert.equal(String(headers[name]), value, `${name} of stream ${stream}`);
    }
  });
