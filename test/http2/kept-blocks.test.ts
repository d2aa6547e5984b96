/** Heads that come again give the block they gave before, and only those. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResponseHead } from '../../src/http/response-parser.ts';
import { Http1ResponseHead } from '../../src/http/response-head.ts';
import { BlockWriter } from '../../src/http2/block-writer.ts';
import { FRAME_HEAD } from '../../src/http2/frames.ts';
import { HpackDecoder } from '../../src/http2/hpack/decoder.ts';
import { Output } from '../../src/http2/output.ts';
import { writeHead } from '../../src/http2/response-writer.ts';

const LIMITS = { maxHeadBytes: 16_384, maxHeaders: 100 };
const LINES = 'Server: one\r\nContent-Length: 5\r\nKeep-Alive: timeout=5\r\nX-Long: abc\r\n\r\n';

interface Told {
  readonly fields: readonly string[];
  readonly size: number;
}

const head = new Http1ResponseHead();
const NO_EDIT: (head: Http1ResponseHead) => void = () => {};

function tell(text: string, { edit = NO_EDIT, peerTable = 4096, without = '' } = {}): Told {
  const bytes = Buffer.from(text, 'latin1');
  assert.equal(parseResponseHead(bytes, 0, bytes.length, head, LIMITS), bytes.length);
  edit(head);
  const output = new Output();
  const block = new BlockWriter(output);
  block.encoder.peerTableSize(peerTable);
  const size = writeHead(block, head.status, head.headers, without);
  assert.ok(block.end(1, false));
  const fields: string[] = [];
  const sink = { field: (name: string, value: string) => void fields.push(`${name}=${value}`) };
  const decoder = new HpackDecoder(peerTable);
  if (peerTable < 4096) decoder.setLimit(peerTable);
  assert.ok(decoder.decode(output.buffer, FRAME_HEAD, output.length, sink, 65_536));
  return { fields, size };
}

const ok = (lines: string, status = 200): string => `HTTP/1.1 ${status} x\r\n${lines}`;
const FIELDS = ['server=one', 'content-length=5', 'x-long=abc'];

test('a head that is known gives the same fields and the same size', () => {
  const first = tell(ok(LINES));
  assert.deepEqual(first.fields, [':status=200', ...FIELDS]);
  for (let round = 0; round < 5; round++) assert.deepEqual(tell(ok(LINES)), first);
});

test('another status with the same lines keeps its own', () => {
  for (let round = 0; round < 4; round++)
    for (const status of [200, 404, 503, 216, 232])
      assert.deepEqual(tell(ok(LINES, status)).fields, [`:status=${status}`, ...FIELDS]);
});

test('what rules change, add and remove is told, whatever is known of the head as it came', () => {
  for (let round = 0; round < 4; round++) {
    assert.deepEqual(tell(ok(LINES)).fields, [':status=200', ...FIELDS]);
    const edits: [(head: Http1ResponseHead) => void, string[]][] = [
      [({ headers }) => headers.set('Server', 'two'), ['content-length=5', 'x-long=abc', 'server=two']],
      [({ headers }) => headers.add('X-More', '1'), [...FIELDS, 'x-more=1']],
      [({ headers }) => headers.remove('x-long'), ['server=one', 'content-length=5']],
      [({ headers }) => headers.setValueAt(0, 'three'), ['server=three', 'content-length=5', 'x-long=abc']],
      [({ headers }) => headers.setNameAt(0, 'Via'), ['via=one', 'content-length=5', 'x-long=abc']],
    ];
    for (const [edit, fields] of edits)
      assert.deepEqual(tell(ok(LINES), { edit }).fields, [':status=200', ...fields]);
  }
});

test('a field that is to be left out is, whatever is known', () => {
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(tell(ok(LINES)).fields, [':status=200', ...FIELDS]);
    assert.deepEqual(tell(ok(LINES), { without: 'x-long' }).fields, [':status=200', ...FIELDS.slice(0, 2)]);
  }
});

test('a head without fields is not taken for the one before it', () => {
  for (let length = 1; length <= 32; length++) {
    const lines = LINES.replace('abc', 'x'.repeat(length));
    const { fields } = tell(ok(lines));
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(tell(ok(lines)).fields, fields);
      assert.deepEqual(tell(ok('\r\n')).fields, [':status=200']);
      assert.deepEqual(tell(ok(lines), { edit: ({ headers }) => headers.clear() }).fields, [':status=200']);
    }
  }
});

test('lines that differ in one byte are others', () => {
  for (let round = 0; round < 300; round++) {
    const value = String.fromCharCode(97 + (round % 7));
    const { fields } = tell(ok(LINES.replace('abc', `ab${value}`)));
    assert.equal(fields.at(-1), `x-long=ab${value}`);
  }
});

test('a peer that wants no table is told in each block', () => {
  for (let round = 0; round < 4; round++) {
    assert.deepEqual(tell(ok(LINES)).fields, [':status=200', ...FIELDS]);
    assert.deepEqual(tell(ok(LINES), { peerTable: 0 }).fields, [':status=200', ...FIELDS]);
  }
});

test('a head that is too long to be kept is written each time', () => {
  const long = 'y'.repeat(600);
  for (let round = 0; round < 4; round++)
    assert.deepEqual(tell(ok(`X-Long: ${long}\r\n\r\n`)).fields, [':status=200', `x-long=${long}`]);
});
