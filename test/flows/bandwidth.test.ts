/** `filter bwlim-in` and `bwlim-out` with `set-bandwidth-limit`: how long bodies take through the running program. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';

const DEFAULTS = `defaults
  timeout connect 5s
  timeout client 20s
  timeout server 20s
`;
const BODY = 'x'.repeat(60_000);
/** What 60,000 bytes take at least at 100,000 a second, with room for how it begins. */
const LEAST_MS = 450;

async function startHttp(t: TestContext): Promise<number> {
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    let length = 0;
    request.on('data', (chunk: Buffer) => (length += chunk.length));
    request.on('end', () => response.end(request.method === 'POST' ? String(length) : BODY));
  });
  const port = await freePort();
  await startBalancer(
    t,
    `${DEFAULTS}  mode http
listen l
  bind 127.0.0.1:${port}
  filter compression
  filter bwlim-out slow-out default-limit 1g default-period 1s
  filter bwlim-in slow-in default-limit 100000 default-period 1s min-size 1448
  filter bwlim-out together limit 100000 key str(all) table t
  http-request set-bandwidth-limit slow-out limit 100000 if { path /out }
  http-request set-bandwidth-limit slow-out limit req.hdr(x-limit) period 1s if { path /said }
  http-request set-bandwidth-limit slow-in if { path /in }
  http-request set-bandwidth-limit together if { path /together }
  compression algo gzip
  server s ${origin.address}
backend t
  stick-table type string size 10 store bytes_out_rate(1s)
`,
  );
  return port;
}

async function timed(
  port: number,
  request: string,
): Promise<{ readonly answer: string; readonly ms: number }> {
  const begin = performance.now();
  const answer = await exchangeRaw(port, request, 20_000);
  return { answer, ms: performance.now() - begin };
}

function get(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}Connection: close\r\n\r\n`;
}

test('answers take the time that their limit says, and come whole', async t => {
  const port = await startHttp(t);
  for (const [path, fields] of [
    ['/out', ''],
    ['/said', 'X-Limit: 100000\r\n'],
  ] as const) {
    const { answer, ms } = await timed(port, get(path, fields));
    assert.ok(answer.endsWith(BODY));
    assert.ok(ms >= LEAST_MS, `${path} took ${ms} ms`);
  }
  const free = await timed(port, get('/said', 'X-Limit: 100000000\r\n'));
  assert.ok(free.answer.endsWith(BODY));
});

test('a limited request comes whole too, and what is compressed is limited as it is sent', async t => {
  const port = await startHttp(t);
  const head = 'POST /in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
  const { answer, ms } = await timed(port, `${head}Content-Length: ${BODY.length}\r\n\r\n${BODY}`);
  assert.match(answer, /\r\n\r\n60000$/);
  assert.ok(ms >= LEAST_MS, `it took ${ms} ms`);
  const small = await exchangeRaw(port, get('/out', 'Accept-Encoding: gzip\r\n'));
  assert.match(small, /^content-encoding: gzip\r$/im);
});

test('streams with the same key share their limit', async t => {
  const port = await startHttp(t);
  const begin = performance.now();
  const answers = await Promise.all([
    exchangeRaw(port, get('/together'), 20_000),
    exchangeRaw(port, get('/together'), 20_000),
  ]);
  assert.ok(answers.every(answer => answer.endsWith(BODY)));
  const ms = performance.now() - begin;
  assert.ok(ms >= 2 * LEAST_MS, `it took ${ms} ms`);
});

test('a limit holds in mode tcp, and what was sent before the end arrives', async t => {
  const origin = await startRawOrigin(t, socket => {
    socket.resume();
    socket.end(BODY);
  });
  const port = await freePort();
  await startBalancer(
    t,
    `${DEFAULTS}listen l
  bind 127.0.0.1:${port}
  filter bwlim-out slow default-limit 100000 default-period 1s
  tcp-request content set-bandwidth-limit slow
  server s ${origin.address}
`,
  );
  const begin = performance.now();
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  let length = 0;
  socket.on('data', chunk => (length += chunk.length));
  await once(socket, 'end', { signal: AbortSignal.timeout(60_000) });
  assert.equal(length, BODY.length);
  assert.ok(performance.now() - begin >= LEAST_MS);
});
