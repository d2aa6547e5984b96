import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FramingFields } from '../../src/http/framing.ts';
import type { HeadLimits } from '../../src/http/head-limits.ts';
import { HeaderList } from '../../src/http/header-list.ts';
import { scanFields } from '../../src/http/field-scanner.ts';
import { RepeatedFields } from '../../src/http/repeated-fields.ts';
import {
  LENIENT,
  lines,
  parseRequest,
  parseResponse,
  requestVerdict,
  STRICT,
  writeRequest,
  writeResponse,
} from '../support/http-head.ts';
import { randomNumbers } from '../support/random-numbers.ts';

const FIELDS = 'Host: a\r\nAccept: */*\r\nCookie: a=1\r\n\r\n';

/** Reads lines as the parsers do, but for what they mean. */
class Reader {
  readonly #repeated = new RepeatedFields();
  readonly headers = new HeaderList();
  readonly fields = new FramingFields();

  /** Whether they were known. */
  read(text: string, from = 0, limits = LENIENT): boolean {
    const buffer = Buffer.from(text, 'latin1');
    this.headers.clear();
    const known = this.#repeated.recall(buffer, 0, from, buffer.length, this, limits);
    const body = known > 0 ? known : scanFields(buffer, 0, from, buffer.length, this.headers, limits);
    this.headers.setSource(buffer, 0, body);
    if (known === 0) this.#repeated.remember(buffer, 0, from, body, this, limits);
    return known > 0;
  }

  get all(): string {
    const { headers } = this;
    return Array.from({ length: headers.count }, (_, at) => headers.nameAt(at) + headers.valueAt(at)).join();
  }
}

suite('field lines that come again', () => {
  test('are known the third time, wherever they lie', () => {
    const reader = new Reader();
    assert.deepEqual(
      [FIELDS, FIELDS, FIELDS].map(text => reader.read(text)),
      [false, false, true],
    );
    assert.equal(reader.read(`GET / HTTP/1.1\r\n${FIELDS}`, 16), true);
    assert.equal(reader.all, 'Hosta,Accept*/*,Cookiea=1');
    assert.equal(reader.headers.get('accept'), '*/*');
  });

  test('are others when one byte is, or when other rules hold', () => {
    const reader = new Reader();
    for (let time = 0; time < 3; time++) reader.read(FIELDS);
    for (let at = 0; at < FIELDS.length - 4; at++) {
      const other = `${FIELDS.slice(0, at)}${FIELDS[at] === 'x' ? 'y' : 'x'}${FIELDS.slice(at + 1)}`;
      // what is no head at all is not what is asked here
      if (/^[^\r\n:]+: [^\r\n]*(\r\n[^\r\n:]+: [^\r\n]*)*\r\n\r\n$/.test(other))
        assert.equal(reader.read(other), false, other);
    }
    const strict = new Reader();
    for (let time = 0; time < 3; time++) strict.read(FIELDS);
    assert.equal(strict.read(FIELDS, 0, STRICT), false);
  });

  test('rest for a while when others look like them', () => {
    const id = (number: number): string => `Host: a\r\nX-Request-Id: ${'0'.repeat(300)}${number}\r\n\r\n`;
    const reader = new Reader();
    for (let time = 0; time < 3; time++) reader.read(id(1000));
    for (let other = 1001; other < 1020; other++) assert.equal(reader.read(id(other)), false);
    let reads = 0;
    while (!reader.read(id(1000))) assert.ok(reads++ < 600, 'they are never known again');
    assert.ok(reads > 200, `they rested for ${reads} only`);
  });

  test('are not kept when they are written anew, too long or too many', () => {
    for (const text of [
      'Host: a\nAccept: b\r\n\r\n',
      'Host:a\r\n\r\n',
      'A: b\r\n c\r\n\r\n',
      `A: ${'x'.repeat(2100)}\r\n\r\n`,
      `${'A: b\r\n'.repeat(40)}\r\n`,
    ]) {
      const reader = new Reader();
      for (let time = 0; time < 5; time++) assert.equal(reader.read(text), false, text);
    }
  });
});

/** All that is asked of a request, before and after it is changed. */
function requestFacts(text: string, limits: HeadLimits): unknown[] {
  const { head, result } = parseRequest(text, limits);
  if (result <= 0) return [result];
  const { headers, fields } = head;
  const facts = [
    result,
    [head.method, head.target, head.version, head.framing, head.keepAlive, head.hostIndex],
    [head.wantsUpgrade, head.expectsContinue, headers.seen, headers.repeated, headers.text],
    Object.entries(fields),
    Array.from({ length: headers.count }, (_, at) => [headers.lowerNameAt(at), headers.valueAt(at)]),
    writeRequest(head),
  ];
  headers.remove('accept');
  headers.set('Host', 'other');
  if (headers.count > 1) headers.setValueAt(1, 'changed');
  headers.add('X-More', 'here');
  return [...facts, writeRequest(head)];
}

function responseFacts(text: string, limits: HeadLimits): unknown[] {
  const { head, result } = parseResponse(text, 'GET', limits);
  if (result <= 0) return [result];
  const { headers } = head;
  const facts = [
    result,
    [
      head.status,
      head.reason,
      head.framing,
      head.keepAlive,
      head.endsWithConnection,
      Object.entries(head.fields),
    ],
    Array.from({ length: headers.count }, (_, at) => [headers.lowerNameAt(at), headers.valueAt(at)]),
    writeResponse(head),
  ];
  headers.remove('server');
  headers.add('X-More', 'here');
  return [...facts, writeResponse(head, 'close')];
}

const LINES = [
  'Host: a',
  'Host: a',
  'Accept: */*',
  'Accept:b',
  'Content-Length: 5',
  'content-length: 05',
  'Transfer-Encoding: chunked',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: x, Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Keep-Alive: 5',
  'Server: s',
  'TE: gzip, trailers',
  'X: folded\r\n line',
  'X:  blanks ',
];

suite('heads that come again', () => {
  test('mean the same the first time and every other, whatever was made of those before', () => {
    const next = randomNumbers(7);
    let good = 0;
    for (let run = 0; run < 5_000; run++) {
      const fields = Array.from({ length: 1 + next(5) }, () => LINES[next(LINES.length)] as string);
      const methods = ['GET', 'POST', 'CONNECT', 'OPTIONS'].map(
        method => `${method} ${['/a', '/longer?b', '*', 'http://a/x', 'a:1'][next(5)]} HTTP/1.${next(3)}`,
      );
      const limits = [LENIENT, STRICT][next(2)] as HeadLimits;
      // rules of its own: nothing is known by them yet
      const first = methods.map(line => requestFacts(lines(line, ...fields), { ...limits }));
      for (let time = 0; time < 3; time++)
        methods.forEach((line, index) =>
          assert.deepEqual(requestFacts(lines(line, ...fields), limits), first[index], line + fields.join()),
        );
      good += first.filter(facts => facts.length > 1).length;
    }
    assert.ok(good > 1000, `only ${good} were good: the test shows little`);
  });

  test('so do answers, whose status says what becomes of lengths', () => {
    const next = randomNumbers(8);
    for (let run = 0; run < 3_000; run++) {
      const fields = Array.from({ length: 1 + next(5) }, () => LINES[next(LINES.length)] as string);
      const texts = ['200 OK', '204 No Content', '304 Not Modified', '101 x', '200'].map(status =>
        lines(`HTTP/1.1 ${status}`, ...fields),
      );
      const first = texts.map(text => responseFacts(text, { ...LENIENT }));
      for (let time = 0; time < 3; time++)
        texts.forEach((text, index) => assert.deepEqual(responseFacts(text, LENIENT), first[index], text));
    }
  });

  test('what some may say others still must not', () => {
    const twice = lines('GET / HTTP/1.1', 'Host: a', 'Host: a', 'X-Twice: 1');
    for (let time = 0; time < 4; time++) assert.equal(requestVerdict(twice, LENIENT), 'ok');
    assert.notEqual(requestVerdict(twice, STRICT), 'ok');
  });
});
