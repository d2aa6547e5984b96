/**
 * What can happen to routers, as a table: each scenario makes its network, lets things happen and gives figures, each
 * with what the protocol itself takes at worst and the most that is allowed. failover.test.ts runs all of them with
 * every pair of programs.
 */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { upon } from '../network-lab.ts';
import { fromLastAdvert, type Bout } from './bout.ts';
import { configOf, masterDownMs, skewMs, VIP } from './router-config.ts';

export interface Bound {
  /** Never more than that, whatever the bar. */
  readonly mostMs: number;
  /** Less than that is as wrong. */
  readonly leastMs?: number;
  /** How much of an interval had passed is luck: another figure of the same event is held to the bar. */
  readonly byLuck?: true;
  /** Where the first router is this program it does better than the protocol has to. */
  readonly ours?: Bound;
}

export interface Scenario {
  readonly name: string;
  readonly nodes?: readonly string[];
  readonly links?: number;
  readonly bounds: Readonly<Record<string, Bound>>;
  measure(bout: Bout): Promise<Readonly<Record<string, number>>>;
}

/** Nobody is without service while a better router takes over. */
const TAKEOVER: Bound = { mostMs: 100, ours: { mostMs: 50 } };

/** A death comes right after an advert at worst, and is seen after the whole time. */
function silence(priority: number, advertMs = 100): Bound {
  return { mostMs: masterDownMs(priority, advertMs) + 150 };
}

/** From the last advert on it takes the whole time. */
function death(what: string, priority: number, advertMs = 100): Record<string, Bound> {
  const bound = silence(priority, advertMs);
  const leastMs = masterDownMs(priority, advertMs) - 50;
  return { [what]: { ...bound, byLuck: true }, [fromLastAdvert(what)]: { ...bound, leastMs } };
}

/** After a farewell only the skew passes. */
function farewell(priority: number, advertMs = 100): Bound {
  return { mostMs: skewMs(priority, advertMs) + 200 };
}

/** This program goes on serving until it is followed. */
function handOver(priority: number, advertMs = 100): Bound {
  return { ...farewell(priority, advertMs), ours: { mostMs: 50 } };
}

const FAMILY_6 = ['fe80::9:100/64', 'fd09::100/64'];
const A = '10.9.0.1';
const B = '10.9.0.2';

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'election, death, return, lost link, reload, stop',
    bounds: {
      election: { ...silence(150), leastMs: masterDownMs(150) - 50 },
      ...death('hard kill', 100),
      'return with preempt': TAKEOVER,
      ...death('lost link', 100),
      'link is back': TAKEOVER,
      'reload to a lower priority': handOver(100),
      'reload to a higher priority': TAKEOVER,
      'clean stop': handOver(100),
    },
    measure: async bout => {
      const { lab } = bout;
      const [better, worse] = [{ priority: 150 }, { priority: 100 }];
      await bout.serve('a', 'b');
      for (const node of ['a', 'b']) lab.cut(node);
      let [a, b] = [await bout.start('a', better), await bout.start('b', worse)];
      await Promise.all([a.enters('FAULT'), b.enters('FAULT')]);
      await bout.ask().asks();
      const election = await bout.sinceCarrier(() => ['a', 'b'].forEach(node => lab.plug(node)), 'a');
      const kill = await bout.death('hard kill', () => lab.kill(a), 'b');
      const back = await bout.outage(async () => (a = await bout.revive('a', better, [`${VIP}/24`])), 'a');
      const link = await bout.death('lost link', () => lab.cut('a'), 'b');
      const linkBack = await bout.outage(() => lab.plug('a'), 'a');
      const lower = await bout.outage(() => a.reload(configOf({ priority: 50 })), 'b');
      const higher = await bout.outage(() => a.reload(configOf(better)), 'a');
      const stop = await bout.outage(() => a.stop(), 'b');
      assert.ok(a.kind !== 'lb' || !lab.holds('a', VIP), 'a stopped router leaves no address behind');
      return {
        election,
        ...kill,
        'return with preempt': back,
        ...link,
        'link is back': linkBack,
        'reload to a lower priority': lower,
        'reload to a higher priority': higher,
        'clean stop': stop,
      };
    },
  },
  {
    name: 'return with nopreempt',
    bounds: { 'return with nopreempt': TAKEOVER, ...death('death of who stayed', 150) },
    measure: async bout => {
      await bout.serve('a', 'b');
      const b = await bout.start('b', { priority: 100 });
      await b.enters('MASTER');
      const client = bout.ask();
      await client.answers('b');
      const from = client.mark;
      const a = await bout.start('a', { priority: 150, more: ['nopreempt'] });
      await a.enters('BACKUP');
      await sleep(600);
      const back = await client.outageMs(from);
      assert.equal(b.state(), 'MASTER');
      assert.ok(!client.take().some(sample => sample.by === 'a'));
      return {
        'return with nopreempt': back,
        ...(await bout.death('death of who stayed', () => bout.lab.kill(b), 'a')),
      };
    },
  },
  {
    name: 'return with preempt_delay',
    bounds: {
      'preempt_delay 1, from the first advert': { mostMs: 1000 + masterDownMs(150) + 150, leastMs: 1000 },
      'taking over after it': TAKEOVER,
    },
    measure: async bout => {
      const [a] = await bout.elected({ priority: 150, more: ['preempt_delay 1'] }, { priority: 100 });
      await bout.outage(() => bout.lab.cut('a'), 'b');
      const from = bout.client.mark;
      const delay = await bout.sinceFirstAdvert(() => bout.lab.plug('a'), 'a');
      assert.equal(a.state(), 'MASTER');
      return {
        'preempt_delay 1, from the first advert': delay,
        'taking over after it': await bout.client.outageMs(from),
      };
    },
  },
  {
    name: 'failed script',
    bounds: {
      'script without weight fails': farewell(100),
      'script is fine again': TAKEOVER,
      'script with weight fails': farewell(100),
    },
    measure: async bout => {
      const files = ['alive', 'fine'].map(name => join(bout.lab.folder, name));
      const script = (name: string, file: string, weight: number): string =>
        `vrrp_script ${name} {\n script "/usr/bin/test -e ${file}"\n interval 0.1\n weight ${weight}\n}\n`;
      const [alive = '', fine = ''] = files;
      for (const file of files) writeFileSync(file, '');
      const beside = script('alive', alive, 0) + script('fine', fine, -80);
      await bout.elected(
        { priority: 150, beside, more: ['track_script {', 'alive', 'fine', '}'] },
        { priority: 100 },
      );
      return {
        'script without weight fails': await bout.outage(() => rmSync(alive), 'b'),
        'script is fine again': await bout.outage(() => writeFileSync(alive, ''), 'a'),
        'script with weight fails': await bout.outage(() => rmSync(fine), 'b'),
      };
    },
  },
  {
    name: 'three routers',
    nodes: ['a', 'b', 'c'],
    bounds: { ...death('death of the first of three', 150), ...death('death of the second of three', 100) },
    measure: async bout => {
      await bout.serve('c');
      const [a, b] = await bout.elected({ priority: 200 }, { priority: 150 });
      const c = await bout.start('c', { priority: 100 });
      await c.enters('BACKUP');
      await sleep(400);
      const first = await bout.death('death of the first of three', () => bout.lab.kill(a), 'b');
      assert.equal(c.state(), 'BACKUP');
      return {
        ...first,
        ...(await bout.death('death of the second of three', () => bout.lab.kill(b), 'c')),
      };
    },
  },
  {
    name: 'IPv6',
    bounds: {
      ...death('IPv6: hard kill', 100),
      // an address of keepalived's is of use when a worker of the kernel has had its turn
      'IPv6: return': { ...TAKEOVER, mostMs: 500, byLuck: true },
      'IPv6: clean stop': handOver(100),
    },
    measure: async bout => {
      const better = { priority: 150, addresses: FAMILY_6 };
      let [a] = await bout.elected(better, { priority: 100, addresses: FAMILY_6 }, 'fd09::100');
      return {
        ...(await bout.death('IPv6: hard kill', () => bout.lab.kill(a), 'b')),
        'IPv6: return': await bout.outage(async () => (a = await bout.revive('a', better, FAMILY_6)), 'a'),
        'IPv6: clean stop': await bout.outage(() => a.stop(), 'b'),
      };
    },
  },
  {
    name: 'unicast',
    bounds: {
      ...death('unicast: hard kill', 100),
      'unicast: return': TAKEOVER,
      'unicast: clean stop': handOver(100),
    },
    measure: async bout => {
      const peers = (own: string, peer: string): readonly string[] => [
        `unicast_src_ip ${own}`,
        'unicast_peer {',
        peer,
        '}',
      ];
      const better = { priority: 150, more: peers(A, B) };
      let [a] = await bout.elected(better, { priority: 100, more: peers(B, A) });
      return {
        ...(await bout.death('unicast: hard kill', () => bout.lab.kill(a), 'b')),
        'unicast: return': await bout.outage(
          async () => (a = await bout.revive('a', better, [`${VIP}/24`])),
          'a',
        ),
        'unicast: clean stop': await bout.outage(() => a.stop(), 'b'),
      };
    },
  },
  {
    name: 'sync group',
    links: 2,
    bounds: {
      // all members have to be ready: the one behind the lost link hears nothing, not even a farewell
      ...death('sync group: one link lost', 100),
      'sync group: it is back': TAKEOVER,
      ...death('sync group: hard kill', 100),
    },
    measure: async bout => {
      const settings = (priority: number) => ({
        priority,
        beside: `vrrp_sync_group G {\n group {\n V\n W\n }\n}
vrrp_instance W {
  interface eth1
  virtual_router_id 52
  version 3
  priority ${priority}
  advert_int 0.1
  virtual_ipaddress {
    10.9.1.100/24
  }
}
`,
      });
      const { lab } = bout;
      const [a] = await bout.elected(settings(150), settings(100));
      await lab.until(() => lab.holds('a', '10.9.1.100'));
      const other = { link: 1, routerId: 52 };
      const lost = await bout.death('sync group: one link lost', () => lab.cut('a', 1), 'b', other);
      await lab.until(() => lab.holds('b', '10.9.1.100') && !lab.holds('a', '10.9.1.100'));
      const back = await bout.outage(() => lab.plug('a', 1), 'a');
      await lab.until(() => lab.holds('a', '10.9.1.100') && !lab.holds('b', '10.9.1.100'));
      const kill = await bout.death('sync group: hard kill', () => lab.kill(a), 'b');
      await lab.until(() => lab.holds('b', '10.9.1.100'));
      return {
        ...lost,
        'sync group: it is back': back,
        ...kill,
      };
    },
  },
  {
    name: 'equal priorities',
    bounds: {
      'equal priorities: a split ends': TAKEOVER,
      ...death('equal priorities: hard kill', 100),
      'equal priorities: return': TAKEOVER,
    },
    measure: async bout => {
      const { lab } = bout;
      await bout.serve('a', 'b');
      lab.part(['a', 'b']);
      const a = await bout.start('a', { priority: 100 });
      await a.enters('MASTER');
      // the last one to announce itself has the clients, and its address is the greater one
      const b = await bout.start('b', { priority: 100 });
      await b.enters('MASTER');
      const client = bout.ask();
      await client.answers('b');
      const from = client.mark;
      await upon(() => lab.part(['a', 'b'], false), [a, 'BACKUP']);
      await sleep(400);
      const split = await client.outageMs(from);
      assert.equal(b.state(), 'MASTER');
      const kill = await bout.death('equal priorities: hard kill', () => lab.kill(b), 'a');
      const revived = client.mark;
      const again = await bout.revive('b', { priority: 100 }, [`${VIP}/24`]);
      await again.enters('BACKUP');
      await sleep(400);
      assert.equal(a.state(), 'MASTER');
      return {
        'equal priorities: a split ends': split,
        ...kill,
        'equal priorities: return': await client.outageMs(revived),
      };
    },
  },
  {
    name: 'version 2',
    bounds: { ...death('version 2: hard kill', 100, 1000), 'version 2: clean stop': handOver(100, 1000) },
    measure: async bout => {
      const password = ['authentication {', 'auth_type PASS', 'auth_pass s3cret', '}'];
      const settings = (priority: number) =>
        ({ priority, version: 2, advertInt: 1, more: password }) as const;
      let [a] = await bout.elected(settings(150), settings(100));
      const kill = await bout.death('version 2: hard kill', () => bout.lab.kill(a), 'b');
      await bout.outage(async () => (a = await bout.revive('a', settings(150), [`${VIP}/24`])), 'a');
      return {
        ...kill,
        'version 2: clean stop': await bout.outage(() => a.stop(), 'b'),
      };
    },
  },
];
