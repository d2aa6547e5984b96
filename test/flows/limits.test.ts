/** Rates that hold clients back, and the order of a stop, in the running program. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { LostTime } from '../support/lost-time.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** Milliseconds until so many connections, opened at once, have got their answers. */
async function timeOf(connections: number, ports: readonly number[]): Promise<number> {
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const answer = await exchangeRaw(ports[index % ports.length] as number, GET);
      assert.match(answer, /^HTTP\/1\.1 200/);
    }),
  );
  return performance.now() - began;
}

async function rateConfig(
  t: TestContext,
  limits: { global?: string; frontend?: string },
): Promise<[string, number[]]> {
  const origin = await startHttpOrigin(t, 'one');
  const ports = [await freePort(), await freePort()];
  const frontends = ports.map(
    (port, index) => `frontend f${index}
  bind 127.0.0.1:${port}
  ${limits.frontend ?? ''}
  default_backend b
`,
  );
  const config = `global
  nbthread 2
  ${limits.global ?? ''}
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
${frontends.join('')}
backend b
  server s ${origin.address}
`;
  return [config, ports];
}

const RATES = [
  { words: 'rate-limit sessions of one frontend', frontend: 'rate-limit sessions 20', ports: 1 },
  { words: 'maxconnrate over all frontends', global: 'maxconnrate 20', ports: 2 },
  { words: 'maxsessrate over all frontends', global: 'maxsessrate 20', ports: 2 },
] as const;

for (const { words, ports: count, ...limits } of RATES)
  describe(`clients wait, and none is refused: ${words}`, { concurrency: true }, () => {
    for (const program of ['lb', 'haproxy'] as const)
      test(`by ${program}`, async t => {
        if (program === 'haproxy' && !requires(t, 'haproxy')) return;
        const [config, ports] = await rateConfig(t, limits);
        await startBalancer(t, config, program === 'lb' ? {} : { program });
        const lost = new LostTime(t);
        const took = await timeOf(60, ports.slice(0, count));
        // 20 at once, 40 more at 20 a second
        assert.ok(
          took > 1400 && took < 8000 + lost.totalMs,
          `60 sessions at 20 a second took ${took} ms, ${lost.totalMs} ms were lost`,
        );
      });
  });

test('during grace a soft stop only shows in the sample stopping, then listening ends', async t => {
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `global
  grace 3s
defaults
  mode http
  timeout client 5s
frontend f
  bind 127.0.0.1:${port}
  monitor-uri /alive
  monitor fail if { stopping }
`,
  );
  const alive = GET.replace('/', '/alive');
  assert.match(await exchangeRaw(port, alive), /^HTTP\/1\.1 200/);
  const began = performance.now();
  balancer.process.kill('SIGUSR1');
  let answer = '';
  while (!answer.startsWith('HTTP/1.1 503') && performance.now() - began < 2900)
    answer = await exchangeRaw(port, alive);
  assert.match(answer, /^HTTP\/1\.1 503/, 'new connections are served, and told to go elsewhere');
  assert.equal(await balancer.ended, 0);
  assert.ok(performance.now() - began >= 2990);
});

test('hard-stop-after cuts what a soft stop waits for', async t => {
  const silent = await startRawOrigin(t, () => undefined);
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `global
  hard-stop-after 300ms
defaults
  timeout client 50s
  timeout server 50s
  timeout connect 5s
listen l
  bind 127.0.0.1:${port}
  server s ${silent.address}
`,
  );
  const client = connect(port, '127.0.0.1');
  t.after(() => client.destroy());
  client.on('error', () => undefined);
  client.write('hello');
  await once(client, 'connect');
  while (silent.count === 0) await new Promise(resolve => setImmediate(resolve));
  const began = performance.now();
  balancer.process.kill('SIGUSR1');
  assert.equal(await balancer.ended, 0, balancer.output());
  assert.ok(performance.now() - began >= 290);
  assert.match(balancer.output(), /soft-stop running for too long/);
});

test('idle clients of option idle-close-on-response stay over a soft stop until they have asked once more', async t => {
  const [plain, patient] = [await freePort(), await freePort()];
  const balancer = await startBalancer(
    t,
    `defaults d
  mode http
  timeout client 20s
  http-request return status 200
frontend plain
  bind 127.0.0.1:${plain}
frontend patient
  bind 127.0.0.1:${patient}
  option idle-close-on-response
`,
  );
  const [left, stays] = [await idleClient(t, plain), await idleClient(t, patient)];
  assert.doesNotMatch(left.heard(), /connection: close/i);
  const ended = once(left.socket, 'end');
  balancer.process.kill('SIGUSR1');
  await ended;
  const answered = once(stays.socket, 'data');
  stays.socket.write(KEPT);
  await answered;
  assert.match(stays.heard(), /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 200 [^]*connection: close/i);
  assert.equal(await balancer.ended, 0, balancer.output());
});

test('a limit of memory holds connections back as it does in HAProxy, and is shown', async t => {
  const path = join(temporaryFolder(t), 'admin.sock');
  const port = await freePort();
  const config = `global
  stats socket ${path}
  maxconn 5000
frontend f
  bind 127.0.0.1:${port}
  use_backend b
backend b
  server s 127.0.0.1:1 ssl verify none
defaults
  timeout client 1s
`;
  await startBalancer(t, config, { args: ['-m', '256'] });
  const shown = await ask(path, 'show info');
  for (const line of ['Memmax_MB: 256', 'Memmax_bytes: 268435456', 'Maxconn: 5000', 'MaxSslConns: 820'])
    assert.ok(shown.includes(`\n${line}\n`), shown);
});

const KEPT = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** It has had an answer. */
async function idleClient(t: TestContext, port: number): Promise<{ socket: Socket; heard: () => string }> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  let heard = '';
  socket.on('data', bytes => (heard += bytes.toString('latin1')));
  socket.write(KEPT);
  await once(socket, 'data');
  return { socket, heard: () => heard };
}
