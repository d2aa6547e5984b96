/** The HTTP check, byte by byte: what is sent, and how recorded answers are judged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAnswer } from '../../src/health/http-answer.ts';
import { compileExpect } from '../../src/health/http-expect.ts';
import { composeRequest } from '../../src/health/http-request.ts';
import type { CheckFinding } from '../../src/health/status.ts';
import type { Word } from '../../src/model/word.ts';

function words(...texts: string[]): Word[] {
  return texts.map(
    text => ({ text, position: { file: 'test', line: 1, column: 1, length: 1 } }) as unknown as Word,
  );
}

function sent(args: string[], ...rules: string[][]): string {
  return composeRequest(
    words(...args),
    rules.map(rule => words(...rule)),
  ).toString('latin1');
}

test('option httpchk alone asks for OPTIONS / over HTTP/1.0', () => {
  assert.equal(sent([]), 'OPTIONS / HTTP/1.0\r\nconnection: close\r\n\r\n');
});

test('one word is the URI, more are method, URI, version and host', () => {
  assert.match(sent(['/up']), /^OPTIONS \/up HTTP\/1.0\r\n/);
  assert.match(sent(['GET', '/up']), /^GET \/up HTTP\/1.0\r\n/);
  assert.match(sent(['GET', '/up', 'HTTP/1.1', 'www']), /^GET \/up HTTP\/1.1\r\nhost: www\r\n/);
  assert.match(sent(['GET', '/up', 'HTTP/1.1\r\nHost: www']), /^GET \/up HTTP\/1.1\r\nhost: www\r\n/);
});

test('http-check send replaces what it names and adds headers and a body', () => {
  assert.equal(
    sent(
      ['GET', '/old'],
      ['send', 'meth', 'POST', 'uri', '/new', 'ver', 'HTTP/1.1', 'hdr', 'Host', 'a', 'body', 'text'],
    ),
    'POST /new HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 4\r\n\r\ntext',
  );
});

function judge(answer: string, last: boolean, ...rules: string[][]): CheckFinding | string | undefined {
  const read = readAnswer(answer, last);
  if (typeof read === 'string') return read;
  const disable = rules.some(rule => rule[0] === 'disable-on-404');
  return compileExpect(
    rules.map(rule => words(...rule)),
    disable,
  )(read);
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const MISMATCH = { status: 'L7RSP', info: 'HTTP content check did not match' };

const CASES: readonly (readonly [
  title: string,
  answer: string,
  last: boolean,
  rules: string[][],
  expected: unknown,
])[] = [
  ['2xx without a rule', OK, false, [], { status: 'L7OK', code: 200 }],
  ['3xx without a rule', 'HTTP/1.0 302 Found\r\n\r\n', false, [], { status: 'L7OK', code: 302 }],
  [
    '5xx without a rule',
    'HTTP/1.0 503 Service Unavailable\r\n\r\n',
    false,
    [],
    { status: 'L7STS', code: 503, info: 'Service Unavailable' },
  ],
  [
    'a status in a range',
    'HTTP/1.0 404 No\r\n\r\n',
    false,
    [['expect', 'status', '200,400-405']],
    { status: 'L7OK', code: 404 },
  ],
  [
    'a status that must not be',
    OK,
    false,
    [['expect', '!', 'status', '200']],
    { status: 'L7STS', code: 200, info: 'OK' },
  ],
  [
    'a status by expression',
    OK,
    false,
    [['expect', 'rstatus', '^5']],
    { status: 'L7STS', code: 200, info: 'OK' },
  ],
  ['a text', OK, false, [['expect', 'string', 'ell']], { status: 'L7OK', code: 200 }],
  ['a text that is missing', OK, false, [['expect', 'string', 'bye']], MISMATCH],
  ['a text that may still come', OK.slice(0, -2), false, [['expect', 'string', 'hello']], undefined],
  ['a text that does not come any more', OK.slice(0, -2), true, [['expect', 'string', 'hello']], MISMATCH],
  [
    'a text that must not be',
    OK,
    false,
    [['expect', '!', 'rstring', 'h.l']],
    { status: 'L7RSP', info: 'HTTP check matched unwanted content' },
  ],
  [
    'no body',
    'HTTP/1.0 200 OK\r\n\r\n',
    true,
    [['expect', 'string', 'x']],
    { status: 'L7RSP', info: 'HTTP content check could not find a response body' },
  ],
  [
    'two rules, the second not met',
    OK,
    false,
    [
      ['expect', 'status', '200'],
      ['expect', 'string', 'bye'],
    ],
    MISMATCH,
  ],
  [
    'chunks',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
    false,
    [['expect', 'string', 'hello']],
    { status: 'L7OK', code: 200 },
  ],
  ['an interim answer before', `HTTP/1.1 103 Early\r\n\r\n${OK}`, false, [], { status: 'L7OK', code: 200 }],
  [
    '404 with disable-on-404',
    'HTTP/1.0 404 No\r\n\r\n',
    false,
    [['disable-on-404']],
    { status: 'L7OKC', code: 404 },
  ],
  ['garbage', 'SSH-2.0-x\r\n', false, [], 'invalid'],
  ['half a status line', 'HTTP/1.', false, [], 'incomplete'],
  ['half a head', 'HTTP/1.1 200 OK\r\nA: b\r\n', false, [], 'incomplete'],
];

for (const [title, answer, last, rules, expected] of CASES)
  test(`an answer is judged: ${title}`, () => assert.deepEqual(judge(answer, last, ...rules), expected));
