/**
 * Pairs of routers in network namespaces, seen by a client that asks every 10 ms: election, death, return and stop. Two
 * of this program, one with keepalived on either side, and two keepalived as the bar: never more than 50 ms worse.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lab, type Router, type RouterKind } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';

const VIP = '10.9.0.100';

function config(priority: number, extra = ''): string {
  return `vrrp_instance V {
    interface eth0
    virtual_router_id 51
    version 3
    priority ${priority}
    advert_int 0.1
    virtual_ipaddress {
      ${VIP}/24
    }
    ${extra}
  }`;
}

interface Outages {
  readonly kill: number;
  readonly back: number;
  readonly stop: number;
}

/** What clients see when the master dies, comes back and is stopped. */
async function measure(lab: Lab, kinds: readonly [RouterKind, RouterKind]): Promise<Outages> {
  const [first, second] = kinds;
  await Promise.all([lab.responder('a'), lab.responder('b')]);
  let a: Router = await lab.router('a', first, config(150));
  await a.enters('MASTER');
  const b = await lab.router('b', second, config(100));
  await b.enters('BACKUP');
  const client = lab.client(VIP);
  await client.answers('a');

  let from = client.mark;
  lab.kill(a);
  await client.answers('b', from);
  const kill = await client.outageMs(from);

  lab.in('a', `ip addr del ${VIP}/24 dev eth0`);
  from = client.mark;
  lab.plug('a');
  a = await lab.router('a', first, config(150));
  await client.answers('a', from);
  const back = await client.outageMs(from);

  from = client.mark;
  await a.stop();
  await client.answers('b', from);
  const stop = await client.outageMs(from);
  assert.ok(!lab.holds('a', VIP), 'a stopped router leaves no address behind');
  return { kill, back, stop };
}

async function measureIn(
  t: Parameters<typeof requires>[0],
  kinds: readonly [RouterKind, RouterKind],
): Promise<Outages> {
  const lab = Lab.create(t, ['a', 'b']);
  const outages = await measure(lab, kinds);
  await lab.destroyNow();
  t.diagnostic(
    `${kinds.join(' - ')}: kill ${outages.kill} ms, return ${outages.back} ms, stop ${outages.stop} ms`,
  );
  return outages;
}

const PAIRS: readonly (readonly [RouterKind, RouterKind])[] = [
  ['lb', 'lb'],
  ['lb', 'keepalived'],
  ['keepalived', 'lb'],
];

/** Three intervals, the skew of priority 100, and what the issue of an address and the client's rhythm may add. */
const KILL_LIMIT_MS = 300 + 61 + 150;

test('a dead, a returning and a stopped master cost clients no more than between two keepalived', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'keepalived')) return;
  const bar = await measureIn(t, ['keepalived', 'keepalived']);
  for (const kinds of PAIRS) {
    let last = '';
    // a busy machine can spoil one run: the bar has to be met in one of three
    for (let attempt = 0; attempt < 3; attempt++) {
      const { kill, back, stop } = await measureIn(t, kinds);
      const misses = [
        ...(kill > Math.min(bar.kill + 50, KILL_LIMIT_MS) ? [`kill ${kill} (bar ${bar.kill})`] : []),
        ...(back > bar.back + 50 ? [`return ${back} (bar ${bar.back})`] : []),
        ...(stop > Math.min(bar.stop + 50, 61 + 200) ? [`stop ${stop} (bar ${bar.stop})`] : []),
      ];
      last = misses.join(', ');
      if (misses.length === 0) break;
    }
    assert.equal(last, '', kinds.join(' - '));
  }
});
