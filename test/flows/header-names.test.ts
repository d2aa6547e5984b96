/** Options about the names of header fields, through the running program. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';

test('Old clients and servers get header names in their case; odd names are deleted or rejected', async t => {
  let seen = '';
  const origin = await startRawOrigin(t, socket =>
    socket.on('data', (chunk: Buffer) => {
      seen = chunk.toString('latin1');
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    }),
  );
  const [adjusting, rejecting] = (await freePorts(2)) as [number, number];
  const config = `global
    h1-case-adjust content-length CONTENT-length
    h1-case-adjust x-old X-OLD
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend adjusting
    bind 127.0.0.1:${adjusting}
    option h1-case-adjust-bogus-client
    default_backend b
frontend rejecting
    bind 127.0.0.1:${rejecting}
    option http-restrict-req-hdr-names reject
    default_backend b
backend b
    option h1-case-adjust-bogus-server
    option http-restrict-req-hdr-names delete
    server s ${origin.address}
`;
  await startBalancer(t, config);
  const request = 'GET / HTTP/1.1\r\nHost: a\r\nx-old: 1\r\nX_Y: 2\r\nConnection: close\r\n\r\n';
  assert.match(await exchangeRaw(adjusting, request), /^HTTP\/1\.1 200 OK\r\nCONTENT-length: 2\r\n/);
  assert.match(seen, /\r\nX-OLD: 1\r\n/);
  assert.doesNotMatch(seen, /X_Y/);
  assert.match(await exchangeRaw(rejecting, request), /^HTTP\/1\.1 403 /);
});
