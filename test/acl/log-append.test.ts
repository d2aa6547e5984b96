/** Log lines written as bytes are those rendered as text, whichever aliases stand side by side and whatever they meet. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SampleContext } from '../../src/acl/context.ts';
import { compileLogFormat } from '../../src/acl/log-format.ts';
import { ALIASES } from '../../src/acl/log-format/aliases.ts';
import { DEFAULT_FORMATS } from '../../src/acl/log-format/formats.ts';
import { phaseBit } from '../../src/acl/phase.ts';
import type { LogFormatOptions } from '../../src/acl/compiled.ts';
import { ByteLine } from '../../src/base/byte-line.ts';
import { parseRequestHead } from '../../src/http/request-parser.ts';
import { Http1RequestHead } from '../../src/http/request-head.ts';
import { randomNumbers } from '../support/random-numbers.ts';
import { AT, testEnvironment } from './compile-environment.ts';
import { exampleContext, LOG_PHASE, rendered } from './evaluate.ts';
import { BACKEND, CLIENT, SERVER, TRANSACTION } from './sample-context.ts';

const FORMATS = [
  ...Object.values(DEFAULT_FORMATS).filter(text => !text.includes('%[')),
  ...ALIASES.map(({ name }) => `<%${name}>`),
  ...ALIASES.map(({ name }) => `%{+Q}${name} %{+X}${name} %{+E}${name}`),
  ...ALIASES.map(({ name }) => `%${name} %hr %${name}`),
  '%{+json}o %(c)ci:%(p)cp %(l)r',
  '%{+Q}o %ci:%cp %ft %b/%s',
  '%ci:%cp %ci:%cp/%ci %ft %b/%ft %b/%s',
  '%ac/%fc/%bc/%sc/%rc %sq/%bq%ST %B %CC %CS %tsc',
  '%TR/%Tw/%Tc/%Tr/%Ta/%Tt %Tw/%Tc/%Tt %B %ts',
];

type Choice = <Value>(...values: readonly Value[]) => Value;

function lineOf(text: string): SampleContext['requestLine'] {
  const head = new Http1RequestHead();
  const bytes = Buffer.from(`${text}\r\nHost: a\r\n\r\n`, 'latin1');
  const limits = { maxHeadBytes: 8000, maxHeaders: 100, relaxed: true };
  assert.ok(parseRequestHead(bytes, 0, bytes.length, head, limits) > 0, text);
  return head.line;
}

const LINES = [
  undefined,
  { method: 'GET', target: '/plain', version: 20 },
  lineOf('GET / HTTP/1.1'),
  lineOf('GET /a"b#c HTTP/1.0'),
  lineOf(`POST /${'x'.repeat(1100)} HTTP/1.1`),
  lineOf(`GET /${'y'.repeat(1009)} HTTP/1.1`),
  lineOf(`GET /${'y'.repeat(1010)} HTTP/1.1`),
];

const START_MS = Date.UTC(2026, 0, 1, 0, 0, 0, 0);

function anyContext(random: (below: number) => number): SampleContext {
  const one: Choice = (...values) => values[random(values.length)] as never;
  const number = (): number =>
    one(-1, 0, 7, 9, 10, 99, 100, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 40, random(5000));
  const timers = {
    ...TRANSACTION.timers,
    requestTimeMs: START_MS + random(3000),
    active: number(),
    acceptTimeMs: START_MS + random(5000),
    queue: number(),
  };
  const bytes = { ...TRANSACTION.bytes, fromServer: number(), fromClient: number() };
  const { name } = { name: one('s1', 'a-rather-long-name-of-a-server-that-exceeds-the-loop', '') };
  const address = one(
    CLIENT.source,
    { family: 0, host: '/run/x', port: 0 } as const,
    { family: 6, host: '2001:db8::1', port: 9 } as const,
  );
  return exampleContext({
    client: one(undefined, CLIENT, {
      ...CLIENT,
      source: address,
      acceptTimeMs: START_MS + random(5000),
      transport: one('tcp', 'tls'),
    }),
    server: one(undefined, { ...SERVER, name }),
    backend: one(undefined, BACKEND),
    requestLine: one(...LINES),
    requestCaptures: one([], ['a"{|}#', undefined], [undefined, 'b']),
    responseCaptures: one([], ['text/html']),
    requestCookieCapture: one(undefined, 'sid=1', ''),
    responseCookieCapture: one(undefined, 'a\0b'),
    uniqueId: one(undefined, 'id'),
    transaction: one(undefined, TRANSACTION, {
      ...TRANSACTION,
      timers,
      bytes,
      status: one(0, 200, 404),
      terminationState: one('--', 'sH'),
      redispatched: one(true, false),
      retries: number(),
      badRequest: one(false, false, true),
      servedBy: one(undefined, '<STATS>'),
      serverConnections: number(),
    }),
  });
}

function assertSame(text: string, options: LogFormatOptions, contexts: readonly SampleContext[]): void {
  const env = testEnvironment();
  const format = compileLogFormat(text, AT, phaseBit(LOG_PHASE), env, options);
  assert.ok(format !== undefined, `${text}: ${JSON.stringify(env.diagnostics)}`);
  const line = new ByteLine();
  for (const ctx of contexts) {
    line.length = 0;
    format.append(ctx, line);
    const rendered = Buffer.from(format.render(ctx), 'latin1').toString('latin1');
    assert.equal(line.bytes.toString('latin1', 0, line.length), rendered, text);
  }
}

test('a line as bytes is the line as text', () => {
  const random = randomNumbers(11);
  const contexts = Array.from({ length: 300 }, () => anyContext(random));
  for (const text of FORMATS)
    for (const options of [
      { style: 'log' },
      { style: 'log', isEarly: true },
      { style: 'log', uriLength: 40 },
      { style: 'plain' },
    ] as const)
      assertSame(text, options, contexts);
});

test('where nothing can be captured its place leaves one blank', () => {
  const captures = { request: [], response: [] };
  const random = randomNumbers(3);
  const contexts = Array.from({ length: 30 }, () => ({
    ...anyContext(random),
    requestCaptures: [],
    responseCaptures: [],
  }));
  for (const text of ['%ci %hr %hs %{+Q}r', '%hr %ci', '%hr%hs', '%ci %hs', '%{+json}hr %ci'])
    for (const ctx of contexts)
      assert.equal(rendered(text, ctx, { style: 'log', captures }), rendered(text, ctx), text);
});

test('a line ends where there is no more room for it', () => {
  const line = new ByteLine();
  for (let round = 0; round < 30_000; round++) line.addUrl('a#', 0, 2);
  for (let round = 0; round < 3; round++) {
    line.addByte(65);
    line.addNumber(7);
    line.addNumber(1234);
    line.add('a'.repeat(50));
  }
  assert.equal(line.length, 65_536);
});
