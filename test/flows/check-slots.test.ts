/** `tune.max-checks-per-thread`: so many checks run at a time, the others wait in line, and none is forgotten. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';

const SERVERS = 6;
const ROUNDS = 3;

test('no more checks run at a time than the threads may have together, and every server has its turn', async t => {
  let running = 0;
  let most = 0;
  const seen = new Map<string, number>();
  let enough = (): void => undefined;
  const origin = await startHttpOrigin(t, 's', ({ url = '' }, response) => {
    most = Math.max(most, ++running);
    seen.set(url, (seen.get(url) ?? 0) + 1);
    if (seen.size === SERVERS && [...seen.values()].every(count => count >= ROUNDS)) enough();
    setTimeout(() => {
      running--;
      response.end('fine');
    }, 40);
  });
  const all = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`only ${JSON.stringify([...seen])}`)), 20_000);
    enough = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  const backends = Array.from(
    { length: SERVERS },
    (_, index) =>
      `backend b${index}\n  option httpchk GET /${index}\n  server s ${origin.address} check inter 100\n`,
  );
  await startBalancer(
    t,
    `global
  nbthread 2
  tune.max-checks-per-thread 1
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  timeout check 5s
frontend f
  bind 127.0.0.1:${await freePort()}
${backends.join('')}`,
  );
  await all;
  assert.equal(most, 2);
});
