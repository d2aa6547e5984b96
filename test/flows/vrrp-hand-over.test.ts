/**
 * A planned hand-over between two balancers, seen by clients that have requests in flight all the time: none is lost,
 * and there is no time without service. In namespaces.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../support/admin-client.ts';
import { Lab, upon, type Router, type SteadyClient } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';

const VIP = '10.9.0.100';
const SERVER_DELAY_MS = 150;

function keepalived(priority: number, version: 2 | 3): string {
  return `vrrp_instance V {
    interface eth0
    virtual_router_id 51
    version ${version}
    priority ${priority}
    advert_int ${version === 2 ? 1 : 0.1}
    virtual_ipaddress {
      ${VIP}/24
    }
  }
`;
}

function balancer(adminSocket: string): string {
  return `global
  stats socket ${adminSocket} level admin
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 1s
frontend www
  bind :8000
  default_backend web
backend web
  server s1 127.0.0.1:8001
`;
}

interface Pair {
  readonly lab: Lab;
  readonly a: Router;
  readonly b: Router;
  readonly adminSocket: string;
  readonly client: SteadyClient;
}

async function startPair(t: TestContext, version: 2 | 3, nftMs = 0): Promise<Pair> {
  const lab = Lab.create(t, ['a', 'b']);
  if (nftMs > 0) lab.slowNft(nftMs);
  const socketOf = (node: string): string => join(lab.folder, `${node}.sock`);
  for (const node of ['a', 'b']) await lab.slowServer(node, 8001, SERVER_DELAY_MS);
  const a = await lab.router('a', 'lb', keepalived(150, version), balancer(socketOf('a')));
  await a.enters('MASTER');
  const b = await lab.router('b', 'lb', keepalived(100, version), balancer(socketOf('b')));
  await b.enters('BACKUP');
  for (const router of [a, b]) router.beOnTime();
  const client = lab.requests(VIP);
  client.beOnTime();
  await client.answers('a');
  await sleep(500);
  return { lab, a, b, adminSocket: socketOf('a'), client };
}

/** The next master answers for a second. */
async function moved({ client }: Pair, mark: number, next = 'b'): Promise<void> {
  await client.answers(next, mark);
  await sleep(1000);
}

/** Every request since the change, those in flight at its end as well. */
async function whatClientsSaw({ client }: Pair, mark: number): Promise<void> {
  await client.finish();
  const seen = client.take().slice(mark);
  const lost = seen.filter(({ error, by }) => error !== '' || by === '');
  assert.deepEqual(lost, []);
  assert.ok(seen.length > 50, `${seen.length} requests`);
}

describe('a planned hand-over between two balancers loses no request', { concurrency: 5 }, () => {
  for (const version of [3, 2] as const)
    test(`when the master is stopped by SIGTERM, VRRP version ${version}`, async t => {
      if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
      const pair = await startPair(t, version);
      const mark = pair.client.mark;
      await pair.a.stop();
      await moved(pair, mark);
      await whatClientsSaw(pair, mark);
      assert.ok(!pair.lab.holds('a', VIP));
      assert.doesNotMatch(pair.lab.in('a', 'ip route show table local'), /10\.9\.0\.100/);
    });

  test('when the master is drained by SIGUSR1: its connections end there, its address is elsewhere', async t => {
    if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
    const pair = await startPair(t, 3);
    const mark = pair.client.mark;
    await upon(() => pair.a.watched.signal('SIGUSR1'), [pair.b, 'MASTER']);
    await pair.lab.until(() => !pair.lab.holds('a', VIP));
    await moved(pair, mark);
    await whatClientsSaw(pair, mark);
    await pair.a.watched.ended;
  });

  test('when a reload lowers the priority of the master, and when it is raised again', async t => {
    if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
    const pair = await startPair(t, 3);
    const mark = pair.client.mark;
    pair.a.reload(keepalived(50, 3));
    await moved(pair, mark);
    await pair.lab.until(() => !pair.lab.holds('a', VIP));
    const later = pair.client.mark;
    pair.a.reload(keepalived(150, 3));
    await moved(pair, later, 'a');
    await whatClientsSaw(pair, mark);
    await pair.lab.until(() => !pair.lab.holds('b', VIP));
  });

  test('when the next master needs longer than the skew to prepare itself', async t => {
    if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
    const pair = await startPair(t, 3, 200);
    const mark = pair.client.mark;
    await pair.a.stop();
    await moved(pair, mark);
    await whatClientsSaw(pair, mark);
  });

  test('when an administrator takes the master out by disable vrrp', async t => {
    if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
    const pair = await startPair(t, 3);
    const mark = pair.client.mark;
    await ask(pair.adminSocket, 'disable vrrp');
    assert.ok(!pair.lab.holds('a', VIP));
    await moved(pair, mark);
    await whatClientsSaw(pair, mark);
  });
});
