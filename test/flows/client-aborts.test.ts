/** A client that has said all and closes its side: `option abortonclose`, on by default in mode http, decides what that means. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok';
const SLOW_MS = 500;

/** What a client gets that closes its side right behind its request, from a server that takes its time. */
async function askAndClose(t: TestContext, option: string): Promise<string> {
  const { address } = await startRawOrigin(t, socket => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      const timer = setTimeout(() => socket.end(ANSWER), SLOW_MS);
      socket.once('close', () => clearTimeout(timer));
    });
  });
  const port = await freePort();
  await startBalancer(
    t,
    `
defaults
  mode http
  ${option}
  timeout connect 2s
  timeout client 10s
  timeout server 10s
listen l
  bind 127.0.0.1:${port}
  server s ${address}
`,
  );
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (received += text));
    socket.on('error', () => resolve(received));
    socket.on('end', () => {
      socket.destroy();
      resolve(received);
    });
    socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  });
}

test('a client that closes behind its request has given up', async t => {
  assert.doesNotMatch(await askAndClose(t, ''), /200 OK/);
});

test('a client that closes behind its request has given up, where the option says so', async t => {
  assert.doesNotMatch(await askAndClose(t, 'option abortonclose'), /200 OK/);
});

test('a client that closes behind its request waits for its answer without the option', async t => {
  assert.match(await askAndClose(t, 'no option abortonclose'), /^HTTP\/1.1 200 OK\r\n[^]*ok$/);
});
