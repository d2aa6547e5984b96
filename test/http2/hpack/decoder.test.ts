/** Blocks of RFC 7541's appendix C, the bounds of the dynamic table, and blocks that have to be refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HpackDecoder } from '../../../src/http2/hpack/decoder.ts';
import { fieldsOf, hex, indexed, literal, sizeUpdate, type Fields } from '../../support/hpack-blocks.ts';

type Step = readonly [block: string, fields: Fields];

const MONDAY = 'Mon, 21 Oct 2013 20:13:2';
const COOKIE = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';

function request(scheme: string, path: string, ...more: Fields): Fields {
  return [
    [':method', 'GET'],
    [':scheme', scheme],
    [':path', path],
    [':authority', 'www.example.com'],
    ...more,
  ];
}

const REQUESTS: readonly Fields[] = [
  request('http', '/'),
  request('http', '/', ['cache-control', 'no-cache']),
  request('https', '/index.html', ['custom-key', 'custom-value']),
];

function response(status: string, second: number, ...more: Fields): Fields {
  return [
    [':status', status],
    ['cache-control', 'private'],
    ['date', `${MONDAY}${second} GMT`],
    ['location', 'https://www.example.com'],
    ...more,
  ];
}

const RESPONSES: readonly Fields[] = [
  response('302', 1),
  response('307', 1),
  response('200', 2, ['content-encoding', 'gzip'], ['set-cookie', COOKIE]),
];

function steps(blocks: readonly string[], fields: readonly Fields[]): readonly Step[] {
  return blocks.map((block, index) => [block, fields[index] as Fields]);
}

const APPENDIX_C: Readonly<Record<string, readonly Step[]>> = {
  'C.2.1': [
    ['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', [['custom-key', 'custom-header']]],
  ],
  'C.2.2': [['040c 2f73 616d 706c 652f 7061 7468', [[':path', '/sample/path']]]],
  'C.2.3': [['1008 7061 7373 776f 7264 0673 6563 7265 74', [['password', 'secret']]]],
  'C.2.4': [['82', [[':method', 'GET']]]],
  'C.3': steps(
    [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    REQUESTS,
  ),
  'C.4': steps(
    [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
    REQUESTS,
  ),
};

/** Both in a table of 256 bytes. */
const EVICTING: Readonly<Record<string, readonly Step[]>> = {
  'C.5': steps(
    [
      '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32' +
        '3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '4803 3330 37c1 c0bf',
      '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970' +
        '7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61' +
        '6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
    ],
    RESPONSES,
  ),
  'C.6': steps(
    [
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad' +
        '1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      '4883 640e ffc1 c0bf',
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2' +
        'e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
    ],
    RESPONSES,
  ),
};

for (const [section, blocks] of Object.entries(APPENDIX_C))
  test(`the blocks of RFC 7541 ${section}`, () => {
    const decoder = new HpackDecoder(4096);
    for (const [block, fields] of blocks) assert.deepEqual(fieldsOf(decoder, hex(block)), fields);
  });

for (const [section, blocks] of Object.entries(EVICTING))
  test(`the blocks of RFC 7541 ${section}, where entries have to go`, () => {
    const decoder = new HpackDecoder(4096);
    assert.deepEqual(fieldsOf(decoder, sizeUpdate(256)), []);
    for (const [block, fields] of blocks) assert.deepEqual(fieldsOf(decoder, hex(block)), fields);
    assert.deepEqual(fieldsOf(decoder, indexed(62)), [['set-cookie', COOKIE]]);
    assert.deepEqual(fieldsOf(decoder, indexed(64)), [['date', `${MONDAY}2 GMT`]]);
    assert.equal(fieldsOf(decoder, indexed(65)), undefined, 'the fourth entry is gone');
  });

/** Entries of 100 bytes. */
const HUNDRED = 'v'.repeat(64);

function filled(count: number, limit = 4096, size?: number): HpackDecoder {
  const decoder = new HpackDecoder(limit);
  const blocks = Array.from({ length: count }, (_, index) =>
    literal('added', `n${String(index).padStart(3, '0')}`, HUNDRED),
  );
  const first = size === undefined ? [] : [sizeUpdate(size)];
  assert.equal(fieldsOf(decoder, Buffer.concat([...first, ...blocks]))?.length, count);
  return decoder;
}

/** The names in the table, the latest first. */
function tableOf(decoder: HpackDecoder): readonly string[] {
  const names: string[] = [];
  while (true) {
    const found = fieldsOf(decoder, indexed(62 + names.length));
    if (found === undefined) return names;
    names.push((found[0] as readonly [string, string])[0]);
  }
}

test('the table keeps the latest 4096 bytes', () => {
  const names = tableOf(filled(1000));
  assert.equal(names.length, 40);
  assert.deepEqual([names[0], names[39]], ['n999', 'n960']);
});

test('a smaller table lets the oldest entries go, a larger one does not bring them back', () => {
  const decoder = filled(30);
  assert.deepEqual(fieldsOf(decoder, Buffer.concat([sizeUpdate(299), sizeUpdate(4096)])), []);
  assert.deepEqual(tableOf(decoder), ['n029', 'n028']);
});

test('an entry that is larger than the table empties it, and is given', () => {
  const decoder = filled(3, 4096, 400);
  assert.deepEqual(fieldsOf(decoder, literal('added', 'n', 'w'.repeat(368))), [['n', 'w'.repeat(368)]]);
  assert.deepEqual(tableOf(decoder), []);
  assert.equal(fieldsOf(decoder, literal('added', 'n', 'w'.repeat(367)))?.length, 1);
  assert.deepEqual(tableOf(decoder), ['n']);
});

test('a name is read before the entry it stands in goes', () => {
  const decoder = filled(1, 4096, 100);
  assert.deepEqual(fieldsOf(decoder, literal('added', 62, 'x'.repeat(60))), [['n000', 'x'.repeat(60)]]);
  assert.deepEqual(tableOf(decoder), ['n000']);
});

test('a table without room takes nothing', () => {
  const decoder = filled(3, 4096, 0);
  assert.deepEqual(tableOf(decoder), []);
});

test('a table may become as large as was announced, and no larger', () => {
  assert.equal(tableOf(filled(1000, 65_536)).length, 40, 'only a change enlarges it');
  assert.equal(tableOf(filled(1000, 65_536, 65_536)).length, 655);
  assert.equal(fieldsOf(new HpackDecoder(65_536), sizeUpdate(65_537)), undefined);
  assert.equal(fieldsOf(new HpackDecoder(4096), sizeUpdate(4097)), undefined);
});

test('the initial size holds until the peer knows of a smaller one', () => {
  assert.equal(tableOf(filled(1000, 0)).length, 40);
  const decoder = filled(10, 200);
  decoder.setLimit(200);
  assert.equal(fieldsOf(decoder, indexed(62)), undefined, 'it has to say so before it uses the table');
  assert.equal(fieldsOf(decoder, literal('plain', 62, 'x')), undefined);
  assert.equal(fieldsOf(decoder, literal('added', 'n', 'x')), undefined);
  assert.deepEqual(fieldsOf(decoder, literal('plain', 'n', 'x')), [['n', 'x']]);
  assert.equal(fieldsOf(decoder, sizeUpdate(201)), undefined);
  assert.deepEqual(fieldsOf(decoder, sizeUpdate(200)), []);
  assert.deepEqual(tableOf(decoder), ['n009', 'n008']);
});

test('a change of size after a field is refused', () => {
  const decoder = new HpackDecoder(4096);
  assert.deepEqual(fieldsOf(decoder, Buffer.concat([sizeUpdate(0), sizeUpdate(100), indexed(2)]))?.length, 1);
  assert.equal(fieldsOf(decoder, Buffer.concat([indexed(2), sizeUpdate(100)])), undefined);
});

for (const [what, block] of [
  ['index 0', '80'],
  ['an index behind the static table', 'be'],
  ['a name of an index behind it', '7e 01 61'],
  ['an index of five bytes', 'ff 80 80 80 80 00'],
  ['an index above 2^32', 'ff ff ff ff ff ff 7f'],
  ['an index that never ends', `ff ${'ff'.repeat(200)}`],
  ['a size that never ends', `3f ${'80'.repeat(200)}`],
  ['a length above 2^32', '00 7f 81 ff ff ff 0f 61'],
  ['a text that is longer than the block', '00 01 61 05 61 62'],
  ['the end of a string inside of one', '00 01 61 84 ff ff ff ff'],
  ['padding of eight bits', '00 01 61 82 1f ff'],
  ['padding that holds a zero', '00 01 61 81 18'],
  ['padding of a byte without a text', '00 01 61 81 ff'],
] as const)
  test(`refused: ${what}`, () => assert.equal(fieldsOf(new HpackDecoder(4096), hex(block)), undefined));

test('a block that is cut off anywhere but between fields is refused', () => {
  const parts = [
    sizeUpdate(1000),
    indexed(2),
    literal('added', 'custom-key', 'custom-value', true),
    literal('never', 23, 'x'.repeat(300)),
    literal('plain', 'y'.repeat(200), 'z'.repeat(200), true),
    indexed(62),
  ];
  const block = Buffer.concat(parts);
  const borders = parts.map((_, index) => Buffer.concat(parts.slice(0, index)).length);
  for (let end = 0; end < block.length; end++) {
    const found = fieldsOf(new HpackDecoder(4096), block.subarray(0, end));
    assert.equal(found !== undefined, borders.includes(end), `cut after ${end} bytes`);
  }
});

test('a list that is too large is read to its end but not given', () => {
  const decoder = filled(1);
  const block = Buffer.concat([
    ...Array.from({ length: 2000 }, () => indexed(62)),
    literal('added', 'last', 'field'),
  ]);
  assert.equal(fieldsOf(decoder, block, 1050)?.length, 10);
  assert.equal(decoder.tooLarge, true);
  assert.deepEqual(fieldsOf(decoder, indexed(62), 1050), [['last', 'field']]);
  assert.equal(decoder.tooLarge, false);
  assert.deepEqual(
    fieldsOf(decoder, Buffer.concat([indexed(62), indexed(62)]), 82)?.length,
    2,
    'as large as may be',
  );
  assert.equal(decoder.tooLarge, false);
});

test('names are texts of their own kind, whatever they were read from', () => {
  const name = `x-${'n'.repeat(100)}`;
  const decoder = new HpackDecoder(4096);
  for (const asked of ['', 'x-one', 'x-one', 'accept', '__proto__', '12', name, 'n\xe9'])
    for (const isCoded of [false, true])
      assert.deepEqual(fieldsOf(decoder, literal('plain', asked, '', isCoded)), [[asked, '']]);
});
