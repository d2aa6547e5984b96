/**
 * A request of HTTP/2 on its way to the exchange: its block decoded, written as a head of HTTP/1, and read again.
 * `node dist/bench/micro/http2-request.js`. Each line has what the one before it has, and one step more.
 */
import { Http1RequestHead } from '../../src/http/request-head.ts';
import { parseRequestHead } from '../../src/http/request-parser.ts';
import { HpackDecoder } from '../../src/http2/hpack/decoder.ts';
import { RequestReader } from '../../src/http2/request-reader.ts';
import { measure } from './measure.ts';

const LIMITS = { maxHeadBytes: 15_360, maxHeaders: 101 };
const MOST_BYTES = 65_536;
const TABLE_BYTES = 4096;
const FIRST_INDEX = 62;
const NOBODY = { field: (): void => undefined };

const SMALL = [
  ['user-agent', 'h2load'],
  [':authority', '127.0.0.1:8080'],
] as const;
const BROWSER = [
  ['accept-language', 'en-US,en;q=0.9'],
  ['accept-encoding', 'gzip, deflate, br, zstd'],
  ['referer', 'https://www.example.org/'],
  ['sec-fetch-mode', 'no-cors'],
  ['sec-fetch-site', 'same-origin'],
  ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0'],
  ['sec-ch-ua', '"Chromium";v="128", "Not;A=Brand";v="24", "Google Chrome";v="128"'],
  [':authority', 'www.example.org'],
] as const;

function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
}

for (const [what, fields] of [
  ['small', SMALL],
  ['browser', BROWSER],
] as const) {
  const decoder = new HpackDecoder(TABLE_BYTES);
  const first = Buffer.concat(
    fields.map(([name, value]) => Buffer.concat([Buffer.of(0x40), text(name), text(value)])),
  );
  decoder.decode(first, 0, first.length, NOBODY, MOST_BYTES);
  // GET, http, / of the static table, and all that was added, the last one first
  const block = Buffer.of(0x82, 0x86, 0x84, ...fields.map((_, index) => 0x80 | (FIRST_INDEX + index)));
  const reader = new RequestReader(MOST_BYTES);
  const head = new Http1RequestHead();
  const write = (): void => {
    reader.begin(false);
    decoder.decode(block, 0, block.length, reader, MOST_BYTES);
    reader.complete(true);
  };
  measure(`${what}: decoded`, () => {
    decoder.decode(block, 0, block.length, NOBODY, MOST_BYTES);
  });
  measure(`${what}: written as HTTP/1`, write);
  measure(`${what}: read again`, () => {
    write();
    parseRequestHead(reader.buffer, reader.start, reader.end, head, LIMITS);
  });
}
