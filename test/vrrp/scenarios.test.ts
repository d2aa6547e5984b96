/**
 * What happens to pairs and triples of routers in network namespaces, most of them with keepalived as the peer: states,
 * addresses in the kernel, scripts and packets. How long clients are without service is measured in failover.test.ts.
 */
import assert from 'node:assert/strict';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VrrpSnapshot } from '../../src/model/vrrp-snapshot.ts';
import { Lab, upon, type Router, type RouterKind } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';
import { FROZEN_MS, Standstill } from '../support/vrrp/standstill.ts';

const VIP = '10.9.0.100';

interface Settings {
  readonly name?: string;
  readonly priority?: number;
  readonly id?: number;
  readonly version?: 2 | 3;
  readonly advertInt?: number;
  readonly interface?: string;
  readonly addresses?: readonly string[];
  readonly more?: readonly string[];
}

function instance(settings: Settings): string {
  const {
    name = 'V',
    priority = 100,
    id = 51,
    version = 3,
    advertInt = 0.1,
    addresses = [`${VIP}/24`],
  } = settings;
  return `vrrp_instance ${name} {
    interface ${settings.interface ?? 'eth0'}
    virtual_router_id ${id}
    version ${version}
    priority ${priority}
    advert_int ${advertInt}
    virtual_ipaddress {
      ${addresses.join('\n      ')}
    }
    ${(settings.more ?? []).join('\n    ')}
  }
`;
}

const GLOBALS = `global_defs {
  script_user root
}
`;

const needs = ['root', 'ip', 'bridge', 'keepalived'] as const;

const WITH_KEEPALIVED: readonly (readonly [RouterKind, RouterKind])[] = [
  ['lb', 'keepalived'],
  ['keepalived', 'lb'],
];

describe('routers in network namespaces', { concurrency: 5 }, () => {
  test('with nopreempt a better router that comes late leaves the master alone, and follows when it dies', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    const b = await lab.router('b', 'keepalived', instance({ priority: 100 }));
    await b.enters('MASTER');
    const a = await lab.router('a', 'lb', instance({ priority: 150, more: ['nopreempt'] }));
    await a.enters('BACKUP');
    await sleep(800);
    assert.equal(a.state(), 'BACKUP');
    assert.equal(b.state(), 'MASTER');
    await upon(() => lab.kill(b), [a, 'MASTER']);
  });

  test('with preempt_delay a better router waits that long before it takes over', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    const b = await lab.router('b', 'lb', instance({ priority: 100 }));
    await b.enters('MASTER');
    const start = Date.now();
    const a = await lab.router('a', 'lb', instance({ priority: 150, more: ['preempt_delay 2'] }));
    await a.enters('MASTER');
    const took = Date.now() - start;
    assert.ok(took > 2000, `${took} ms`);
  });

  test('a lost link is a fault at once: the other takes over, and gives back when the link is there again', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    const a = await lab.router('a', 'lb', instance({ priority: 150 }));
    const b = await lab.router('b', 'keepalived', instance({ priority: 100 }));
    await a.enters('MASTER');
    await b.enters('BACKUP');
    await upon(() => lab.cut('a'), [a, 'FAULT'], [b, 'MASTER']);
    assert.ok(!lab.holds('a', VIP), 'a router in fault has no address');
    await upon(() => lab.plug('a'), [a, 'MASTER'], [b, 'BACKUP']);
    await lab.until(() => lab.holds('a', VIP) && !lab.holds('b', VIP));
  });

  test('a tracked interface that goes down lowers the priority by its weight', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b'], 2);
    const a = await lab.router(
      'a',
      'lb',
      instance({ priority: 150, more: ['track_interface {', 'eth1 weight -80', '}'] }),
    );
    const b = await lab.router('b', 'keepalived', instance({ priority: 100 }));
    await a.enters('MASTER');
    await b.enters('BACKUP');
    await upon(() => lab.cut('a', 1), [b, 'MASTER'], [a, 'BACKUP']);
    assert.equal((await a.snapshot()).instances[0]?.effectivePriority, 70);
  });

  test('a failing script costs its weight, or everything when it has none', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    const fine = join(lab.folder, 'fine');
    const alive = join(lab.folder, 'alive');
    writeFileSync(fine, '');
    writeFileSync(alive, '');
    const script = (name: string, file: string, weight: number): string =>
      `vrrp_script ${name} {\n script "/usr/bin/test -e ${file}"\n interval 0.1\n weight ${weight}\n fall 2\n user root\n}\n`;
    const tracked = instance({ priority: 150, more: ['track_script {', 'fine', 'alive', '}'] });
    const a = await lab.router(
      'a',
      'lb',
      GLOBALS + script('fine', fine, -80) + script('alive', alive, 0) + tracked,
    );
    const b = await lab.router('b', 'keepalived', instance({ priority: 100 }));
    await a.enters('MASTER');
    await b.enters('BACKUP');
    await upon(() => rmSync(fine), [b, 'MASTER'], [a, 'BACKUP']);
    await upon(() => writeFileSync(fine, ''), [a, 'MASTER'], [b, 'BACKUP']);
    await upon(() => rmSync(alive), [a, 'FAULT'], [b, 'MASTER']);
    assert.deepEqual((await a.snapshot()).instances[0]?.faults, ['script alive fails']);
  });

  test('of three routers the next best follows each time', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b', 'c']);
    const a = await lab.router('a', 'lb', instance({ priority: 200 }));
    const b = await lab.router('b', 'keepalived', instance({ priority: 150 }));
    const c = await lab.router('c', 'lb', instance({ priority: 100 }));
    await Promise.all([a.enters('MASTER'), b.enters('BACKUP'), c.enters('BACKUP')]);
    await sleep(500);
    await upon(() => lab.kill(a), [b, 'MASTER']);
    await sleep(200);
    assert.equal(c.state(), 'BACKUP');
    await upon(() => lab.kill(b), [c, 'MASTER']);
    await lab.until(() => lab.holds('c', VIP));
  });

  for (const [first, second] of WITH_KEEPALIVED)
    test(`IPv6: ${second} follows ${first}`, async t => {
      if (!requires(t, ...needs)) return;
      const lab = Lab.create(t, ['a', 'b']);
      await Promise.all([lab.responder('a'), lab.responder('b')]);
      const addresses = ['fe80::9:100/64', 'fd09::100/64'];
      const a = await lab.router('a', first, instance({ priority: 150, addresses }));
      const b = await lab.router('b', second, instance({ priority: 100, addresses }));
      await a.enters('MASTER');
      await b.enters('BACKUP');
      await sleep(600);
      assert.equal(b.state(), 'BACKUP');
      const client = lab.client('fd09::100');
      await client.answers('a');
      const mark = client.mark;
      await upon(() => a.stop(), [b, 'MASTER']);
      await client.answers('b', mark);
      assert.ok(!lab.holds('a', 'fd09::100'));
    });

  for (const [first, second] of WITH_KEEPALIVED)
    test(`unicast peers, version 2 with a password: ${second} follows ${first}`, async t => {
      if (!requires(t, ...needs)) return;
      const lab = Lab.create(t, ['a', 'b']);
      const config = (priority: number, own: string, peer: string): string =>
        instance({
          priority,
          version: 2,
          advertInt: 1,
          more: [
            'authentication {',
            'auth_type PASS',
            'auth_pass s3cret',
            '}',
            `unicast_src_ip ${own}`,
            `unicast_peer {`,
            peer,
            '}',
          ],
        });
      const a = await lab.router('a', first, config(150, '10.9.0.1', '10.9.0.2'));
      const b = await lab.router('b', second, config(100, '10.9.0.2', '10.9.0.1'));
      await Promise.all([a.enters('MASTER'), b.enters('BACKUP')]);
      await sleep(4500);
      assert.equal(b.state(), 'BACKUP');
      await upon(() => a.stop(), [b, 'MASTER']);
    });

  for (const [first, second] of WITH_KEEPALIVED)
    test(`a sync group moves as one: ${second} follows ${first}`, async t => {
      if (!requires(t, ...needs)) return;
      const lab = Lab.create(t, ['a', 'b'], 2);
      const config = (priority: number): string =>
        `vrrp_sync_group G {\n group {\n V\n W\n }\n}\n` +
        instance({ priority }) +
        instance({ name: 'W', id: 52, priority, interface: 'eth1', addresses: ['10.9.1.100/24'] });
      const a = await lab.router('a', first, config(150));
      const b = await lab.router('b', second, config(100));
      await Promise.all([a.enters('MASTER'), a.enters('MASTER', 'W')]);
      await Promise.all([b.enters('BACKUP'), b.enters('BACKUP', 'W')]);
      await sleep(600);
      await upon(() => lab.cut('a', 1), [b, 'MASTER'], [b, 'MASTER', 'W']);
      await lab.until(() => !lab.holds('a', VIP) && lab.holds('b', VIP) && lab.holds('b', '10.9.1.100'));
      await upon(
        () => lab.plug('a', 1),
        [a, 'MASTER'],
        [a, 'MASTER', 'W'],
        [b, 'BACKUP'],
        [b, 'BACKUP', 'W'],
      );
      await lab.until(() => lab.holds('a', VIP) && !lab.holds('b', VIP) && !lab.holds('b', '10.9.1.100'));
    });

  test('of equal routers that both were master the one with the greater address stays', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    lab.part(['a', 'b']);
    const a = await lab.router('a', 'lb', instance({}));
    const b = await lab.router('b', 'keepalived', instance({}));
    await Promise.all([a.enters('MASTER'), b.enters('MASTER')]);
    await upon(() => lab.part(['a', 'b'], false), [a, 'BACKUP']);
    await sleep(500);
    assert.equal(b.state(), 'MASTER');
    assert.ok(!lab.holds('a', VIP));
  });

  test('when a split ends the loser yields at once and clients find the winner at once', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    await Promise.all([lab.responder('a'), lab.responder('b')]);
    lab.part(['a', 'b']);
    const a = await lab.router('a', 'lb', instance({ priority: 150 }));
    await a.enters('MASTER');
    const b = await lab.router('b', 'lb', instance({ priority: 100 }));
    await b.enters('MASTER');
    const client = lab.client(VIP);
    // the last one to announce itself has the clients, although it is the wrong one
    await client.answers('b');
    const mark = client.mark;
    let healedAt = 0;
    const heal = (): void => {
      lab.part(['a', 'b'], false);
      healedAt = Date.now();
    };
    await upon(heal, [b, 'BACKUP']);
    await client.answers('a', mark);
    const outage = await client.outageMs(mark);
    assert.ok(outage < 300, `clients were without service for ${outage} ms`);
    const wrong = client
      .take()
      .slice(mark)
      .filter(({ by, at }) => by === 'b' && at >= healedAt);
    assert.ok(wrong.length < 20, `${wrong.length} requests went to the loser`);
  });

  test('a reload changes priority and addresses without giving up what stays', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    const a = await lab.router('a', 'lb', instance({ priority: 150 }));
    const b = await lab.router('b', 'keepalived', instance({ priority: 100 }));
    await a.enters('MASTER');
    await b.enters('BACKUP');
    a.reload(instance({ priority: 140, addresses: [`${VIP}/24`, '10.9.0.101/24'] }));
    await lab.until(() => lab.holds('a', '10.9.0.101'));
    assert.ok(lab.holds('a', VIP));
    await upon(() => a.reload(instance({ priority: 50 })), [b, 'MASTER'], [a, 'BACKUP']);
    await lab.until(() => !lab.holds('a', VIP) && !lab.holds('a', '10.9.0.101'));
  });

  test('bad packets, 100,000 random ones among them, change nothing, are counted by kind and cost little', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b', 'c', 'd']);
    const secret = ['authentication {', 'auth_type PASS', 'auth_pass s3cret', '}'];
    const old = { name: 'W', id: 52, version: 2, advertInt: 1, addresses: ['10.9.0.101/24'] } as const;
    const both = (priority: number): string =>
      instance({ priority }) + instance({ ...old, priority, more: secret });
    const a = await lab.router('a', 'lb', both(150));
    const b = await lab.router('b', 'lb', both(100));
    const bar = await lab.router('d', 'keepalived', both(50));
    await Promise.all([a.enters('MASTER'), a.enters('MASTER', 'W'), b.enters('BACKUP', 'W')]);
    const standstill = new Standstill();
    t.after(() => standstill.stop());
    for (let round = 1; ; round++) {
      await standstill.take();
      const { wrong, lateAdverts, text } = await flood(lab, a, b, bar);
      const { worstMs, times } = await standstill.take();
      t.diagnostic(`${text}; a processor stood still ${times} times, up to ${worstMs} ms`);
      if (lateAdverts > times) wrong.push(`${lateAdverts} adverts were late`);

      if (wrong.length === 0) return;
      assert.ok(worstMs >= FROZEN_MS && round < MOST_ROUNDS, wrong.join('\n'));
    }
  });

  test('what a killed process left in the kernel is removed by the next one, even with another configuration', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a']);
    const routes = ['virtual_routes {', '10.77.0.0/16 via 10.9.0.9', '}'];
    const a = await lab.router('a', 'lb', instance({ more: routes }));
    await a.enters('MASTER');
    await lab.until(() => lab.in('a', 'ip route').includes('10.77.0.0/16'));
    lab.killProcess(a);
    assert.ok(lab.holds('a', VIP));
    await lab.router('a', 'lb', instance({ addresses: ['10.9.0.200/24'], advertInt: 10 }));
    await lab.until(() => !lab.holds('a', VIP) && !lab.in('a', 'ip route').includes('10.77.0.0/16'));
  });

  test('a master holds its routes, rules and unadvertised addresses, and tells scripts and pipes', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a']);
    const said = join(lab.folder, 'said');
    const script = join(lab.folder, 'notify.sh');
    writeFileSync(script, `#!/bin/sh\necho "$@" >> ${said}\n`, { mode: 0o755 });
    const fifo = join(lab.folder, 'fifo');
    const reader = join(lab.folder, 'reader.sh');
    writeFileSync(reader, `#!/bin/sh\nexec cat "$1" >> ${said}.fifo\n`, { mode: 0o755 });
    const globals = `global_defs {\n script_user root\n vrrp_notify_fifo ${fifo}\n vrrp_notify_fifo_script ${reader}\n}\n`;
    const more = [
      'virtual_ipaddress_excluded {',
      'fd09::55/64',
      '}',
      'virtual_routes {',
      '10.77.0.0/16 dev eth0 rto_min much',
      '10.78.0.0/16 via 10.9.0.9 dev eth0',
      '10.79.0.0/16 via 10.9.0.8 or 10.9.0.9',
      'fd78::/32 via fd09::9',
      '}',
      'virtual_rules {',
      'from 10.9.0.100 table 77',
      'from fd09::55 table 77',
      '}',
      `notify_master "${script} became 'the master'"`,
      `notify ${script}`,
    ];
    const a = await lab.router('a', 'lb', globals + instance({ more }));
    await a.enters('MASTER');
    /** Routes and rules that are marked as ours; the kernel's three rules are always listed. */
    const ours = (): string[] =>
      ['-4 route', '-6 route', '-4 rule', '-6 rule']
        .flatMap(what => lab.in('a', `ip ${what} show protocol 18`).split('\n'))
        .map(line => line.trim().replace(/\s+/g, ' '))
        .filter(line => line !== '' && !/^(0|32766|32767):/.test(line));
    const rules = ['16384: from 10.9.0.100 lookup 77', '16384: from fd09::55 lookup 77'];
    await lab.until(() => rules.every(rule => ours().some(line => line.startsWith(rule))));
    assert.ok(ours().some(line => line.startsWith('10.78.0.0/16 via 10.9.0.9')));
    await a.watched.line(/10\.77\.0\.0\/16.*much.* is wrong/);
    assert.ok(ours().includes('nexthop via 10.9.0.8 dev eth0 weight 1'), ours().join('\n'));
    assert.ok(ours().some(line => line.startsWith('fd78::/32 via fd09::9')));
    assert.ok(lab.holds('a', 'fd09::55'));
    await lab.until(() => existsSync(said) && readFileSync(said, 'utf8').includes('INSTANCE V MASTER 100'));
    assert.match(readFileSync(said, 'utf8'), /became the master/);
    await lab.until(
      () =>
        existsSync(`${said}.fifo`) &&
        readFileSync(`${said}.fifo`, 'utf8').includes('INSTANCE "V" MASTER 100'),
    );
    lab.in('a', `ip addr del ${VIP}/24 dev eth0`);
    await lab.until(() => lab.holds('a', VIP));
    await a.stop();
    assert.deepEqual(ours(), []);
    assert.ok(!lab.holds('a', 'fd09::55'));
    await lab.until(() => readFileSync(said, 'utf8').includes('INSTANCE V STOP 100'));
  });

  test('use_vmac: clients reach the address by the virtual MAC of its router id, on either router', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    await Promise.all([lab.responder('a'), lab.responder('b')]);
    const more = ['use_vmac'];
    const a = await lab.router('a', 'lb', instance({ priority: 150, more }));
    const b = await lab.router('b', 'keepalived', instance({ priority: 100, more }));
    await a.enters('MASTER');
    await b.enters('BACKUP');
    const client = lab.client(VIP);
    await client.answers('a');
    assert.match(lab.in('client', `ip neigh show ${VIP}`), /00:00:5e:00:01:33/);
    await sleep(500);
    assert.equal(b.state(), 'BACKUP');
    const mark = client.mark;
    await upon(() => a.stop(), [b, 'MASTER']);
    await client.answers('b', mark);
    assert.ok(!lab.in('a', 'ip link').includes('vrrp.51'));
  });

  test('use_vmac: an interface of somebody else that has the name stays', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a']);
    for (const name of ['keep0', 'vrrp.52']) lab.in('a', `ip link add ${name} type bridge`);
    const config =
      instance({ more: ['use_vmac keep0'] }) +
      instance({ name: 'W', id: 52, addresses: ['10.9.0.101/24'], more: ['use_vmac'] });
    const a = await lab.router('a', 'lb', config);
    await Promise.all([a.enters('MASTER'), a.enters('FAULT', 'W')]);
    assert.match(lab.in('a', 'ip -o addr show dev vrrp.51'), /10\.9\.0\.100/);
    await a.stop();
    const left = lab.in('a', 'ip -o -d link');
    for (const name of ['keep0', 'vrrp.52']) assert.match(left, new RegExp(`${name}:.* bridge `));
    assert.doesNotMatch(left, /vrrp\.51/);
  });

  test('use_vmac: a reload that takes an address away leaves the others of its network alone', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a']);
    const config = (...addresses: string[]): string =>
      instance({ priority: 100, more: ['use_vmac'], addresses });
    const others = ['10.8.0.101/24', '10.8.0.102/24'];
    const a = await lab.router('a', 'lb', config('10.8.0.100/24', ...others));
    await a.enters('MASTER');
    await lab.until(() => lab.in('a', 'ip -o addr show dev vrrp.51').includes('10.8.0.102/24'));
    const monitor = lab.start('a', 'ip', ['-o', 'monitor', 'address']);
    const marked = (address: string): boolean => {
      for (const verb of ['add', 'del']) lab.in('a', `ip addr ${verb} ${address}/32 dev lo`);
      return monitor.lines.some(line => line.includes(address));
    };
    await lab.until(() => marked('10.7.7.7'));
    a.reload(config(...others));
    await monitor.line(/^Deleted .* 10\.8\.0\.100\/24/);
    await a.watched.line(/configuration reloaded/);
    // what came before it has been told
    await lab.until(() => marked('10.7.7.8'));
    assert.deepEqual(
      monitor.lines.filter(line => line.startsWith('Deleted') && line.includes(' 10.8.0.10')).length,
      1,
    );
  });

  test('use_vmac, vmac_xmit_base: a master yields while its virtual MAC interface is down, or deleted until it has made it again', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    const more = ['use_vmac', 'vmac_xmit_base'];
    const a = await lab.router('a', 'lb', instance({ priority: 150, more }));
    await a.enters('MASTER');
    const b = await lab.router('b', 'keepalived', instance({ priority: 100, more }));
    await upon(() => lab.in('a', 'ip link set dev vrrp.51 down'), [a, 'FAULT'], [b, 'MASTER']);
    assert.ok(!lab.holds('a', VIP));
    await upon(() => lab.in('a', 'ip link set dev vrrp.51 up'), [a, 'MASTER'], [b, 'BACKUP']);
    assert.ok(lab.holds('a', VIP));
    await upon(() => lab.in('a', 'ip link del dev vrrp.51'), [a, 'FAULT'], [a, 'MASTER']);
    await lab.until(() => lab.holds('a', VIP));
  });

  test('use_vmac: a backup says nothing from the virtual MAC; its reports of groups leave by the interface below', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    const both = (priority: number): string =>
      instance({ priority, more: ['use_vmac'] }) +
      instance({ name: 'W', id: 52, priority, more: ['use_vmac'], addresses: ['fe80::100', 'fd09::100/64'] });
    const b = await lab.router('b', 'lb', both(150));
    await b.enters('MASTER');
    await b.enters('MASTER', 'W');
    const a = await lab.router('a', 'lb', both(100));
    await Promise.all([a.enters('BACKUP'), a.enters('BACKUP', 'W')]);
    const kept = (family: string, what: string): boolean =>
      new RegExp(`${what}.* counter packets [1-9]`).test(
        lab.in('a', `nft list table ${family} keepalived_vmac`),
      );
    await lab.until(() => kept('ip', 'igmp') && kept('ip6', 'mld2-listener-report'));
    for (const link of ['vrrp.51', 'vrrp.52'])
      assert.equal(lab.in('a', `cat /sys/class/net/${link}/statistics/tx_packets`).trim(), '0', link);
    assert.equal(a.state() + a.state('W'), 'BACKUPBACKUP');
    await a.stop();
    assert.ok(!lab.in('a', 'nft list ruleset').includes('keepalived'));
  });

  test('use_vmac for both families of a router id: each has an interface, and IPv6 speaks from the address below', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    const settings = { id: 52, addresses: ['fe80::9:100/64', 'fd09::100/64'], more: ['use_vmac'] };
    const six = (priority: number): string => instance({ ...settings, name: 'W', priority });
    const a = await lab.router('a', 'lb', instance({ id: 52, more: ['use_vmac'] }) + six(150));
    await Promise.all([a.enters('MASTER'), a.enters('MASTER', 'W')]);
    const b = await lab.router('b', 'keepalived', six(100));
    await b.enters('BACKUP', 'W');
    await sleep(600);
    assert.equal(b.state('W'), 'BACKUP');
    assert.match(lab.in('a', 'ip addr show dev vrrp.52'), new RegExp(` ${VIP}/24 `));
    assert.match(lab.in('a', 'ip addr show dev vrrp6.52'), / fd09::100\/64 /);
  });

  test('net_namespace: all of it happens there, wherever the program was started', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    const routes = ['virtual_routes {', '10.77.0.0/16 via 10.9.0.9', '}'];
    const there = `net_namespace ${lab.prefix}a\n`;
    const b = await lab.router('b', 'lb', there + instance({ more: [...routes, 'use_vmac'] }));
    await b.enters('MASTER');
    await lab.until(() => lab.in('a', 'ip route').includes('10.77.0.0/16'));
    assert.ok(lab.holds('a', VIP) && !lab.holds('b', VIP));
    await b.stop();
    assert.ok(!lab.holds('a', VIP) && !lab.in('a', 'ip link').includes('vrrp.51'));
  });

  test('routes that went with an interface or an address come back with it; a reload finds them there', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a'], 2);
    const more = [
      'virtual_routes {',
      '10.40.0.0/16 via 10.9.1.9 dev eth1',
      `10.41.0.0/16 via 10.9.0.9 src ${VIP}`,
      '}',
      'virtual_rules {',
      'from 10.42.0.0/16 table 99',
      '}',
    ];
    const config = (priority: number): string =>
      `${instance({ priority, more })}static_routes {\n 10.43.0.0/16 via 10.9.1.9 dev eth1\n}\n`;
    const a = await lab.router('a', 'lb', config(100));
    await a.enters('MASTER');
    const routes = (): string =>
      [...lab.in('a', 'ip route').matchAll(/10\.4\d/g)].map(([prefix]) => prefix).join(' ');
    await lab.until(() => routes() === '10.40 10.41 10.43');
    lab.in('a', 'ip link set dev eth1 down');
    assert.equal(routes(), '10.41');
    lab.in('a', 'ip link set dev eth1 up');
    await lab.until(() => routes() === '10.40 10.41 10.43');
    lab.in('a', `ip addr del ${VIP}/24 dev eth0`);
    await lab.until(() => lab.holds('a', VIP) && routes() === '10.40 10.41 10.43');
    a.reload(config(110));
    await a.watched.line(/effective priority 100 -> 110/);
    await a.stop();
    assert.equal(routes(), '');
    assert.deepEqual(
      a.watched.lines.filter(line => line.includes('RTNETLINK')),
      [],
    );
  });

  test('what an administrator deletes by hand comes back: a static address, and the virtual MAC interface of a master', async t => {
    if (!requires(t, 'root', 'ip', 'bridge')) return;
    const lab = Lab.create(t, ['a']);
    const statics = 'static_ipaddress {\n 10.9.0.77/24 dev eth0\n}\n';
    const a = await lab.router('a', 'lb', statics + instance({ more: ['use_vmac'] }));
    await a.enters('MASTER');
    const mark = a.mark;
    lab.in('a', 'ip addr del 10.9.0.77/24 dev eth0');
    await a.watched.line(/10\.9\.0\.77 is not on eth0: adding it again/, mark);
    assert.ok(lab.holds('a', '10.9.0.77'));
    await upon(() => lab.in('a', 'ip link del dev vrrp.51'), [a, 'FAULT'], [a, 'MASTER']);
    await lab.until(() => lab.holds('a', VIP));
    await a.stop();
    assert.ok(!lab.holds('a', '10.9.0.77'));
    assert.ok(!lab.in('a', 'ip link').includes('vrrp.51'));
  });

  test('a pipe that was made hears of a takeover and of reloads as from keepalived, and goes with the program', async t => {
    if (!requires(t, 'root', 'ip', 'bridge')) return;
    const lab = Lab.create(t, ['a', 'b']);
    const pipes = { a: join(lab.folder, 'pipe-a'), b: join(lab.folder, 'pipe-b') };
    const config = (node: 'a' | 'b', priority: number): string => `global_defs {
      script_user root
      vrrp_notify_fifo ${pipes[node]}
      vrrp_notify_priority_changes
    }
    vrrp_sync_group G {
      group {
        V
        W
      }
    }
    ${instance({ priority })}
    ${instance({ priority, name: 'W', id: 52, addresses: ['10.9.0.101/24'] })}`;
    const b = await lab.router('b', 'lb', config('b', 100));
    await lab.until(() => existsSync(pipes.b));
    const heardOfB = openPipe(pipes.b);
    await b.enters('MASTER', 'W');
    const mark = b.mark;
    const a = await lab.router('a', 'lb', config('a', 150));
    await lab.until(() => existsSync(pipes.a));
    const heardOfA = openPipe(pipes.a);
    await Promise.all([a.enters('MASTER', 'W'), b.enters('BACKUP', 'W', mark)]);
    await upon(() => a.reload(config('a', 90)), [b, 'MASTER', 'W'], [a, 'BACKUP', 'W']);
    await a.stop();
    await b.stop();
    const [ofA, ofB] = [linesOf(heardOfA), linesOf(heardOfB)];
    assert.deepEqual(ofA.slice(0, 3), [
      'GROUP "G" BACKUP 0',
      'INSTANCE "V" BACKUP 150',
      'INSTANCE "W" BACKUP 150',
    ]);
    const priorities = [...ofA, ...ofB].filter(line => line.includes('_PRI'));
    assert.deepEqual(priorities, [], 'neither a farewell nor what a file says is news');
    assert.ok(!existsSync(pipes.a) && !existsSync(pipes.b));
  });

  test('a reload changes the label of an address, which the kernel keeps of one that is there', async t => {
    if (!requires(t, 'root', 'ip', 'bridge')) return;
    const lab = Lab.create(t, ['a']);
    const config = (more: string): string => instance({ addresses: [`${VIP}/24 ${more}`] });
    const a = await lab.router('a', 'lb', config(''));
    await a.enters('MASTER');
    const shown = (): string => lab.in('a', `ip -o addr show dev eth0 to ${VIP}`);
    a.reload(config('label eth0:vip'));
    await lab.until(() => / eth0:vip\\/.test(shown()));
    a.reload(config(''));
    await lab.until(() => / eth0\\/.test(shown()));
    await a.stop();
  });

  test('use_vmac: a reload that sends adverts from below, or from the virtual MAC again, keeps the state', async t => {
    if (!requires(t, 'root', 'ip', 'bridge')) return;
    const lab = Lab.create(t, ['a', 'b']);
    const config = (priority: number, ...more: readonly string[]): string =>
      instance({ priority, addresses: ['fe80::9:100/64', 'fd09::100/64'], more: ['use_vmac', ...more] });
    const a = await lab.router('a', 'lb', config(150, 'vmac_xmit_base'));
    await a.enters('MASTER');
    const b = await lab.router('b', 'lb', config(100));
    await b.enters('BACKUP');
    const [mark, markOfB] = [a.mark, b.mark];
    const heard = async (): Promise<number> =>
      (await b.snapshot()).instances[0]?.counters.advertsReceived ?? 0;
    for (const more of [[], ['vmac_xmit_base']]) {
      const from = a.mark;
      a.reload(config(150, ...more));
      await a.watched.line(/reloaded/, from);
      const before = await heard();
      while ((await heard()) < before + 5);
    }
    const changes = [...a.watched.lines.slice(mark), ...b.watched.lines.slice(markOfB)];
    assert.deepEqual(
      changes.filter(line => line.includes(' -> ')),
      [],
    );
    await a.stop();
  });

  test('use_vmac_addr: an address on another interface has a virtual MAC there, which comes and goes with it', async t => {
    if (!requires(t, 'root', 'ip', 'bridge')) return;
    const lab = Lab.create(t, ['a'], 2);
    await lab.responder('a');
    const config = (more: string): string =>
      instance({ addresses: [`${VIP}/24`, '10.9.1.100/24 dev eth1'], more: [more] });
    const a = await lab.router('a', 'lb', config('use_vmac_addr'));
    await a.enters('MASTER');
    const client = lab.client('10.9.1.100');
    await client.answers('a');
    assert.match(lab.in('client', 'ip neigh show 10.9.1.100'), /lladdr 00:00:5e:00:01:33/);
    assert.match(lab.in('a', 'ip -o addr show dev vrrp.51'), /10\.9\.1\.100/);
    a.reload(config(''));
    await lab.until(() => !lab.in('a', 'ip link').includes('vrrp.51'));
    await lab.until(() => lab.in('a', 'ip -o addr show dev eth1').includes('10.9.1.100'));
    assert.ok(lab.holds('a', VIP));
    await upon(() => (lab.cut('a', 1), a.reload(config('use_vmac_addr'))), [a, 'FAULT']);
    await a.stop();
    assert.ok(!lab.in('a', 'ip link').includes('vrrp.51'));
  });

  test('routes and rules that an administrator deletes come back', async t => {
    if (!requires(t, 'root', 'ip', 'bridge')) return;
    const lab = Lab.create(t, ['a']);
    const config = `static_routes {
      10.50.0.0/16 via 10.9.0.9
    }
    ${instance({
      more: [
        'virtual_routes {\n 10.40.0.0/16 via 10.9.0.9\n fd40::/64 via fd09::9\n}',
        'virtual_rules {\n from 10.41.0.0/16 table 99\n}',
      ],
    })}`;
    const present = (): string =>
      ['route', '-6 route', 'rule'].map(what => lab.in('a', `ip ${what}`)).join('');
    const all = ['10.40.0.0/16', '10.41.0.0/16', '10.50.0.0/16', 'fd40::/64'];
    const missing = (): string[] => all.filter(one => !present().includes(one));
    const a = await lab.router('a', 'lb', config);
    await a.enters('MASTER');
    await lab.until(() => missing().length === 0);
    for (const deletion of [
      'route del 10.50.0.0/16',
      'route del 10.40.0.0/16',
      'rule del from 10.41.0.0/16 table 99',
      '-6 route del fd40::/64',
    ]) {
      lab.in('a', `ip ${deletion}`);
      await lab.until(() => missing().length === 0);
    }
    assert.equal(a.state(), 'MASTER');
    await a.stop();
  });

  test('the usual tutorial configuration runs beside keepalived: strict, without password, no_accept', async t => {
    if (!requires(t, ...needs)) return;
    const lab = Lab.create(t, ['a', 'b']);
    await lab.responder('a');
    const config = `global_defs {
      router_id LVS_DEVEL
      vrrp_skip_check_adv_addr
      vrrp_strict
      vrrp_garp_interval 0
      vrrp_gna_interval 0
    }
    vrrp_instance V {
      state MASTER
      interface eth0
      virtual_router_id 51
      priority PRIORITY
      advert_int 1
      authentication {
        auth_type PASS
        auth_pass 1111
      }
      virtual_ipaddress {
        ${VIP}
      }
    }
    virtual_server ${VIP} 80 {
      delay_loop 6
      lb_algo rr
      lb_kind NAT
      persistence_timeout 50
      protocol TCP
      real_server 10.9.0.9 80 {
        weight 1
        TCP_CHECK {
          connect_port 80
          connect_timeout 3
          delay_before_retry 3
          nb_get_retry 3
        }
      }
    }`;
    const a = await lab.router('a', 'lb', config.replace('PRIORITY', '120'));
    for (const consequence of [
      /State MASTER must match being address owner .*starts as BACKUP/,
      /Strict mode does not support authentication. Ignoring/,
      /strict mode without accept: packets to the virtual addresses are dropped/,
      /l4: started as process/,
    ])
      await a.watched.line(consequence);
    assert.ok(
      !a.watched.lines.some(line => /vrrp_(garp|gna)_interval/.test(line)),
      'an interval of 0 is fine',
    );
    await a.enters('BACKUP');
    await a.enters('MASTER');
    const b = await lab.router('b', 'keepalived', config.replace('PRIORITY', '100'));
    await b.enters('BACKUP');
    await sleep(4500);
    assert.equal(b.state(), 'BACKUP');
    assert.ok(lab.holds('a', VIP));
    const client = lab.client(VIP);
    await lab.until(() => client.take().length >= 5);
    const answered = client.take().filter(sample => sample.by !== '');
    assert.deepEqual(answered, [], 'a strict master takes no packets for addresses it does not own');
    await upon(() => a.stop(), [b, 'MASTER']);
  });
});

/** Half of the rounds are spoiled on some virtual machines. */
const MOST_ROUNDS = 30;

function openPipe(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** What was written into a pipe that nobody has open any more. */
function linesOf(pipe: number): string[] {
  const bytes = Buffer.alloc(65_536);
  const text = bytes.toString('utf8', 0, readSync(pipe, bytes));
  closeSync(pipe);
  return text.split('\n').filter(Boolean);
}

/** 109,000 bad packets for two of ours, a master and a backup, beside a keepalived that hears the same. */
async function flood(
  lab: Lab,
  a: Router,
  b: Router,
  bar: Router,
): Promise<{ wrong: string[]; lateAdverts: number; text: string }> {
  const marks = [a.mark, b.mark] as const;
  const [sendingBefore, before] = [await a.snapshot(), await b.snapshot()];
  const receivesBefore = ipReceives(lab, 'b');
  const cpuBefore = [cpuMs(b.vrrpPid), cpuMs(bar.vrrpPid)] as const;
  const sender = lab.start('c', process.execPath, [
    join(import.meta.dirname, '../support/bad-packets.js'),
    '51',
  ]);
  const { sent, tookMs } = JSON.parse(await sender.line(/sent/, 0, 120_000)) as {
    sent: number;
    tookMs: number;
  };
  // what got lost in the bridge, as some does where a processor stands still, lb cannot know of
  const arrived = ipReceives(lab, 'b') - receivesBefore;
  assert.ok(arrived > sent * 0.95, `${arrived} of ${sent} packets arrived`);
  const unseen = (): number =>
    arrived - (packetsIn(after) + advertsIn(after) - packetsIn(before) - advertsIn(before));
  let after = await b.snapshot();
  for (const deadline = Date.now() + 10_000; unseen() > OTHER_PACKETS && Date.now() < deadline;)
    after = await b.snapshot();
  const sending = await a.snapshot();
  const costMs = cpuMs(b.vrrpPid) - cpuBefore[0];
  const barMs = cpuMs(bar.vrrpPid) - cpuBefore[1];
  assert.ok(unseen() <= OTHER_PACKETS, `${unseen()} of ${arrived} packets were not seen`);
  const [v, w] = after.instances.map(one => one.counters.bad);
  for (const kind of ['checksum', 'ttl', 'version', 'type', 'length'] as const)
    assert.ok((v?.[kind] ?? 0) > 100, `${kind}: ${v?.[kind]}`);
  for (const kind of ['authType', 'authPass'] as const)
    assert.ok((w?.[kind] ?? 0) > 100, `${kind}: ${w?.[kind]}`);
  const wrong = [a.watched.lines.slice(marks[0]), b.watched.lines.slice(marks[1])]
    .flat()
    .filter(line => line.includes(' -> '));
  if (costMs > barMs) wrong.push(`${costMs} ms of CPU, keepalived ${barMs} ms`);
  const grown = (key: 'advertsReceived' | 'advertsLate', from: VrrpSnapshot, to: VrrpSnapshot): number =>
    (to.instances[0]?.counters[key] ?? 0) - (from.instances[0]?.counters[key] ?? 0);
  const heard = grown('advertsReceived', before, after);
  const lateAdverts = grown('advertsLate', sendingBefore, sending);
  if (heard < (tookMs / 100) * 0.9) wrong.push(`${heard} adverts were heard in ${tookMs} ms`);
  const dropped = after.droppedPackets - before.droppedPackets;
  const text = `${arrived} packets in ${tookMs} ms, ${dropped} dropped, ${lateAdverts} adverts late, cost ${costMs} ms of CPU, keepalived ${barMs} ms`;
  return { wrong, lateAdverts, text };
}

/** What comes to a node besides VRRP: reports of group members. */
const OTHER_PACKETS = 20;

/** The packets of IPv4 that the kernel of a node has received. */
function ipReceives(lab: Lab, node: string): number {
  const [names, values] = lab
    .in(node, 'cat /proc/net/snmp')
    .split('\n')
    .filter(line => line.startsWith('Ip:'))
    .map(line => line.split(' '));
  return Number(values?.[names?.indexOf('InReceives') ?? 0]);
}

function advertsIn({ instances }: VrrpSnapshot): number {
  return instances.reduce((sum, { counters }) => sum + counters.advertsReceived, 0);
}

/** All bad ones that a node has seen, or not. */
function packetsIn({ instances, unknownRouterIds, brokenPackets, droppedPackets }: VrrpSnapshot): number {
  const bad = instances.flatMap(one => Object.values(one.counters.bad));
  return [unknownRouterIds, brokenPackets, droppedPackets, ...bad].reduce((sum, count) => sum + count, 0);
}

/** User and system time of a process and, for `ip netns exec`, of what it became. */
function cpuMs(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
