/** What `show info` counts of the whole process: streams of every kind, and connections before they are sessions. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tlsFile } from '../support/tls-material.ts';

const NAMES = ['CumConns', 'CumReq', 'MaxSessRate', 'CumSslConns'] as const;

async function numbers(path: string): Promise<readonly number[]> {
  const answer = await ask(path, 'show info');
  return NAMES.map(name => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(answer)?.[1]));
}

/** Sends that, and waits for the other side to close. */
async function say(port: number, bytes: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume().write(bytes);
  await once(socket, 'close');
}

test('sessions of mode tcp and commands of administrators are requests of the process', async t => {
  const [http, tcp, tls] = (await freePorts(3)) as [number, number, number];
  const path = join(temporaryFolder(t), 'admin.sock');
  await startBalancer(
    t,
    `global
  stats socket ${path} level admin
defaults
  timeout client 10s
frontend http
  mode http
  bind 127.0.0.1:${http}
  http-request return status 200 hdr connection close
frontend tcp
  mode tcp
  bind 127.0.0.1:${tcp}
  tcp-request content reject
frontend tls
  mode http
  bind 127.0.0.1:${tls} ssl crt ${tlsFile('rsa.pem')}
  http-request return status 200
`,
  );
  assert.deepEqual(await numbers(path), [1, 1, 0, 0], 'the command that asks');
  await say(tls, 'no hello\r\n\r\n');
  assert.deepEqual(await numbers(path), [3, 2, 1, 1], 'a handshake that fails is a session, and no request');
  await say(http, 'GET / HTTP/1.0\r\n\r\n');
  assert.deepEqual((await numbers(path)).slice(0, 2), [5, 4]);
  await say(tcp, 'any');
  assert.deepEqual((await numbers(path)).slice(0, 2), [7, 6]);
});
