/** `balance rdp-cookie` sends a user to the server HAProxy would choose; what is no cookie takes turns. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { BalanceFacts } from '../../src/balancers/balancer.ts';
import { createBalancer } from '../../src/balancers/create-balancer.ts';
import type { Proxy } from '../../src/model/proxy.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { createState } from '../support/state.ts';

const HASH_TYPES = ['map-based', 'map-based crc32 avalanche', 'consistent', 'consistent djb2'];
const SERVERS = 4;

const backend = (index: number, ports: readonly number[]): string =>
  `backend b${index}\n mode tcp\n balance rdp-cookie\n hash-type ${HASH_TYPES[index]}\n` +
  ports.map((port, at) => ` server s${at} 127.0.0.1:${port} weight ${at + 1}\n`).join('');

function packet(user: string): string {
  return `${'\u0003\0\0'.padEnd(11, '\u0001')}Cookie: mstshash=${user}\r\n\u0001\0\u0008\0`;
}

async function startOrigins(t: TestContext): Promise<number[]> {
  const origins = Array.from({ length: SERVERS }, (_, at) =>
    startRawOrigin(t, socket => socket.once('data', () => socket.end(String(at)))),
  );
  return (await Promise.all(origins)).map(({ port }) => port);
}

async function ask(port: number, user: string): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write(packet(user), 'latin1');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(answer.toString());
}

test('users reach the servers HAProxy sends them to', async t => {
  if (!requires(t, 'haproxy')) return;
  const origins = await startOrigins(t);
  const ports = await freePorts(HASH_TYPES.length);
  const backends = HASH_TYPES.map((_, index) => backend(index, origins)).join('');
  const frontends = ports.map(
    (port, index) =>
      `frontend f${index}\n mode tcp\n bind 127.0.0.1:${port}\n tcp-request inspect-delay 5s\n` +
      ` tcp-request content accept if { req.rdp_cookie_cnt gt 0 }\n default_backend b${index}\n`,
  );
  const timeouts = 'defaults\n timeout client 9s\n timeout server 9s\n timeout connect 5s\n';
  await startBalancer(t, `${timeouts}${backends}${frontends.join('')}`, { program: 'haproxy', ports });
  const { config, control } = createState(backends);
  for (const [index, port] of ports.entries()) {
    const balancer = createBalancer(control, index, config.proxies[index] as Proxy);
    const first = control.plan.firstServer[index] as number;
    for (let number = 0; number < 60; number++) {
      const user = `user-${(number * 7919).toString(36)}`;
      const facts = { payload: () => packet(user) } as unknown as BalanceFacts;
      const expected = await ask(port, user);
      assert.equal((balancer?.pick(facts, -1) as number) - first, expected, `${HASH_TYPES[index]}: ${user}`);
    }
  }
});
