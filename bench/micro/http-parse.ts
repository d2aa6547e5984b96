/** Reading and writing the heads of one exchange, and a chunked body: `node dist/bench/micro/http-parse.js`. */
import { BodyDecoder } from '../../src/http/body-decoder.ts';
import { Http1RequestHead } from '../../src/http/request-head.ts';
import { parseRequestHead } from '../../src/http/request-parser.ts';
import { Http1ResponseHead } from '../../src/http/response-head.ts';
import { parseResponseHead } from '../../src/http/response-parser.ts';
import { measure } from './measure.ts';

const LIMITS = { maxHeadBytes: 15_360, maxHeaders: 101 };
const KEEP = { close: false };
const NOTHING = { connection: '' } as const;

const SMALL = Buffer.from('GET /index.html HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: x\r\n\r\n');
const BROWSER = Buffer.from(
  'GET /static/app.js?v=17 HTTP/1.1\r\nHost: www.example.org\r\n' +
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n' +
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n' +
    'Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nReferer: https://www.example.org/\r\n' +
    `Cookie: session=${'0123456789abcdef'.repeat(8)}; theme=dark\r\nCache-Control: max-age=0\r\n\r\n`,
);
const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\nContent-Type: text/html\r\nServer: x\r\n' +
    'Content-Length: 1024\r\nETag: "1234"\r\nCache-Control: max-age=60\r\n\r\n',
);
const CHUNKED = Buffer.from(`${`1000\r\n${'x'.repeat(4096)}\r\n`.repeat(3)}0\r\n\r\n`);

const request = new Http1RequestHead();
const response = new Http1ResponseHead();
const decoder = new BodyDecoder();
const out = Buffer.alloc(16_384);

for (const [name, bytes] of [
  ['small', SMALL],
  ['browser', BROWSER],
] as const) {
  measure(`parse a ${name} request`, () => {
    parseRequestHead(bytes, 0, bytes.length, request, LIMITS);
  });
  measure(`parse and render a ${name} request`, () => {
    parseRequestHead(bytes, 0, bytes.length, request, LIMITS);
    request.renderInto(out, 0, KEEP);
  });
}
measure('parse and render a response', () => {
  parseResponseHead(ANSWER, 0, ANSWER.length, response, LIMITS);
  response.resolveFraming('GET', 11);
  response.renderInto(out, 0, NOTHING);
});
measure('decode 12 KiB in chunks', () => {
  decoder.start('chunked', 0);
  decoder.decode(CHUNKED, 0, CHUNKED.length);
});
