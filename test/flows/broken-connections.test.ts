/** What logs know of connections that break off: where they led, and what the system said (`fc_err`, `bc_err`, `%si`). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver, type LogReceiver } from '../support/log-receiver.ts';
import { startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { resetSocket } from '../support/reset-socket.ts';

const FORMAT = '%tsc %[fc_err] %[fc_err_name] %[bc_err] %[bc_err_name] %si:%sp';

interface Started {
  readonly http: number;
  readonly tcp: number;
  readonly log: LogReceiver;
  /** Where nobody listens. */
  readonly nowhere: number;
  readonly origin: number;
  /** A request, or a session, has come to the server. */
  readonly reached: () => Promise<Socket>;
}

async function start(t: TestContext, engine: string): Promise<Started> {
  const [http, tcp, nowhere] = [await freePort(), await freePort(), await freePort()];
  const waiting: ((socket: Socket) => void)[] = [];
  const origin = await startRawOrigin(t, socket => {
    socket.once('data', bytes => {
      if (bytes.includes('/reset')) resetSocket(socket);
      else waiting.shift()?.(socket);
    });
  });
  const log = await startLogReceiver(t);
  await startBalancer(
    t,
    `global
  nbthread 1
  tune.engine ${engine}
  log 127.0.0.1:${log.port} format raw local0
defaults
  log global
  retries 0
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  log-format "${FORMAT}"
frontend web
  mode http
  bind 127.0.0.1:${http}
  use_backend gone if { path /nowhere }
  default_backend app
listen l
  mode tcp
  bind 127.0.0.1:${tcp}
  server s ${origin.address}
backend gone
  mode http
  server s 127.0.0.1:${nowhere}
backend app
  mode http
  server s ${origin.address}
`,
    { ports: [http, tcp] },
  );
  const reached = async (): Promise<Socket> => new Promise(resolve => void waiting.push(resolve));
  return { http, tcp, log, nowhere, origin: Number(origin.address.split(':')[1]), reached };
}

async function resetBehind(port: number, reached: () => Promise<Socket>): Promise<void> {
  const arrival = reached();
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  client.write('GET / HTTP/1.1\r\nHost: t\r\n\r\n');
  await arrival;
  resetSocket(client);
}

for (const engine of ['node', 'uring'] as const)
  test(`${engine}: logs tell who refused or reset a connection, and where servers were looked for`, async t => {
    if (engine === 'uring' && !requires(t, 'io_uring')) return;
    const { http, tcp, log, nowhere, origin, reached } = await start(t, engine);
    const lines: string[] = [];
    const told = async (): Promise<void> => {
      while (log.lines.length === lines.length) await log.next();
      lines.push((log.lines.at(-1) ?? '').trim());
    };
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n`;
    await exchangeRaw(http, get('/nowhere'));
    await told();
    await exchangeRaw(http, get('/reset'));
    await told();
    await resetBehind(http, reached);
    await told();
    await resetBehind(tcp, reached);
    await told();
    assert.deepEqual(lines, [
      `SC-- 0 - 47 EREFUSED 127.0.0.1:${nowhere}`,
      `SH-- 0 - 48 ERESET 127.0.0.1:${origin}`,
      `CH-- 48 ERESET 0 - 127.0.0.1:${origin}`,
      `CD-- 48 ERESET 0 - 127.0.0.1:${origin}`,
    ]);
  });

for (const [how, state] of [
  ['leaves', 'CL--'],
  ['stalls', 'cL--'],
] as const)
  test(`a client that ${how} in its upload when it has been sent the whole answer holds up the last of it: ${state}`, async t => {
    const origin = await startRawOrigin(t, socket => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    });
    const [port, log] = [await freePort(), await startLogReceiver(t)];
    await startBalancer(
      t,
      `global
  nbthread 1
  log 127.0.0.1:${log.port} format raw local0
listen web
  mode http
  log global
  timeout connect 5s
  timeout client ${how === 'stalls' ? '300ms' : '60s'}
  timeout server 60s
  log-format "%tsc %ST"
  bind 127.0.0.1:${port}
  server s ${origin.address}
`,
      { ports: [port] },
    );
    const client = connect(port, '127.0.0.1');
    client.write('POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 50\r\n\r\nabc');
    await once(client, 'data');
    if (how === 'leaves') client.destroy();
    else await once(client.resume(), 'close');
    await log.find(new RegExp(`^${state} 200`));
  });

test('a client of mode tcp that leaves between two tries is noticed, and no further one is made', async t => {
  const [port, nowhere, log] = [await freePort(), await freePort(), await startLogReceiver(t)];
  await startBalancer(
    t,
    `global
  nbthread 1
  log 127.0.0.1:${log.port} format raw local0
listen l
  mode tcp
  log global
  retries 100
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  log-format "%tsc %rc"
  bind 127.0.0.1:${port}
  server s 127.0.0.1:${nowhere}
`,
    { ports: [port] },
  );
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  client.end();
  const [, retries] = await log.find(/^CC-- (\d+)/);
  assert.ok(Number(retries) < 100);
});
