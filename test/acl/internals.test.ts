/** Messages as HAProxy 3.4 would hold them: the numbers are those it gives for the same messages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SampleContext } from '../../src/acl/context.ts';
import type { Phase } from '../../src/acl/phase.ts';
import { textOf } from './evaluate.ts';
import { bodyOf, requestHead, responseHead, sampleContext } from './sample-context.ts';

const RESPONSE_PHASE: Phase = 'frontend http-response header rule';

function told(words: readonly string[], ctx: SampleContext, phase?: Phase): string {
  return words.map(word => textOf(`internal.${word}`, ctx, undefined, phase)).join(' ');
}

const SIZES = ['htx.nbblks', 'htx.size', 'htx.data', 'htx.used', 'htx.free', 'htx.free_data', 'htx.has_eom'];

function requestOf(method: string, pairs: readonly (readonly [string, string])[], body = ''): SampleContext {
  return sampleContext({ request: requestHead(method, '/', pairs), requestBody: bodyOf(body) });
}

test('a request is a block for its start line, one for each header and one behind them', () => {
  const ctx = requestOf('GET', [
    ['Host', 'a'],
    ['Accept', 'x'],
    ['B', 'c'],
  ]);
  assert.equal(told(SIZES, ctx), '5 16344 47 87 16257 16249 1');
  assert.equal(textOf('req.len', ctx), '47');
  const line = ['htx_blk.type(0)', 'htx_blk.size(head)', 'htx_blk.start_line(first)'];
  assert.equal(told(line, ctx), 'HTX_BLK_REQ_SL 32 GET / HTTP/1.1');
  const header = ['htx_blk.type(1)', 'htx_blk.size(1)', 'htx_blk.hdrname(1)', 'htx_blk.hdrval(1)'];
  assert.equal(told(header, ctx), 'HTX_BLK_HDR 5 host a');
  assert.equal(told(['htx_blk.type(tail)', 'htx_blk.size(4)'], ctx), 'HTX_BLK_EOH 1');
  assert.equal(told(['htx_blk.type(5)', 'htx_blk.size(5)', 'htx_blk.data(5)'], ctx), 'HTX_BLK_UNUSED 0 ');
  assert.equal(told(['htx_blk.start_line(1)', 'htx_blk.hdrval(0)', 'htx_blk.data(4)'], ctx), '  ');
});

test('what is there of a body is one block more', () => {
  const pairs = [
    ['Host', 'a'],
    ['Content-Length', '5'],
  ] as const;
  const ctx = requestOf('POST', pairs, 'hello');
  assert.equal(told(SIZES, ctx), '5 16344 59 99 16245 16237 1');
  assert.equal(told(['htx_blk.type(4)', 'htx_blk.data(tail)'], ctx), 'HTX_BLK_DATA hello');
  const early = { ...ctx, requestBody: bodyOf('hel', false) };
  assert.equal(told(['htx.data', 'htx.has_eom'], early), '57 0');
});

test('trailers are blocks, and their end is one, once they are there', () => {
  const request = requestHead('POST', '/', [
    ['Host', 'a'],
    ['Transfer-Encoding', 'chunked'],
  ]);
  const ctx = (trailers?: string): SampleContext =>
    sampleContext({ request, requestBody: { ...bodyOf('helloworld'), trailers } });
  const last = ['htx_blk.type(5)', 'htx_blk.hdrname(5)', 'htx_blk.hdrval(5)', 'htx_blk.type(tail)'];
  assert.equal(told(last, ctx('T:  u\r\n')), 'HTX_BLK_TLR t u HTX_BLK_EOT');
  assert.equal(told(SIZES, ctx('T: u\r\n')), '7 16344 76 132 16212 16204 1');
  assert.equal(told(SIZES, ctx('')), '6 16344 74 122 16222 16214 1');
  request.version = 20;
  assert.equal(told(['htx.nbblks'], ctx('')), '5');
});

test('of a body that does not fit there is what does, and no end', () => {
  const ctx = requestOf('POST', [['Host', 'a']], 'x'.repeat(30_000));
  assert.equal(told(['htx.used', 'htx.has_eom', 'htx.free_data'], ctx), '15320 0 1016');
});

test('rules for responses see the response', () => {
  const ctx = sampleContext({
    request: requestHead('GET', '/', []),
    response: responseHead(404, [['content-length', '0']], 'Nothing to See'),
    responseBody: bodyOf(''),
  });
  assert.equal(told(['htx.nbblks', 'htx.data', 'htx.has_eom'], ctx, RESPONSE_PHASE), '3 61 1');
  const line = ['htx_blk.type(0)', 'htx_blk.start_line(0)'];
  assert.equal(told(line, ctx, RESPONSE_PHASE), 'HTX_BLK_RES_SL HTTP/1.1 404 Nothing to See');
});

test('a check has no message', () => {
  const ctx = sampleContext({ transaction: undefined, request: requestHead('GET', '/', []) });
  assert.equal(textOf('internal.htx.size', ctx), undefined);
});
