import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Framing } from '../../src/http/framing.ts';
import type { HeadLimits } from '../../src/http/head-limits.ts';
import * as errors from '../../src/http/parse-errors.ts';
import { Http1ResponseHead } from '../../src/http/response-head.ts';
import { maySwitch } from '../../src/http/switching.ts';
import { parseResponseHead } from '../../src/http/response-parser.ts';
import {
  forwardResponse,
  lines,
  parseRequest,
  parseResponse,
  responseVerdict,
  STRICT,
  writeResponse,
} from '../support/http-head.ts';

const LIMITS: HeadLimits = { maxHeadBytes: 1000, maxHeaders: 10 };

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

test('Reasons and values may have control characters, unless heads are read strictly', () => {
  for (const text of ['HTTP/1.1 200 O\x01K\x7f\r\n\r\n', 'HTTP/1.1 200 OK\r\nX: a\x01\x0bb\r\n\r\n']) {
    assert.equal(parse(text).verdict, text.length);
    assert.ok(responseVerdict(text, STRICT) !== 'ok', text);
  }
  assert.equal(parse('HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n').verdict, errors.INVALID_HEADER_VALUE);
});

test('Every beginning of a good head is incomplete, not wrong', () => {
  const text = 'HTTP/1.1 200 OK\r\nX: y\r\n\r\n';
  for (let length = 0; length < text.length; length++) assert.equal(parse(text.slice(0, length)).verdict, 0);
});

for (const [text, error] of [
  ['ICY 200 OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['<html>', errors.INVALID_STATUS_LINE],
  ['HTTP/0.9 200 OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['http/1.1 200 OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['HTTP/1.1 2000 OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['HTTP/1.1 200OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['HTTP/1.1 -20 OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['HTTP/1.1 20 OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['HTTP/1.1 099 OK\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['HTTP/1.1 200 O\0K\r\n\r\n', errors.INVALID_STATUS_LINE],
  ['HTTP/1.1 200 OK\rX: y\r\n\r\n', errors.INVALID_LINE_END],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n', errors.INVALID_LENGTH],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', errors.UNKNOWN_TRANSFER_ENCODING],
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

test('A length beside a coding goes, and the server connection is not used again; strictly it is refused', () => {
  const text = lines('HTTP/1.1 200 OK', 'Content-Length: 2', 'Transfer-Encoding: chunked');
  const { head } = parseResponse(text);
  assert.deepEqual([head.framing, head.keepAlive], ['chunked', false]);
  assert.equal(writeResponse(head), 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked');
  assert.equal(responseVerdict(text, STRICT), 'content-length beside transfer-encoding');
});

test('A coding in an HTTP/1.0 answer is taken, but nobody trusts the connections afterwards', () => {
  const { head } = parseResponse(
    lines('HTTP/1.0 200 OK', 'Transfer-Encoding: chunked', 'Connection: keep-alive'),
  );
  assert.deepEqual([head.framing, head.keepAlive, head.isMistrusted], ['chunked', false, true]);
});

test('Answers without a body are sent without lengths, but HEAD and 304 keep theirs', () => {
  const fields = ['Content-Length: 5', 'X: y'];
  assert.equal(
    forwardResponse(lines('HTTP/1.1 204 No Content', ...fields)),
    'HTTP/1.1 204 No Content\r\nX: y',
  );
  assert.equal(
    forwardResponse(lines('HTTP/1.1 103 Early Hints', ...fields)),
    'HTTP/1.1 103 Early Hints\r\nX: y',
  );
  assert.equal(forwardResponse(lines('HTTP/1.1 200 OK', ...fields), 'CONNECT'), 'HTTP/1.1 200 OK\r\nX: y');
  for (const [status, method] of [
    ['304 Not Modified', 'GET'],
    ['200 OK', 'HEAD'],
  ])
    assert.match(
      forwardResponse(lines(`HTTP/1.1 ${status as string}`, ...fields), method),
      /Content-Length: 5/,
    );
});

test('What is only badly written is written well', () => {
  for (const [received, sent] of [
    ['HTTP/1.1 200\r\n\r\n', 'HTTP/1.1 200 OK'],
    ['HTTP/1.1 200 \r\n\r\n', 'HTTP/1.1 200 OK'],
    ['HTTP/1.1  200   Fine\r\n\r\n', 'HTTP/1.1 200 Fine'],
    ['HTTP/1.1\t200\tFine\nA:b\n\n', 'HTTP/1.1 200 Fine\r\nA: b'],
    ['HTTP/1.2 599 X\r\n\r\n', 'HTTP/1.1 599 X'],
    ['\r\nHTTP/1.1 200 OK\r\n\r\n', 'HTTP/1.1 200 OK'],
    ['HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n', 'HTTP/1.1 200 OK\r\nA: b   c'],
  ] as const)
    assert.equal(forwardResponse(received), sent, JSON.stringify(received));
});

test('What the client is told of its connection', () => {
  const told = (version: string, connection: '' | 'close' | 'keep-alive'): string =>
    writeResponse(parseResponse(lines(`HTTP/${version} 200 OK`, 'Content-Length: 0')).head, connection)
      .split('\r\n')
      .slice(2)
      .join();
  assert.equal(told('1.1', ''), '');
  assert.equal(told('1.1', 'close'), 'Connection: close');
  assert.equal(told('1.1', 'keep-alive'), 'Connection: keep-alive');
  assert.equal(told('1.0', 'close'), '', 'in HTTP/1.0 that is what silence means');
  assert.equal(told('1.0', ''), 'Connection: keep-alive');
  assert.equal(
    forwardResponse(
      lines('HTTP/1.1 200 OK', 'Connection: keep-alive, X-A', 'Keep-Alive: timeout=5', 'Content-Length: 0'),
    ),
    'HTTP/1.1 200 OK\r\nConnection: X-A\r\nContent-Length: 0',
  );
});

test('A 101 is for a client that asked, whose request is over, and names what it agrees to', () => {
  const ask = parseRequest(lines('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: foo')).head;
  const plain = parseRequest(lines('GET / HTTP/1.1')).head;
  const answer = (...fields: readonly string[]): Http1ResponseHead =>
    parseResponse(lines('HTTP/1.1 101 Switching Protocols', ...fields)).head;
  const good = answer('Connection: Upgrade', 'Upgrade: foo');
  assert.equal(maySwitch(ask, good, true, false), true);
  assert.equal(maySwitch(plain, good, true, false), false);
  assert.equal(maySwitch(ask, good, false, false), false, 'the request is not over');
  assert.equal(maySwitch(ask, answer('Upgrade: foo'), true, false), false);
  const websocket = ['Connection: upgrade', 'Upgrade: websocket'];
  assert.equal(maySwitch(ask, answer(...websocket), true, false), false);
  assert.equal(maySwitch(ask, answer(...websocket), true, true), true);
  assert.equal(maySwitch(ask, answer(...websocket, 'Sec-WebSocket-Accept: x'), true, false), true);
  assert.equal(
    forwardResponse(lines('HTTP/1.1 101 Switching Protocols', 'Connection: upgrade', 'Upgrade: foo')),
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo',
  );
});

function parseRelaxed(text: string): { verdict: number; head: Http1ResponseHead } {
  const head = new Http1ResponseHead();
  const buffer = Buffer.from(text, 'latin1');
  return { verdict: parseResponseHead(buffer, 0, buffer.length, head, { ...LIMITS, relaxed: true }), head };
}

for (const [start, status, version] of [
  ['RTSP/1.0 200 OK', 200, 10],
  ['HTTP/1.12 201 Created', 201, 10],
  ['HTTP/12.1 200', 200, 10],
  ['HTTP/1.1 12345 Odd', 12_345, 11],
  ['HTTP/1.1 0200 OK', 200, 11],
  ['HTTP/1.1 204 No Content', 204, 11],
] as const)
  test(`With accept-unsafe-violations '${start}' begins a response`, () => {
    const text = `${start}\r\nX: y\r\n\r\n`;
    const { verdict, head } = parseRelaxed(text);
    assert.deepEqual([verdict, head.status, head.version], [text.length, status, version]);
    for (let length = 0; length < text.length; length++)
      assert.equal(parseRelaxed(text.slice(0, length)).verdict, 0, `${length} bytes`);
    if (head.reason !== 'No Content') assert.equal(parse(text).verdict, errors.INVALID_STATUS_LINE);
  });

for (const start of [
  'HTTP/1.1 65536 OK',
  'HTTP/1.1 20 OK',
  'HTTP/1.1 0099 OK',
  'http/1.1 200 OK',
  'HTTP/x 200 OK',
  '<html>',
])
  test(`Also with accept-unsafe-violations '${start}' is no response`, () => {
    assert.equal(parseRelaxed(`${start}\r\n\r\n`).verdict, errors.INVALID_STATUS_LINE);
  });

for (const codings of [
  'chunked, chunked',
  ', chunked',
  'chunked,',
  'chunked\r\nTransfer-Encoding: chunked',
  '\r\nTransfer-Encoding: CHUNKED',
])
  test(`With accept-unsafe-violations the coding ${JSON.stringify(codings)} is one chunked`, () => {
    const text = `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${codings}\r\n\r\n`;
    const { verdict, head } = parseRelaxed(text);
    assert.equal(verdict, text.length);
    assert.equal(head.fields.chunked, true);
    const { headers } = head;
    const first = headers.find('transfer-encoding');
    assert.equal(headers.valueAt(first).toLowerCase(), 'chunked');
    assert.equal(headers.find('transfer-encoding', first + 1), -1);
    assert.ok(parse(text).verdict < 0);
  });

test('With accept-unsafe-violations an empty coding alone is none, and unknown ones are still refused', () => {
  const empty = parseRelaxed('HTTP/1.1 200 OK\r\nTransfer-Encoding: \r\nContent-Length: 3\r\n\r\n');
  assert.deepEqual([empty.head.fields.chunked, empty.head.contentLength], [false, 3]);
  assert.ok(parseRelaxed('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n').verdict < 0);
});
