/**
 * How a client that is refused hears it, whatever it has sent and nobody has read: by FIN, and by a reset from
 * `tcp-request connection` rules alone. So does HAProxy 2.6.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';

const SMALL = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const LARGE = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`;

/** How often in ten connections the end was what. */
async function endsOf(port: number, said: string): Promise<Record<string, number>> {
  const ends: Record<string, number> = {};
  for (let index = 0; index < 10; index++) {
    const socket = connect(port, '127.0.0.1');
    const heard = new Promise<string>(resolve => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
      socket.on('end', () => resolve('FIN'));
    });
    socket.resume();
    socket.write(said);
    const end = await heard;
    ends[end] = (ends[end] ?? 0) + 1;
    socket.destroy();
    if (!socket.closed) await once(socket, 'close');
  }
  return ends;
}

for (const [name, mode, rule, said, end] of [
  ['no backend', 'tcp', '', SMALL, 'FIN'],
  ['tcp-request content reject', 'tcp', 'tcp-request content reject', SMALL, 'FIN'],
  ['tcp-request session reject', 'tcp', 'tcp-request session reject', SMALL, 'FIN'],
  ['tcp-request connection reject', 'tcp', 'tcp-request connection reject', SMALL, 'ECONNRESET'],
  ['http-request reject', 'http', 'http-request reject', SMALL, 'FIN'],
  ['http-request reject of an upload', 'http', 'http-request reject', LARGE, 'FIN'],
] as const)
  test(`${name}: the client hears ${end}`, async t => {
    const port = await freePort();
    await startBalancer(
      t,
      `frontend f
  mode ${mode}
  bind 127.0.0.1:${port}
  timeout client 5s
  ${rule}
`,
    );
    assert.deepEqual(await endsOf(port, said), { [end]: 10 });
  });
