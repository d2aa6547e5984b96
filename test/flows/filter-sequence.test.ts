/** Order of filters, and `filter-sequence`, which leaves out what it does not name. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';

const BODY = 'x'.repeat(60_000);

interface Flow {
  readonly port: number;
  readonly asked: () => number;
}

async function start(t: TestContext, filters: string): Promise<Flow> {
  let asked = 0;
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    asked++;
    const coding = request.headers['content-encoding'] ?? 'none';
    response.setHeader('cache-control', 'max-age=60');
    response.setHeader('x-coding', coding);
    request.resume();
    request.on('end', () => response.end(BODY));
  });
  const port = await freePort();
  await startBalancer(
    t,
    `defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
listen l
  bind 127.0.0.1:${port}
  compression algo gzip
  compression algo-req gzip
${filters}
  server s ${origin.address}
cache c
  total-max-size 4
  max-object-size 100000
`,
  );
  return { port, asked: () => asked };
}

const GET = 'GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n';
const POST = `POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5000\r\n\r\n${'y'.repeat(5000)}`;
const CODED = /\r\ncontent-encoding: gzip\r\n/i;

test('comp-req and comp-res say themselves what is compressed', async t => {
  const response = await start(t, '  compression direction request\n  filter comp-res');
  assert.match(await exchangeRaw(response.port, GET), CODED);
  assert.match(await exchangeRaw(response.port, POST), /x-coding: none/);
  const request = await start(t, '  filter comp-req');
  assert.doesNotMatch(await exchangeRaw(request.port, GET), CODED);
  assert.match(await exchangeRaw(request.port, POST), /x-coding: gzip/);
});

test('a sequence leaves compression out on its way alone', async t => {
  const { port } = await start(
    t,
    '  filter trace quiet\n  filter comp-req\n  filter comp-res\n  filter-sequence response trace',
  );
  assert.doesNotMatch(await exchangeRaw(port, GET), CODED);
  assert.match(await exchangeRaw(port, POST), /x-coding: gzip/);
});

test('a cache that a sequence leaves out stores nothing', async t => {
  const rules =
    '  filter cache c\n  filter comp-res\n  http-request cache-use c\n  http-response cache-store c\n';
  const kept = await start(t, `${rules}  filter-sequence response cache`);
  const left = await start(t, `${rules}  filter-sequence response comp-res`);
  for (const { port } of [kept, kept, left, left]) await exchangeRaw(port, GET);
  assert.equal(kept.asked(), 1);
  assert.equal(left.asked(), 2);
});

test('a limit in front of compression counts what is not compressed yet, as lines or a sequence put it there', async t => {
  const limit = '  filter bwlim-out slow default-limit 100000 default-period 1s\n';
  const coder = '  filter comp-res\n';
  const rule = '  http-response set-bandwidth-limit slow';
  for (const filters of [limit + coder, `${coder}${limit}  filter-sequence response bwlim-out,comp-res\n`]) {
    const { port } = await start(t, filters + rule);
    const begin = performance.now();
    const answer = await exchangeRaw(port, GET);
    const ms = performance.now() - begin;
    assert.match(answer, CODED);
    assert.ok(ms >= 450, `it took ${ms} ms`);
    assert.equal(gunzipSync(unchunked(answer)).toString(), BODY);
  }
});

test('a limit that a sequence leaves out limits nothing', async t => {
  // at one byte a second nobody would wait for the end
  const limit = '  filter bwlim-out slow default-limit 1 default-period 1s min-size 1\n';
  const { port } = await start(
    t,
    `${limit}  filter comp-res\n  filter-sequence response comp-res\n  http-response set-bandwidth-limit slow`,
  );
  assert.match(await exchangeRaw(port, GET), CODED);
});

function unchunked(answer: string): Buffer {
  const pieces: string[] = [];
  let at = answer.indexOf('\r\n\r\n') + 4;
  for (;;) {
    const end = answer.indexOf('\r\n', at);
    const size = Number.parseInt(answer.slice(at, end), 16);
    if (!(size > 0)) return Buffer.from(pieces.join(''), 'latin1');
    pieces.push(answer.slice(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
