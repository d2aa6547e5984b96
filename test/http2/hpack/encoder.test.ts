/** What the encoder writes: read by the decoder here, by node:http2 in peer.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HpackDecoder } from '../../../src/http2/hpack/decoder.ts';
import { HpackEncoder } from '../../../src/http2/hpack/encoder.ts';
import { readInteger, writeInteger } from '../../../src/http2/hpack/integers.ts';
import { STATIC_COUNT, STATIC_NAMES, STATIC_VALUES } from '../../../src/http2/hpack/static-table.ts';
import { fieldsOf } from '../../support/hpack-blocks.ts';

/** What may be asked for beyond what is needed. */
const SPARE = 40;
const LONG = 'v'.repeat(300);
const encoder = new HpackEncoder();
const out = Buffer.alloc(4096);

type Write = (at: number, into: Buffer) => number;

/** What it writes at 5: fields, and how many bytes they took. */
function written(write: Write): { readonly fields: unknown; readonly bytes: number } {
  const end = write(5, out);
  return { fields: fieldsOf(new HpackDecoder(4096), out.subarray(5, end)), bytes: end - 5 };
}

const fieldOf =
  (name: string, value: string): Write =>
  (at, into) => {
    const source = Buffer.from(`..${name}: ${value}\r\n`, 'latin1');
    const from = 4 + name.length;
    return encoder.fieldOf(into, at, source, 2, 2 + name.length, from, from + value.length);
  };

const fieldBytes =
  (name: string, value: string): Write =>
  (at, into) =>
    encoder.fieldBytes(into, at, name, Buffer.from(`..${value}..`, 'latin1'), 2, 2 + value.length);

const field =
  (name: string, value: string): Write =>
  (at, into) =>
    encoder.field(into, at, name, value);

test('integers as in RFC 7541 appendix C.1', () => {
  for (const [mask, value, bytes] of [
    [0x1f, 10, [0x0a]],
    [0x1f, 1337, [0x1f, 0x9a, 0x0a]],
    [0xff, 42, [0x2a]],
    [0x1f, 31, [0x1f, 0]],
    [0x7f, 2 ** 28, [0x7f, 0x81, 0xff, 0xff, 0x7f]],
  ] as const) {
    const end = writeInteger(out, 0, 0, mask, value);
    assert.deepEqual([...out.subarray(0, end)], bytes);
    assert.equal(readInteger({ bytes: out, at: 0, end }, mask), value);
  }
});

test('statuses', () => {
  for (let status = 100; status <= 999; status++) {
    const { fields, bytes } = written((at, into) => encoder.status(into, at, status));
    assert.deepEqual(fields, [[':status', String(status)]]);
    assert.equal(bytes, STATIC_VALUES.indexOf(String(status)) > 0 ? 1 : 5);
  }
});

test('what stands in the static table is an index', () => {
  for (let index = 1; index <= STATIC_COUNT; index++) {
    const [name, value] = [STATIC_NAMES[index] as string, STATIC_VALUES[index] as string];
    assert.deepEqual(written(field(name, value)), { fields: [[name, value]], bytes: 1 });
    const most = index < 15 ? 3 : 4;
    for (const write of name.startsWith(':') ? [field, fieldBytes] : [field, fieldBytes, fieldOf])
      assert.ok(written(write(name, '.')).bytes <= most, `the name ${name} by its index`);
  }
});

test('all else is a literal', () => {
  for (const [name, value] of [
    ['x', ''],
    ['x-custom', 'v\xe4lue'],
    ['accepted', LONG],
    [`x-${LONG}`, 'w'.repeat(126)],
    ['hosts', 'w'.repeat(127)],
    ['cookie', 'w'.repeat(64)],
    ['cookie', 'w'.repeat(65)],
  ] as const)
    for (const write of [field, fieldBytes, fieldOf])
      assert.deepEqual(written(write(name, value)).fields, [[name, value]]);
});

test('names of a head are written in lower case', () => {
  assert.deepEqual(written(fieldOf('Content-TYPE', 'A')), { fields: [['content-type', 'A']], bytes: 4 });
  assert.deepEqual(written(fieldOf('X-Some^Thing_~1', 'A')).fields, [['x-some^thing_~1', 'A']]);
});

test('what does not fit gives -1 and writes nothing behind the end', () => {
  const writes: readonly Write[] = [
    (at, into) => encoder.status(into, at, 201),
    (at, into) => encoder.status(into, at, 200),
    ...[field, fieldBytes, fieldOf].flatMap(write => [
      write('x', ''),
      write('content-type', 'text/html'),
      write(`x-${LONG}`, LONG),
    ]),
  ];
  for (const write of writes) {
    const needed = write(0, out);
    for (let room = 0; room < needed + SPARE; room++) {
      const whole = Buffer.alloc(room + 20, 0xee);
      const end = write(0, whole.subarray(0, room));
      if (room < needed) assert.equal(end, -1);
      else assert.ok(end === -1 || end === needed);
      assert.ok(whole.subarray(room).every(byte => byte === 0xee));
    }
    assert.equal(write(0, Buffer.alloc(needed + SPARE)), needed);
    assert.equal(write(-1, out), -1);
  }
});

test('a peer with a smaller table hears that there is none, in front of each block', () => {
  const own = new HpackEncoder();
  assert.equal(own.begin(out, 7), 7);
  own.peerTableSize(65_536);
  assert.equal(own.begin(out, 7), 7);
  own.peerTableSize(4095);
  own.peerTableSize(65_536);
  for (let block = 0; block < 2; block++) {
    assert.equal(own.begin(out, 7), 8);
    assert.equal(out[7], 0x20);
  }
  assert.equal(own.begin(out, -1), -1);
  assert.equal(own.begin(Buffer.alloc(3), 3), -1);
});
