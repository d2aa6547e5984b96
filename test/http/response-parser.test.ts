import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Framing } from '../../src/http/framing.ts';
import * as errors from '../../src/http/parse-errors.ts';
import { Http1ResponseHead } from '../../src/http/response-head.ts';
import { parseResponseHead } from '../../src/http/response-parser.ts';

const LIMITS = { maxHeadBytes: 1000, maxHeaders: 10 };

function parse(text: string): { verdict: number; head: Http1ResponseHead } {
  const head = new Http1ResponseHead();
  const buffer = Buffer.from(text, 'latin1');
  return { verdict: parseResponseHead(buffer, 0, buffer.length, head, LIMITS), head };
}

test('A head is read up to its empty line', () => {
  const text = 'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n';
  const { verdict, head } = parse(`${text}ok`);
  assert.equal(verdict, text.length);
  assert.deepEqual([head.status, head.reason, head.contentLength], [404, 'Not Found', 2]);
});

test('Every beginning of a good head is incomplete, not wrong', () => {
  const text = 'HTTP/1.1 200 OK\r\nX: y\r\n\r\n';
  for (let length = 0; length < text.length; length++) assert.equal(parse(text.slice(0, length)).verdict, 0);
});

for (const [text, error] of [
  ['ICY 200 OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['<html>', errors.INVALID_STATUS_LINE],
  ['HTTP/2.0 200 OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['HTTP/1.1 20 OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['HTTP/1.1 099 OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['HTTP/1.1 200 O\0K\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['HTTP/1.1 200 OK\nX', errors.INVALID_LINE_END],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n', errors.INVALID_LENGTH],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n', errors.INVALID_LENGTH],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n', errors.UNKNOWN_TRANSFER_ENCODING],
  [`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(1000)}`, errors.TOO_LARGE],
] as const)
  test(`${JSON.stringify(text.slice(0, 70))} is refused: ${errors.PARSE_ERRORS.get(error)?.text}`, () => {
    assert.equal(parse(text).verdict, error);
  });

// status, fields, request method, framing, server connection lives on
const FRAMINGS: readonly (readonly [string, string, string, Framing, boolean])[] = [
  ['200', 'Content-Length: 2\r\n', 'GET', 'length', true],
  ['200', 'Content-Length: 0\r\n', 'GET', 'none', true],
  ['200', 'Transfer-Encoding: chunked\r\n', 'GET', 'chunked', true],
  ['200', '', 'GET', 'close', false],
  ['200', 'Content-Length: 2\r\nConnection: close\r\n', 'GET', 'length', false],
  ['200', 'Content-Length: 2\r\n', 'HEAD', 'none', true],
  ['204', 'Transfer-Encoding: chunked\r\n', 'GET', 'none', true],
  ['304', 'Content-Length: 2\r\n', 'GET', 'none', true],
  ['101', 'Upgrade: foo\r\n', 'GET', 'tunnel', false],
  ['200', 'Content-Length: 2\r\n', 'CONNECT', 'tunnel', false],
  ['403', 'Content-Length: 2\r\n', 'CONNECT', 'length', true],
];

for (const [status, fields, method, framing, keepAlive] of FRAMINGS)
  test(`${status} with ${JSON.stringify(fields)} to ${method}: framing ${framing}`, () => {
    const { head } = parse(`HTTP/1.1 ${status} X\r\n${fields}\r\n`);
    head.resolveFraming(method, 11);
    assert.deepEqual([head.framing, head.keepAlive], [framing, keepAlive]);
  });

test('To an HTTP/1.0 client a chunked body goes without framing, up to the end of the connection', () => {
  const { head } = parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  head.resolveFraming('GET', 10);
  assert.deepEqual(
    [head.framing, head.endsWithConnection, head.headers.has('transfer-encoding')],
    ['chunked', true, false],
  );
});
