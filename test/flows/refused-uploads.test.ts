/** A server that has read enough of an upload answers it, and goes with a reset: the client is told what it said. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';
import { until } from '../support/until.ts';

const REFUSAL = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large';
const UPLOAD = Buffer.alloc(3 << 20, 'x');
const TIMES = 20;

/** What a client gets that sends all it can, whether or not it is read. */
async function upload(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const received: Buffer[] = [];
  socket.on('data', chunk => received.push(chunk));
  socket.on('error', () => undefined);
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${UPLOAD.length}\r\n\r\n`);
  socket.write(UPLOAD);
  const isOver = (): boolean => Buffer.concat(received).toString('latin1').endsWith('too large');
  await until('the answer, or the end', () => isOver() || socket.closed);
  socket.destroy();
  return Buffer.concat(received).toString('latin1');
}

async function start(t: TestContext, mode: string): Promise<number> {
  const origin = await startRawOrigin(t, socket =>
    socket.once('data', () => {
      socket.write(REFUSAL);
      socket.resetAndDestroy();
    }),
  );
  const port = await freePort();
  await startBalancer(
    t,
    `defaults
  mode ${mode}
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen l
  bind 127.0.0.1:${port}
  server s ${origin.address}
`,
    { ports: [port] },
  );
  return port;
}

for (const mode of ['http', 'tcp'])
  test(`the answer of a server that resets the rest of an upload reaches the client: mode ${mode}`, async t => {
    const port = await start(t, mode);
    for (let i = 0; i < TIMES; i++)
      assert.match(await upload(port), /^HTTP\/1\.1 413 [^]*\r\n\r\ntoo large$/, `${i}`);
  });
