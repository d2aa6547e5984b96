/** Requests and trailers of HTTP/2 as text of HTTP/1: what differs between the two, and heads that are made to do harm. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestReader } from '../../src/http2/request-reader.ts';
import { TrailerReader } from '../../src/http2/trailer-reader.ts';
import { processorMs } from '../support/processor-time.ts';

type Field = readonly [name: string, value: string];

/** Bytes of a list of fields, each with 32 for itself. */
const LIST = 16_384;
const MOST_MS = 20;
const BLANKS = ' '.repeat(15_000);

function head(scheme: string, authority: string, path: string, ...more: readonly Field[]): readonly Field[] {
  return [[':method', 'GET'], [':scheme', scheme], [':authority', authority], [':path', path], ...more];
}

const LISTS: Readonly<Record<string, readonly Field[]>> = {
  'blanks in a value, and one in front': head('http', 'a', '/', ['x', ` a${BLANKS}b`]),
  'blanks in a value, and one behind': head('http', 'a', '/', ['x', `a${BLANKS}b `]),
  'nothing but blanks': head('http', 'a', '/', ['x', BLANKS]),
  'blanks in a length': head('http', 'a', '/', ['content-length', ` 1${BLANKS},1`]),
  'many crumbs': head('http', 'a', '/', ...Array.from({ length: 400 }, () => ['cookie', ''] as const)),
  'many names': head('http', 'a', '/', ...Array.from({ length: 400 }, (_, at) => [`n${at}`, ''] as const)),
  'a long authority': head('http', 'a'.repeat(15_000), '/'),
  'a long authority of a scheme of its own': head('other', 'a'.repeat(15_000), '/'),
  'the same with another field': head('other', 'a'.repeat(7500), '/', ['x', 'v'.repeat(7500)]),
  'a long path of a scheme of its own': head('other', 'a', `/${'p'.repeat(15_000)}`),
  'a long scheme': head('s'.repeat(7500), 'a'.repeat(7500), '/'),
  'a long protocol': [
    [':method', 'CONNECT'],
    [':scheme', 'https'],
    [':authority', 'a'],
    [':path', '/'],
    [':protocol', 'p'.repeat(15_000)],
  ],
};

function read(reader: RequestReader, list: readonly Field[]): string {
  reader.begin(false);
  for (const [name, value] of list) reader.field(name, value);
  reader.complete(true);
  return reader.malformed === '' ? reader.buffer.toString('latin1', reader.start, reader.end) : '';
}

for (const [what, list] of Object.entries(LISTS))
  test(`${what}: read in time, and whole wherever it is written`, () => {
    const ms = processorMs(() => void read(new RequestReader(LIST), list), MOST_MS);
    assert.ok(ms <= MOST_MS, `${ms} ms`);
    const alone = read(new RequestReader(LIST), list);
    for (let before = 0; before < 16; before++) {
      const reader = new RequestReader(LIST);
      for (let count = 0; count < before; count++) read(reader, head('http', 'a', `/${'p'.repeat(4000)}`));
      assert.equal(read(reader, list), alone, `behind ${before} others`);
    }
    assert.ok(alone === '' || alone.endsWith('\r\n\r\n'));
  });

test('blanks in a trailer take no time', () => {
  const trailers = new TrailerReader();
  const ms = processorMs(() => trailers.begin().field('x', ` a${BLANKS}b`), MOST_MS);
  assert.ok(ms <= MOST_MS, `${ms} ms`);
  assert.equal(trailers.lines, `x: a${BLANKS}b\r\n`);
});

test('crumbs of cookies are one field, also where they are empty', () => {
  const cookies = (...crumbs: readonly string[]): string =>
    read(new RequestReader(LIST), head('http', 'a', '/', ...crumbs.map(crumb => ['cookie', crumb] as const)));
  assert.match(cookies('a=1', 'b=2'), /\r\ncookie: a=1; b=2\r\n/);
  assert.match(cookies(''), /\r\ncookie: \r\n/);
  assert.match(cookies('', 'a=1'), /\r\ncookie: ; a=1\r\n/);
  assert.doesNotMatch(cookies(), /cookie/);
});

test('a scheme is the same in upper case', () => {
  assert.match(
    read(new RequestReader(LIST), head('HTTPS', 'a:443', '/x')),
    /^GET \/x HTTP\/1.1\r\nhost: a\r\n/,
  );
});

test('trailers tell of what was in a message, not of the message or the connection', () => {
  const trailers = new TrailerReader();
  for (const name of ['connection', 'transfer-encoding', 'te', 'host', 'content-length', ':path', 'X', '']) {
    trailers.begin().field(name, 'trailers');
    assert.notEqual(trailers.malformed, '', name);
  }
  const good = trailers.begin();
  good.field('grpc-status', '0');
  good.field('x', ' y\t');
  assert.deepEqual([trailers.lines, trailers.malformed], ['grpc-status: 0\r\nx: y\r\n', '']);
});
