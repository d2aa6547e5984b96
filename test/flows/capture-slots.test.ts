/** Capture slots are numbered in the order of the lines that make them, whichever kind these are (manual, section 8.8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { exchange } from '../support/raw-exchange.ts';

test('rules, declarations and header captures share one numbering', async t => {
  const port = await freePort();
  await startBalancer(
    t,
    `defaults
  mode http
  timeout client 5s
frontend f
  bind 127.0.0.1:${port}
  declare capture request len 4
  capture request header X-Q len 6
  http-request capture method len 2
  capture request header Host len 3
  http-request capture path id 0
  tcp-request content capture req.hdr(x-q) len 1
  http-request return status 200 hdr x-slots "%hr %[capture.req.hdr(0)],%[capture.req.hdr(2)],%[capture.req.hdr(4)]"
`,
    { ports: [port] },
  );
  const { received } = await exchange(
    port,
    'GET /a/long/path HTTP/1.1\r\nHost: example\r\nX-Q: 123456789\r\nConnection: close\r\n\r\n',
    2000,
  );
  assert.equal(/x-slots: (.*)\r\n/.exec(received)?.[1], '{/a/l|123456|GE|exa|1} /a/l,GE,1');
});
