/** Backends that want the body of a request before they decide, whose client is slow to send it; beside HAProxy. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

const SERVERS = [1, 2, 3, 4];

function config(port: number, origin: string): string {
  return `defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend f
  bind 127.0.0.1:${port}
  use_backend option if { path /option }
  default_backend parameter
backend parameter
  balance url_param u check_post
  http-response set-header x-told %s
${SERVERS.map(number => `  server s${number} ${origin}\n`).join('')}
backend option
  option http-buffer-request
  http-request set-var(txn.length) req.body_len
  http-response set-header x-told %[var(txn.length)]
  server s ${origin}
`;
}

/** What the answer tells; the body comes a while behind the head. */
async function told(port: number, start: string, body = ''): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', bytes => (answer += bytes.toString('latin1')));
  socket.write(`${start} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`);
  if (body !== '') {
    await sleep(100);
    socket.write(body);
  }
  for await (const _ of socket);
  return /^x-told: (\S+)/im.exec(answer)?.[1];
}

for (const program of ['lb', 'haproxy'] as const)
  test(`${program}: balance url_param and option http-buffer-request of a backend wait for the body`, async t => {
    if (program === 'haproxy' && !requires(t, 'haproxy')) return;
    const origin = await startHttpOrigin(t, 's');
    const port = await freePort();
    await startBalancer(t, config(port, origin.address), program === 'lb' ? {} : { program });
    const users = ['alpha', 'beta', 'gamma', 'delta'];
    const asked = await Promise.all(users.map(user => told(port, `GET /?u=${user}`)));
    const posted = await Promise.all(users.map(user => told(port, 'POST /', `u=${user}&z=1`)));
    assert.deepEqual(posted, asked);
    assert.ok(new Set(asked).size > 1, 'users are spread');
    assert.equal(await told(port, 'POST /option', '12345'), '5');
    assert.equal(await told(port, 'GET /option'), '0');
  });
