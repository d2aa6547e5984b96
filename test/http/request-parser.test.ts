import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as errors from '../../src/http/parse-errors.ts';
import { Http1RequestHead } from '../../src/http/request-head.ts';
import { parseRequestHead } from '../../src/http/request-parser.ts';
import { randomNumbers } from '../support/random-numbers.ts';

const LIMITS = { maxHeadBytes: 1000, maxHeaders: 10 };

function parse(text: string, head = new Http1RequestHead()): { verdict: number; head: Http1RequestHead } {
  const buffer = Buffer.from(text, 'latin1');
  return { verdict: parseRequestHead(buffer, 0, buffer.length, head, LIMITS), head };
}

function rendered(text: string, close = false): string {
  const { head } = parse(text);
  const buffer = Buffer.alloc(2000);
  return buffer.toString('latin1', 0, head.renderInto(buffer, 0, { close }));
}

test('A head is read up to its empty line', () => {
  const text = 'POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n';
  const { verdict, head } = parse(`${text}hello`);
  assert.equal(verdict, text.length);
  assert.deepEqual(
    [head.method, head.target, head.version, head.framing, head.contentLength, head.keepAlive],
    ['POST', '/a?b', 11, 'length', 5, true],
  );
  assert.equal(head.headers.get('host'), 'a');
});

test('Every beginning of a good head is incomplete, not wrong', () => {
  const text = '\r\nGET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n';
  for (let length = 0; length < text.length; length++) assert.equal(parse(text.slice(0, length)).verdict, 0);
});

const REFUSED: readonly (readonly [string, number])[] = [
  ['GE(T / HTTP/1.1\r\n\r\n', errors.INVALID_METHOD],
  [' GET / HTTP/1.1\r\n\r\n', errors.INVALID_METHOD],
  ['GET a HTTP/1.1\r\n\r\n', errors.INVALID_TARGET],
  ['GET /a#b HTTP/1.1\r\n\r\n', errors.INVALID_TARGET],
  ['GET /\x80 HTTP/1.1\r\n\r\n', errors.INVALID_TARGET],
  ['GET http://a?b HTTP/1.1\r\n\r\n', errors.INVALID_TARGET],
  ['CONNECT /a HTTP/1.1\r\n\r\n', errors.INVALID_TARGET],
  ['CONNECT a HTTP/1.1\r\n\r\n', errors.INVALID_TARGET],
  ['GET / HTTP/1.2\r\n\r\n', errors.INVALID_VERSION],
  ['GET / HTTP/1.1 \r\n\r\n', errors.INVALID_VERSION],
  ['GET / HTTP/1.1\r\nX : y\r\n\r\n', errors.INVALID_HEADER_NAME],
  ['GET / HTTP/1.1\r\n X: y\r\n\r\n', errors.INVALID_HEADER_NAME],
  [`GET / HTTP/1.1\r\n${'x'.repeat(256)}: y\r\n\r\n`, errors.INVALID_HEADER_NAME],
  ['GET / HTTP/1.1\r\nX: \0\r\n\r\n', errors.INVALID_HEADER_VALUE],
  ['GET / HTTP/1.1\r\nX: a\rb\r\n\r\n', errors.INVALID_LINE_END],
  ['GET / HTTP/1.1\n', errors.INVALID_LINE_END],
  [`GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(11)}\r\n`, errors.TOO_MANY_HEADERS],
  [`GET / HTTP/1.1\r\nX: ${'y'.repeat(1000)}`, errors.TOO_LARGE],
  ['GET / HTTP/1.1\r\nContent-Length: +5\r\n\r\n', errors.INVALID_LENGTH],
  ['GET / HTTP/1.1\r\nContent-Length: \xa05\r\n\r\n', errors.INVALID_LENGTH],
  ['GET / HTTP/1.1\r\nContent-Length: 5, 6\r\n\r\n', errors.INVALID_LENGTH],
  ['GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', errors.INVALID_LENGTH],
  ['GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', errors.INVALID_LENGTH],
  ['GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', errors.UNKNOWN_TRANSFER_ENCODING],
  ['GET / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n', errors.INVALID_TRANSFER_ENCODING],
  ['GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', errors.INVALID_HOST],
  ['GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', errors.INVALID_HOST],
  ['GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n', errors.INVALID_HOST],
  ['CONNECT a:80 HTTP/1.1\r\nContent-Length: 5\r\n\r\n', errors.CONNECT_WITH_BODY],
  ['GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n', errors.WEBSOCKET_WITHOUT_KEY],
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', errors.H2_PREFACE],
];

for (const [text, error] of REFUSED)
  test(`${JSON.stringify(text.slice(0, 70))} is refused: ${errors.PARSE_ERRORS.get(error)?.text}`, () => {
    assert.equal(parse(text).verdict, error);
  });

test('Untouched fields are sent on as they came; those of this hop are not', () => {
  assert.equal(
    rendered('GET / HTTP/1.0\r\nhOST: a\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\nX:  y\r\n\r\n', true),
    'GET / HTTP/1.1\r\nhOST: a\r\nX: y\r\nConnection: close\r\n\r\n',
  );
  assert.equal(rendered('GET / HTTP/1.1\r\nX:  y \r\n\r\n'), 'GET / HTTP/1.1\r\nX:  y \r\n\r\n');
});

test('A length that stands there more than once is sent once', () => {
  const out = rendered('POST / HTTP/1.1\r\nContent-Length: 5, 05\r\nContent-Length: 5\r\n\r\n');
  assert.equal(out, 'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n');
});

test('An upgrade is asked for by both fields, in HTTP/1.1, without a body', () => {
  const ask = (fields: string, version = '1.1'): boolean =>
    parse(`GET / HTTP/${version}\r\n${fields}\r\n`).head.wantsUpgrade;
  assert.equal(ask('Connection: Upgrade\r\nUpgrade: foo\r\n'), true);
  assert.equal(ask('Upgrade: foo\r\n'), false);
  assert.equal(ask('Connection: Upgrade\r\nUpgrade: foo\r\n', '1.0'), false);
  assert.equal(ask('Connection: Upgrade\r\nUpgrade: foo\r\nContent-Length: 5\r\n'), false);
});

test('A relaxed proxy lets odd targets and hosts pass, and nothing about framing', () => {
  const relaxed = (text: string): number => {
    const buffer = Buffer.from(text, 'latin1');
    return parseRequestHead(buffer, 0, buffer.length, new Http1RequestHead(), { ...LIMITS, relaxed: true });
  };
  for (const text of ['GET /a#b', 'GET /\x80', 'CONNECT a', 'GET http://b/'])
    assert.ok(relaxed(`${text} HTTP/1.1\r\nHost: a b\r\n\r\n`) > 0, text);
  assert.equal(relaxed('GET /a b HTTP/1.1\r\n\r\n'), errors.INVALID_VERSION);
  assert.equal(relaxed('GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'), errors.INVALID_HOST);
  assert.equal(relaxed('GET / HTTP/1.1\r\nContent-Length: +5\r\n\r\n'), errors.INVALID_LENGTH);
});

test('tune.http.strict refuses what HAProxy tolerates in Host and targets', () => {
  const strict = (text: string): number => {
    const buffer = Buffer.from(text, 'latin1');
    return parseRequestHead(buffer, 0, buffer.length, new Http1RequestHead(), { ...LIMITS, strict: true });
  };
  for (const text of [
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a:x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n',
    'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
  ]) {
    assert.equal(strict(text), errors.INVALID_HOST, text);
    assert.ok(parse(text).verdict > 0, text);
  }
  for (const host of ['a', 'a:80', 'a:', '[::1]:80', '127.0.0.1', ''])
    assert.ok(strict(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`) > 0, host);
  assert.ok(strict('GET / HTTP/1.0\r\n\r\n') > 0);
});

test('No bytes make the parser throw or consume more than it was given', () => {
  const next = randomNumbers(3);
  const pieces = [
    'GET ',
    'POST ',
    '/a',
    '*',
    'http://a/',
    ' HTTP/1.1',
    ' HTTP/1.0',
    '\r\n',
    '\r\n',
    '\n',
    '\r',
    'Host: a',
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    ': ',
    ',',
    '\0',
    '\xff',
    ' ',
    '\t',
    'X',
    '\r\n\r\n',
  ];
  const head = new Http1RequestHead();
  let good = 0;
  for (let run = 0; run < 30_000; run++) {
    const noise = Array.from({ length: next(6) }, () => pieces[next(pieces.length)]).join('');
    const text = next(2) === 0 ? noise : `GET /a HTTP/1.1\r\n${noise}\r\n\r\n`;
    const { verdict } = parse(text, head);
    assert.ok(
      verdict <= text.length && (verdict >= 0 || errors.PARSE_ERRORS.has(verdict)),
      JSON.stringify(text),
    );
    if (verdict > 0) good++;
  }
  assert.ok(good > 100, `only ${good} were good: the test shows little`);
});
