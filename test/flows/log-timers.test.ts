/** Times in logs of several requests on one connection: handshake, idle time and request add up (manual, section 8.4). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { until } from '../support/until.ts';

const PAUSE_MS = 200;
const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

test('each request of a connection has its own times: the handshake is the first one’s', async t => {
  const [origin, { port: log, lines }] = [await startHttpOrigin(t, 'o'), await startLogReceiver(t)];
  const port = await freePort();
  await startBalancer(
    t,
    `defaults
  mode http
  log 127.0.0.1:${log} format raw local0
  log-format "%Th %Ti %Ta %Tt %Tu %[accept_date(ms)]"
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen l
  bind 127.0.0.1:${port} ssl crt ${resolve('test/cases/tls/rsa.pem')}
  server s ${origin.address}
`,
  );
  // the first connection of all is accepted when the program has time for it
  await ask(t, port, lines, 1);
  await ask(t, port, lines, 3);
  let ready = 0;
  for (const [index, line] of lines.slice(1).entries()) {
    const [handshake = 0, idle = 0, active = 0, total = 0, seen = 0, accepted = 0] = line
      .trim()
      .split(' ')
      .map(Number);
    assert.equal(total, handshake + idle + active, line);
    assert.equal(seen, handshake + active, line);
    if (index === 0) assert.ok(handshake > PAUSE_MS / 2, line);
    else assert.equal(handshake, 0, line);
    assert.ok(idle > PAUSE_MS / 2, line);
    assert.ok(accepted >= ready, `${line} after ${ready}`);
    ready = accepted + total;
  }
});

/** So many requests on one connection, all with pauses before them. */
async function ask(t: TestContext, port: number, lines: readonly string[], requests: number): Promise<void> {
  const known = lines.length;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  await sleep(PAUSE_MS);
  const client = connectTls({ socket, rejectUnauthorized: false });
  t.after(() => client.destroy());
  await once(client, 'secureConnect');
  for (let request = 1; request <= requests; request++) {
    await sleep(PAUSE_MS);
    client.write(REQUEST);
    await until('its line', () => lines.length === known + request);
  }
}
