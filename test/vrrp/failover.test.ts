/**
 * Pairs of nodes in network namespaces, seen by a client that asks every 10 ms: death, return, lost link, failed script
 * and stop of the master. Two of this program, one with keepalived on either side, and two keepalived as the bar: never
 * more than 50 ms worse. Where it is this program, it is the balancer as well.
 */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Lab, type Router, type RouterKind } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';

const VIP = '10.9.0.100';

function config(priority: number, watched: string): string {
  return `global_defs {
    script_user root
  }
  vrrp_script check {
    script "/usr/bin/test -e ${watched}"
    interval 0.1
  }
  vrrp_instance V {
    interface eth0
    virtual_router_id 51
    version 3
    priority ${priority}
    advert_int 0.1
    virtual_ipaddress {
      ${VIP}/24
    }
    track_script {
      check
    }
  }`;
}

const BALANCER = `global
  nbthread 1
defaults
  mode tcp
  timeout client 10s
  timeout server 10s
  timeout connect 1s
listen www
  bind :8000
  server s1 127.0.0.1:8001
`;

/** The service itself answers at 8000, or a balancer in front of it. */
function portOf(kind: RouterKind): number {
  return kind === 'lb' ? 8001 : 8000;
}

/** The worst gap between answered requests, in milliseconds. */
interface Outages {
  readonly kill: number;
  readonly back: number;
  readonly link: number;
  readonly script: number;
  readonly stop: number;
}

async function measure(lab: Lab, [first, second]: readonly [RouterKind, RouterKind]): Promise<Outages> {
  const fine = join(lab.folder, 'fine');
  writeFileSync(fine, '');
  const start = (node: string, kind: RouterKind, text: string): Promise<Router> =>
    lab.router(node, kind, text, kind === 'lb' ? BALANCER : '');
  await Promise.all([lab.responder('a', portOf(first)), lab.responder('b', portOf(second))]);
  let a: Router = await start('a', first, config(150, fine));
  await a.enters('MASTER');
  const b = await start('b', second, config(100, '/'));
  await b.enters('BACKUP');
  const client = lab.client(VIP);
  await client.answers('a');
  const during = async (change: () => unknown, answeredBy: string): Promise<number> => {
    const from = client.mark;
    await change();
    await client.answers(answeredBy, from);
    return client.outageMs(from);
  };

  const kill = await during(() => lab.kill(a), 'b');
  lab.in('a', `ip addr del ${VIP}/24 dev eth0`);
  lab.plug('a');
  const back = await during(async () => (a = await start('a', first, config(150, fine))), 'a');
  const link = await during(() => lab.cut('a'), 'b');
  await during(() => lab.plug('a'), 'a');
  const script = await during(() => rmSync(fine), 'b');
  await during(() => writeFileSync(fine, ''), 'a');
  const stop = await during(() => a.stop(), 'b');
  assert.ok(!lab.holds('a', VIP), 'a stopped router leaves no address behind');
  return { kill, back, link, script, stop };
}

async function measureIn(t: TestContext, kinds: readonly [RouterKind, RouterKind]): Promise<Outages> {
  const lab = Lab.create(t, ['a', 'b']);
  const outages = await measure(lab, kinds);
  await lab.destroyNow();
  const shown = Object.entries(outages).map(([what, ms]) => `${what} ${ms} ms`);
  t.diagnostic(`${kinds.join(' - ')}: ${shown.join(', ')}`);
  return outages;
}

const PAIRS: readonly (readonly [RouterKind, RouterKind])[] = [
  ['lb', 'lb'],
  ['lb', 'keepalived'],
  ['keepalived', 'lb'],
];

/**
 * What the protocol itself takes at worst: a death comes right after an advert and is seen after three intervals and
 * the skew of priority 100; after a farewell only the skew passes. A single run of the bar may be luckier than that.
 */
const PROTOCOL: Outages = { kill: 361, back: 0, link: 361, script: 61, stop: 61 };

function best(one: Outages, other: Outages): Outages {
  const least = (what: keyof Outages): number => Math.min(one[what], other[what]);
  return {
    kill: least('kill'),
    back: least('back'),
    link: least('link'),
    script: least('script'),
    stop: least('stop'),
  };
}

function misses(outages: Outages, bar: Outages): string[] {
  return (Object.keys(bar) as (keyof Outages)[])
    .filter(what => outages[what] > Math.max(bar[what], PROTOCOL[what]) + 50)
    .map(what => `${what}: ${outages[what]} ms, bar ${bar[what]} ms`);
}

test('what happens to a master costs clients no more than between two keepalived', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'keepalived')) return;
  const bar = await measureIn(t, ['keepalived', 'keepalived']);
  for (const kinds of PAIRS) {
    let outages = await measureIn(t, kinds);
    // a busy machine can spoil a run: each bar has to be met in one of three
    for (let attempt = 1; attempt < 3 && misses(outages, bar).length > 0; attempt++)
      outages = best(outages, await measureIn(t, kinds));
    assert.deepEqual(misses(outages, bar), [], kinds.join(' - '));
    assert.ok(outages.kill < 500, `a death cost ${outages.kill} ms`);
  }
});
