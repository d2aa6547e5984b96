/** Blocks of a browser and heads of a response, beside the same bytes as HTTP/1: `node dist/bench/micro/hpack.js`. */
import { HpackDecoder } from '../../src/http2/hpack/decoder.ts';
import { HpackEncoder } from '../../src/http2/hpack/encoder.ts';
import { HUFFMAN_CODES } from '../../src/http2/hpack/huffman.ts';
import { measure } from './measure.ts';

const BROWSER = [
  [':method', 'GET'],
  [':authority', 'www.example.org'],
  [':scheme', 'https'],
  [':path', '/static/js/application-17.js?v=20240817'],
  ['sec-ch-ua', '"Chromium";v="128", "Not;A=Brand";v="24", "Google Chrome";v="128"'],
  ['sec-ch-ua-mobile', '?0'],
  ['sec-ch-ua-platform', '"Linux"'],
  [
    'user-agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36',
  ],
  ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['sec-fetch-site', 'same-origin'],
  ['sec-fetch-mode', 'no-cors'],
  ['referer', 'https://www.example.org/'],
  ['accept-encoding', 'gzip, deflate, br, zstd'],
  ['accept-language', 'en-US,en;q=0.9'],
  ['cookie', 'session=0123456789abcdef0123456789abcdef; theme=dark'],
] as const;

const ANSWER = [
  ['date', 'Sat, 01 Jan 2000 00:00:00 GMT'],
  ['content-type', 'text/html; charset=utf-8'],
  ['content-length', '1024'],
  ['etag', '"5f1c-1234567890"'],
  ['cache-control', 'public, max-age=60'],
  ['server', 'nginx'],
  ['x-request-id', '0123456789abcdef'],
] as const;

function bits(text: string): string {
  const codes = [...Buffer.from(text)].map(byte => HUFFMAN_CODES[byte] as { code: number; length: number });
  return codes.map(({ code, length }) => code.toString(2).padStart(length, '0')).join('');
}

function coded(text: string): Buffer {
  const bytes = `${bits(text)}1111111`.match(/.{8}/g) ?? [];
  return Buffer.from([0x80 | bytes.length, ...bytes.map(byte => Number.parseInt(byte, 2))]);
}

function plain(text: string): Buffer {
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
}

/** All fields as literals that go into the table. */
function firstBlock(write: (text: string) => Buffer): Buffer {
  return Buffer.concat(BROWSER.flatMap(([name, value]) => [Buffer.of(0x40), write(name), write(value)]));
}

const FIRST = firstBlock(coded);
const FIRST_PLAIN = firstBlock(plain);
const REPEATED = Buffer.from(BROWSER.map((_, index) => 0x80 | (62 + BROWSER.length - 1 - index)));
/** The same but for another path, which does not go into the table. */
const OTHER_PATH = Buffer.concat([
  REPEATED.subarray(0, 3),
  Buffer.of(0x04),
  coded('/static/js/application-18.js?v=20240818'),
  REPEATED.subarray(4),
]);

let heard = 0;
const sink = {
  field(name: string, value: string): void {
    heard += name.length + value.length;
  },
};

function decode(decoder: HpackDecoder, block: Buffer): void {
  if (!decoder.decode(block, 0, block.length, sink, 65_536)) throw new Error('a bad block');
}

const browser = new HpackDecoder(4096);
decode(browser, FIRST);
for (const [name, block] of [
  ['all indexed', REPEATED],
  ['all indexed but the path', OTHER_PATH],
] as const)
  measure(`decode a block of ${BROWSER.length} fields, ${name}`, () => decode(browser, block));
for (const [name, block] of [
  ['Huffman code', FIRST],
  ['plain texts', FIRST_PLAIN],
] as const)
  measure(
    `decode the first block of ${BROWSER.length} fields, ${name}`,
    () => decode(browser, block),
    50_000,
  );

const encoder = new HpackEncoder();
const out = Buffer.alloc(16_384);
measure(`encode a response of ${ANSWER.length} fields, texts`, () => {
  let at = encoder.status(out, encoder.begin(out, 0), 200);
  for (const [name, value] of ANSWER) at = encoder.field(out, at, name, value);
});

const head = Buffer.from(ANSWER.map(([name, value]) => `${name}: ${value}\r\n`).join(''));
const places: number[] = [];
for (const [name, value] of ANSWER) {
  const at = head.indexOf(`${name}: `);
  places.push(at, at + name.length, at + name.length + 2, at + name.length + 2 + value.length);
}
measure(`encode a response of ${ANSWER.length} fields, bytes of a head`, () => {
  let at = encoder.status(out, encoder.begin(out, 0), 200);
  for (let index = 0; index < places.length; index += 4)
    at = encoder.fieldOf(
      out,
      at,
      head,
      places[index] as number,
      places[index + 1] as number,
      places[index + 2] as number,
      places[index + 3] as number,
    );
});
if (heard === 0) throw new Error('nothing was decoded');
