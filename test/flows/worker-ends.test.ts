/** Workers that end, and what their master makes and tells of it. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { until } from '../support/until.ts';

const SERVED = 'Loading success.\n';

async function startMaster(t: TestContext, port: number, server: string): Promise<Balancer> {
  const text = `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen l
  bind 127.0.0.1:${port}
  server s ${server}
`;
  const balancer = await startBalancer(t, text, { args: ['-W'] });
  await until('the first worker', () => balancer.output().includes(SERVED));
  return balancer;
}

/** The process of the worker that was started last. */
function latestWorker(balancer: Balancer): number {
  const [, pid] = [...balancer.output().matchAll(/Initializing new worker \((\d+)\)/g)].at(-1) ?? [];
  return Number(pid);
}

test('a worker that is asked to end takes no former worker with it that finishes', async t => {
  const answers: (() => void)[] = [];
  const origin = await startHttpOrigin(t, 'slow', (_request, response) => {
    answers.push(() => response.end('finished'));
  });
  const port = await freePort();
  const balancer = await startMaster(t, port, origin.address);
  const answer = exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until('the request at the server', () => answers.length === 1);
  balancer.process.kill('SIGUSR2');
  await until('the reload', () => balancer.output().split(SERVED).length > 2);
  process.kill(latestWorker(balancer), 'SIGTERM');
  await until('its end', () => balancer.output().includes('Current worker'));
  answers[0]?.();
  assert.match(await answer, /finished$/);
  assert.equal(await balancer.ended, 0);
  assert.match(balancer.output(), /Former worker \(\d+\) exited with code 0 \(Exit\)/);
  assert.match(balancer.output(), /All workers exited\. Exiting\.\.\. \(0\)\n$/);
  assert.doesNotMatch(balancer.output(), /exit-on-failure/);
});

test('a master that is stopped tells so, and of the end of its worker', async t => {
  const balancer = await startMaster(t, await freePort(), '127.0.0.1:1');
  assert.equal(await balancer.stop(), 0);
  const [, said = ''] = balancer.output().split(SERVED);
  assert.deepEqual(said.replace(/\(\d{2,}\)/g, '(pid)').split('\n'), [
    '[WARNING]  (pid) : Exiting Master process...',
    '[WARNING]  (pid) : Current worker (pid) exited with code 0 (Exit)',
    '[WARNING]  (pid) : All workers exited. Exiting... (0)',
    '',
  ]);
});
