/** Exchanges of all kinds, for tests of what is written of them. */
import assert from 'node:assert/strict';
import type { SampleContext } from '../../src/acl/context.ts';
import { parseRequestHead } from '../../src/http/request-parser.ts';
import { Http1RequestHead } from '../../src/http/request-head.ts';
import { exampleContext } from './evaluate.ts';
import { BACKEND, CLIENT, SERVER, TRANSACTION } from './sample-context.ts';

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

export function anyContext(random: (below: number) => number): SampleContext {
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
