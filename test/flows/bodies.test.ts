/** Bytes through the real program, unchanged in both directions and both modes. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';

const SIZE = 10 * 1024 * 1024;

function config(mode: 'http' | 'tcp', port: number, server: string): string {
  return `
defaults
  mode ${mode}
  timeout connect 2s
  timeout client 10s
  timeout server 10s
listen l
  bind 127.0.0.1:${port}
  server s ${server}
`;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function post(port: number, body: Buffer, chunked: boolean): Promise<Buffer> {
  const call = request({ port, host: '127.0.0.1', method: 'POST', agent: false });
  if (!chunked) call.setHeader('content-length', body.length);
  for (let at = 0; at < body.length; at += 70_001) call.write(body.subarray(at, at + 70_001));
  call.end();
  const [response] = (await once(call, 'response')) as [NodeJS.ReadableStream];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

for (const mode of ['http', 'tcp'] as const)
  for (const chunked of [false, true])
    test(`10 MB go up and down unchanged in mode ${mode}, ${chunked ? 'chunked' : 'with a length'}`, async t => {
      const origin = await startHttpOrigin(t, 'echo', (incoming, outgoing) => {
        if (!chunked) outgoing.setHeader('content-length', incoming.headers['content-length'] as string);
        incoming.pipe(outgoing);
      });
      const port = await freePort();
      await startBalancer(t, config(mode, port, origin.address));
      const body = randomBytes(SIZE);
      assert.equal(sha256(await post(port, body, chunked)), sha256(body));
    });

test('half-close passes in both directions of a TCP relay', async t => {
  const origin = await startRawOrigin(t, socket => {
    const chunks: Buffer[] = [];
    socket.on('data', chunk => chunks.push(chunk));
    socket.on('end', () => socket.end(Buffer.concat(chunks).toString('latin1').toUpperCase()));
  });
  const port = await freePort();
  await startBalancer(t, config('tcp', port, origin.address));
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end('hello');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  assert.equal(Buffer.concat(chunks).toString(), 'HELLO');
});

test('a websocket-like upgrade becomes a tunnel', async t => {
  const origin = await startRawOrigin(t, socket => {
    socket.once('data', head => {
      assert.match(head.toString('latin1'), /^upgrade: chat\r$/im);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: upgrade\r\n\r\nwelcome');
      socket.on('data', chunk => socket.write(chunk.toString().toUpperCase()));
    });
  });
  const port = await freePort();
  await startBalancer(t, config('http', port, origin.address));
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  let received = '';
  socket.on('data', chunk => (received += chunk.toString('latin1')));
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: chat\r\nConnection: upgrade\r\n\r\n');
  while (!received.endsWith('welcome')) await once(socket, 'data');
  assert.match(received, /^HTTP\/1.1 101 /);
  socket.write('ping');
  while (!received.endsWith('PING')) await once(socket, 'data');
});

test('pipelined requests are answered in order', async t => {
  const origin = await startHttpOrigin(t, 'slow first', (incoming, outgoing) => {
    incoming.resume();
    const text = incoming.url ?? '';
    setTimeout(() => outgoing.end(text), text === '/1' ? 100 : 0);
  });
  const port = await freePort();
  await startBalancer(t, config('http', port, origin.address));
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  let received = '';
  socket.on('data', chunk => (received += chunk.toString('latin1')));
  socket.write(
    [1, 2, 3]
      .map(n => `GET /${n} HTTP/1.1\r\nHost: x\r\n${n === 3 ? 'Connection: close\r\n' : ''}\r\n`)
      .join(''),
  );
  await once(socket, 'end');
  const bodies = [...received.matchAll(/\r\n(?:2\r\n)?\/(\d)/g)].map(match => match[1]);
  assert.deepEqual(bodies, ['1', '2', '3']);
});
