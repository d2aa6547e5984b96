/** Frontends that pause and proxies that stop are told of in their logs and on standard error, as HAProxy does. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { join } from 'node:path';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const FRONTEND = '(cumulated conns: FE: 2, BE: 0)';

interface Started {
  readonly balancer: Balancer;
  readonly socket: string;
  readonly port: number;
  /** What stands in the log behind the header, but lines of requests. */
  readonly told: () => string[];
}

async function start(t: TestContext): Promise<Started> {
  const [receiver, port, other] = [await startLogReceiver(t), await freePort(), await freePort()];
  const socket = join(temporaryFolder(t), 'admin.sock');
  const balancer = await startBalancer(
    t,
    `global
  log 127.0.0.1:${receiver.port} local0
  stats socket ${socket} level admin
defaults
  log global
  mode http
  timeout client 5s
backend b
frontend f
  bind 127.0.0.1:${port}
  http-request return status 200
listen l
  bind 127.0.0.1:${other}
backend off
  disabled
`,
  );
  const told = (): string[] =>
    receiver.lines
      .map(line => line.trim().replace(/^<132>.*?\]: /, ''))
      .filter(line => !line.startsWith('<'));
  return { balancer, socket, port, told };
}

test('a frontend that is paused, resumed and shut down is told of once', async t => {
  const { balancer, socket, told } = await start(t);
  const orders = ['disable frontend f', 'enable frontend f', 'disable frontend l', 'shutdown frontend f'];
  for (const order of orders) assert.equal((await ask(socket, order)).trim(), '');
  const lines = ['Paused frontend f.', 'Resumed frontend f.', 'Paused proxy l.', 'Proxy f stopped '];
  await until('the last line', () => told().length === lines.length);
  for (const [at, line] of lines.entries()) {
    assert.ok(told()[at]?.startsWith(line), `${told()[at]} is not ${line}`);
    await until(line, () => balancer.output().includes(`) : ${line}`));
  }
});

test('a soft stop tells of each proxy, those that listen first', async t => {
  const { balancer, port, told } = await start(t);
  for (let i = 0; i < 2; i++)
    assert.match(await exchangeRaw(port, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200/);
  balancer.process.kill('SIGUSR1');
  const none = FRONTEND.replace('2', '0');
  const lines = [`Proxy f stopped ${FRONTEND}.`, `Proxy l stopped ${none}.`, `Proxy b stopped ${none}.`];
  await until('the last line', () => told().length === lines.length);
  assert.deepEqual(told(), lines);
  for (const line of lines) await until(line, () => balancer.output().includes(`) : ${line}`));
});

/** What is said of servers upon SIGHUP, on standard error (with a level) and, without, in the logs. */
async function serverNews(t: TestContext, program: string | undefined): Promise<string[]> {
  const [port, closed] = [await freePort(), await freePort()];
  const balancer = await startBalancer(
    t,
    `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
  log stdout format raw local0
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  server up 127.0.0.1:${closed}
  server off 127.0.0.1:${closed} disabled
  server spare 127.0.0.1:${closed} backup
backend spare
  server one 127.0.0.1:${closed} disabled
  server two 127.0.0.1:${closed} backup
backend down
  server one 127.0.0.1:${closed} disabled
backend none
`,
    { ports: [port], ...(program !== undefined && { program }) },
  );
  assert.match(await exchangeRaw(port, 'GET / HTTP/1.0\r\n\r\n'), / 503 /);
  balancer.process.kill('SIGHUP');
  // the real one has servers of its own
  const lines = (): string[] =>
    [...balancer.output().matchAll(/^(?:\[WARNING\] +)?(?:\(\d+\) : )?SIGHUP(?!.*<).*\.$/gm)].map(([line]) =>
      line.replace(/ +\(\d+\)/, ''),
    );
  await until('all lines', () => lines().length === LINES_OF_SERVERS);
  return lines().toSorted();
}

const LINES_OF_SERVERS = 28;

test('SIGHUP tells how servers are, on standard error and in the logs of their proxies, as the real one', async t => {
  if (!requires(t, 'haproxy')) return;
  const [own, real] = await Promise.all([serverNews(t, undefined), serverNews(t, 'haproxy')]);
  // a port that was asked whether it is open is a connection
  const plain = (lines: readonly string[]): string[] =>
    lines.map(line => line.replace(/: \d+\+(\d)\.$/, ': N+$1.'));
  assert.deepEqual(plain(own), plain(real));
});
