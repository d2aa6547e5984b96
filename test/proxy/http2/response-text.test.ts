/** Values of responses in HTTP/2 that are made to cost time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseText } from '../../../src/proxy/http2/response-text.ts';
import { processorMs } from '../../support/processor-time.ts';

const MOST_MS = 20;

test('blanks in a value take no time, those around it are left out', () => {
  const text = new ResponseText();
  const value = `a${' '.repeat(15_000)}b`;
  const ms = processorMs(() => {
    text.begin().field(':status', '200');
    text.field('x', ` ${value}\t`);
  }, MOST_MS);
  assert.ok(ms <= MOST_MS, `${ms} ms`);
  assert.equal(text.invalid, false);
  assert.equal(text.head(''), `HTTP/1.1 200 OK\r\nx: ${value}\r\n\r\n`);
});
