/** The whole of VRRP on a clock, a network and a wire of our own: what needs no root and exact times. */
import assert from 'node:assert/strict';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KeepalivedConfig } from '../../src/model/keepalived.ts';
import type { VrrpSnapshot } from '../../src/model/vrrp-snapshot.ts';
import { ipOf } from '../../src/vrrp/ip-bytes.ts';
import { encodeAdvert } from '../../src/vrrp/packet.ts';
import { renderData, renderInstance, renderShowVrrp, renderStats } from '../../src/vrrp/render-snapshot.ts';
import { configOf, FakeNode } from '../support/fake-vrrp.ts';

function instance(more = '', name = 'V', id = 51, address = '10.0.0.100'): string {
  return `vrrp_instance ${name} {
    interface eth0
    virtual_router_id ${id}
    version 3
    priority 100
    advert_int 0.1
    virtual_ipaddress {
      ${address}
    }
    ${more}
  }
`;
}

function advert(
  priority: number,
  source = '10.0.0.2',
  id = 51,
  advertIntMs = 100,
  address = '10.0.0.100',
): Buffer {
  return encodeAdvert(
    {
      version: 3,
      virtualRouterId: id,
      priority,
      advertIntMs,
      addresses: [ipOf(address)],
      v3ChecksumAsV2: false,
    },
    ipOf(source),
    ipOf('224.0.0.18'),
  );
}

function node(): FakeNode {
  const fake = new FakeNode();
  fake.network.addLink('eth0', '10.0.0.1');
  return fake;
}

test('a new master advertises, takes its addresses and announces them, in this order, and goes on', async () => {
  const fake = node();
  fake.start(configOf(instance()));
  await fake.clock.pass(361);
  assert.equal(fake.state, 'MASTER');
  assert.deepEqual([...fake.network.virtual], ['eth0 10.0.0.100']);
  assert.equal(fake.network.announced.length, 5);
  await fake.clock.pass(1000);
  assert.equal(fake.sent.length, 11);
  await fake.clock.pass(4000);
  assert.equal(fake.network.announced.length, 10);
});

test('vrrp_startup_delay holds everything back', async () => {
  const fake = node();
  fake.start(configOf(`global_defs {\n vrrp_startup_delay 2\n}\n${instance()}`));
  await fake.clock.pass(1999);
  assert.equal(fake.state, 'INIT');
  fake.hear(advert(50), '10.0.0.2');
  await fake.clock.pass(2);
  assert.equal(fake.state, 'BACKUP');
  await fake.clock.pass(361);
  assert.equal(fake.state, 'MASTER');
});

test('vrrp_delay_after_boot holds everything back on a host that has just started, and not on another', async () => {
  const config = configOf(
    `global_defs {\n vrrp_startup_delay 1\n vrrp_delay_after_boot 10\n}\n${instance()}`,
  );
  const fresh = node();
  fresh.start(config, { hostUptimeMs: () => 7000 });
  await fresh.clock.pass(2999);
  assert.equal(fresh.state, 'INIT');
  await fresh.clock.pass(2);
  assert.equal(fresh.state, 'BACKUP');
  const old = node();
  old.start(config, { hostUptimeMs: () => 60_000 });
  await old.clock.pass(999);
  assert.equal(old.state, 'INIT');
  await old.clock.pass(2);
  assert.equal(old.state, 'BACKUP');
});

test('vrrp_garp_interval paces the announcements', async () => {
  const fake = node();
  fake.start(configOf(`global_defs {\n vrrp_garp_interval 0.05\n}\n${instance()}`));
  await fake.clock.pass(361);
  assert.equal(fake.network.announced.length, 1);
  await fake.clock.pass(200);
  const times = fake.network.announced.map(one => one.at);
  assert.equal(times.length, 5);
  for (let at = 1; at < times.length; at++)
    assert.ok(Math.abs((times[at] ?? 0) - (times[at - 1] ?? 0) - 50) < 1);
});

test('a stopping master says so at once, and keeps its addresses until the next master is heard', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance()));
  await fake.clock.pass(361);
  const stopped = handle.stop();
  assert.equal(fake.sent.at(-1)?.priority, 0);
  await fake.clock.pass(60);
  assert.equal(fake.network.virtual.size, 1);
  fake.hear(advert(90), '10.0.0.2');
  assert.equal(fake.network.virtual.size, 0);
  await stopped;
});

test('a stopping master that nobody follows gives its addresses up after the longest skew and preparation', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance()));
  await fake.clock.pass(361);
  const stopped = handle.stop();
  await fake.clock.pass(499);
  assert.equal(fake.network.virtual.size, 1);
  await fake.clock.pass(2);
  assert.equal(fake.network.virtual.size, 0);
  await stopped;
});

test('a stopping master whose machine stood still hears what came meanwhile, or waits once more', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance()));
  await fake.clock.pass(361);
  const stopped = handle.stop();
  fake.clock.stall(2000);
  await fake.clock.pass(499);
  assert.equal(fake.network.virtual.size, 1);
  fake.clock.stall(2000);
  fake.waiting.push(() => fake.hear(advert(90), '10.0.0.2'));
  await fake.clock.pass(0);
  assert.equal(fake.network.virtual.size, 0);
  await stopped;
});

for (const follows of ['at once', 'late'] as const)
  test(`connections go on at a master that is followed ${follows}`, async () => {
    const fake = new FakeNode();
    // not an interface of this machine, whose settings would be changed
    fake.network.addLink('wire0', '10.0.0.1');
    const config = configOf(instance().replace('eth0', 'wire0'));
    const handle = fake.start(config, { keepConnections: true });
    await fake.clock.pass(361);
    const done = handle.handOver('stopping');
    if (follows === 'late') await fake.clock.pass(501);
    fake.hear(advert(90), '10.0.0.2');
    await done;
    assert.equal(fake.network.virtual.size, 0);
    await fake.clock.pass(120_000);
    assert.deepEqual([...fake.network.localRoutes], ['10.0.0.100']);
    await handle.stop();
    assert.deepEqual([...fake.network.localRoutes], []);
  });

test('a dying process gives everything up synchronously', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance()));
  await fake.clock.pass(361);
  handle.releaseNow();
  assert.equal(fake.sent.at(-1)?.priority, 0);
  assert.equal(fake.network.virtual.size, 0);
});

test('a node that hands over stays out of the way until it is told to resume', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance()));
  await fake.clock.pass(361);
  const done = handle.handOver('drain');
  fake.hear(advert(90), '10.0.0.2');
  await done;
  assert.equal(fake.state, 'FAULT');
  await fake.clock.pass(2000);
  assert.equal(fake.network.virtual.size, 0);
  handle.resume();
  await fake.clock.pass(361);
  assert.equal(fake.state, 'MASTER');
});

test('track_lb follows the servers of a backend and the listening of a frontend', async () => {
  const fake = node();
  const up = new Map([['web', 3]]);
  let listening = true;
  const balancer = {
    silent: () => false,
    serversUp: (name: string) => up.get(name),
    listening: () => listening,
  };
  const tracked = 'track_lb {\n backend web min 2 weight -60\n frontend www\n}';
  const handle = fake.start(configOf(instance(tracked)), { balancer });
  await fake.clock.pass(361);
  assert.equal(fake.sent.at(-1)?.priority, 100);
  up.set('web', 1);
  handle.balancerChanged();
  assert.equal(fake.sent.at(-1)?.priority, 40);
  up.set('web', 2);
  handle.balancerChanged();
  assert.equal(handle.snapshot().instances[0]?.effectivePriority, 100);
  listening = false;
  handle.balancerChanged();
  assert.equal(fake.state, 'FAULT');
  assert.equal(fake.network.virtual.size, 0);
  assert.deepEqual(handle.snapshot().instances[0]?.faults, ['frontend www is not listening']);
});

test('packets that waited while the process did not run are read before the master counts as down', async () => {
  const fake = node();
  fake.start(configOf(instance()));
  fake.hear(advert(150), '10.0.0.2');
  fake.clock.stall(2000);
  // the timer fires late; nobody has told of the packet yet
  fake.waiting.push(() => fake.hear(advert(150), '10.0.0.2'));
  await fake.clock.pass(0);
  assert.deepEqual(fake.waiting, []);
  assert.doesNotMatch(fake.events.join('\n'), /-> MASTER/);
  await fake.clock.pass(10);
  assert.equal(fake.state, 'BACKUP');
});

test('adverts with other addresses or another interval take part in the election and are counted', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance()));
  await fake.clock.pass(361);
  fake.hear(advert(150, '10.0.0.2', 51, 200, '10.0.0.77'), '10.0.0.2');
  assert.equal(fake.state, 'BACKUP');
  const counters = handle.snapshot().instances[0]?.counters;
  assert.equal(counters?.addressListDiffers, 1);
  assert.equal(counters?.intervalDiffers, 1);
  assert.equal(fake.log.filter(line => line.includes('advertises')).length, 2);
});

test('bad packets move no timer, whatever they claim', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance()));
  const packet = advert(254);
  packet[6] = (packet[6] ?? 0) ^ 0xff;
  for (let round = 0; round < 36; round++) {
    await fake.clock.pass(10);
    fake.hear(packet, '10.0.0.2');
    fake.hear(advert(254), '10.0.0.2', '224.0.0.18', 3);
  }
  await fake.clock.pass(10);
  assert.equal(fake.state, 'MASTER');
  assert.deepEqual(handle.snapshot().instances[0]?.counters.bad.checksum, 36);
  assert.deepEqual(handle.snapshot().instances[0]?.counters.bad.ttl, 36);
});

test('interface_up_down_delays ignore a short loss of the link', async () => {
  const fake = node();
  fake.start(configOf(`interface_up_down_delays {\n eth0 0.15\n}\n${instance()}`));
  await fake.clock.pass(361);
  fake.network.setUp('eth0', false);
  fake.linksChanged();
  await fake.clock.pass(100);
  assert.equal(fake.state, 'MASTER');
  fake.network.setUp('eth0', true);
  fake.linksChanged();
  await fake.clock.pass(300);
  assert.equal(fake.state, 'MASTER');
  fake.network.setUp('eth0', false);
  fake.linksChanged();
  await fake.clock.pass(151);
  assert.equal(fake.state, 'FAULT');
});

test('addresses leave an interface that gets another name: somebody else has them from then on', async () => {
  const fake = node();
  fake.start(configOf(instance()));
  await fake.clock.pass(361);
  assert.deepEqual([...fake.network.virtual], ['eth0 10.0.0.100']);
  fake.network.rename('eth0', 'wan0');
  fake.linksChanged();
  await fake.clock.pass(1);
  assert.equal(fake.state, 'FAULT');
  assert.deepEqual([...fake.network.virtual], []);
});

test('a reload keeps a master, changes its addresses, and stops what is not there any more', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance() + instance('', 'W', 52, '10.0.0.200')));
  await fake.clock.pass(361);
  const before = fake.events.length;
  handle.reload(configOf(instance().replace('10.0.0.100', '10.0.0.100\n 10.0.0.101')));
  assert.deepEqual([...fake.network.virtual].toSorted(), ['eth0 10.0.0.100', 'eth0 10.0.0.101']);
  assert.deepEqual(fake.events.slice(before), ['W MASTER -> INIT']);
  assert.equal(fake.sent.at(-1)?.priority, 0);
  await fake.clock.pass(150);
  assert.equal(fake.sent.at(-1)?.payload[3], 2);
});

test('fifo_write_vrrp_states_on_reload: a pipe hears of groups and then of instances again, as they are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-'));
  const pipe = join(folder, 'pipe');
  const config = configOf(
    `global_defs {\n vrrp_notify_fifo ${pipe}\n fifo_write_vrrp_states_on_reload\n}
    vrrp_sync_group G {\n group {\n V\n W\n }\n}\n` +
      instance() +
      instance('', 'W', 52, '10.0.0.200'),
  );
  const fake = node();
  const handle = fake.start(config);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const heard = (): string => {
    const bytes = Buffer.alloc(4096);
    return bytes.toString('utf8', 0, readSync(reader, bytes));
  };
  await fake.clock.pass(361);
  heard();
  handle.reload(config);
  assert.equal(heard(), 'GROUP "G" MASTER 0\nINSTANCE "V" MASTER 100\nINSTANCE "W" MASTER 100\n');
  const another = configOf(instance('', 'X', 53, '10.0.0.210')).instances;
  handle.reload({ ...config, instances: [...config.instances, ...another] });
  assert.deepEqual(heard().split('\n').slice(0, 2), ['INSTANCE "X" BACKUP 100', 'GROUP "G" MASTER 0']);
  handle.releaseNow();
  closeSync(reader);
  rmSync(folder, { recursive: true });
});

test('a reload that puts a master and a backup into one group lets both follow the master that one of them has', async () => {
  const instances = instance() + instance('', 'W', 52, '10.0.0.200');
  const fake = node();
  const handle = fake.start(configOf(instances));
  const hear = async (times: number): Promise<void> => {
    for (let left = times; left > 0; left--) {
      fake.hear(advert(150, '10.0.0.2', 52, 100, '10.0.0.200'), '10.0.0.2');
      await fake.clock.pass(100);
    }
  };
  await hear(5);
  const states = (): string[] => handle.snapshot().instances.map(({ state }) => state);
  assert.deepEqual(states(), ['MASTER', 'BACKUP']);
  handle.reload(configOf(`${instances}vrrp_sync_group G {\n group {\n V\n W\n }\n}\n`));
  await hear(1);
  assert.deepEqual(states(), ['BACKUP', 'BACKUP']);
  await hear(10);
  assert.deepEqual(states(), ['BACKUP', 'BACKUP']);
  // nobody else is master any more
  await fake.clock.pass(1500);
  assert.deepEqual(states(), ['MASTER', 'MASTER']);
});

test('a new member of a group that is master waits for nobody but its own master', async () => {
  const group = (...members: string[]): string =>
    `vrrp_sync_group G {\n group {\n ${members.join('\n')}\n }\n}\n`;
  const fake = node();
  const second = instance('', 'W', 52, '10.0.0.200');
  const handle = fake.start(configOf(instance() + second + group('V', 'W')));
  await fake.clock.pass(400);
  handle.reload(configOf(instance() + second + instance('', 'X', 53, '10.0.0.210') + group('V', 'W', 'X')));
  // an inferior one is no master to follow
  fake.hear(advert(50, '10.0.0.2', 53, 100, '10.0.0.210'), '10.0.0.2');
  await fake.clock.pass(400);
  assert.deepEqual(
    handle.snapshot().instances.map(({ state, transitions }) => `${state} ${transitions}`),
    ['MASTER 2', 'MASTER 2', 'MASTER 2'],
  );
});

test('a reload that only calls an instance by another name keeps it, with its addresses', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance()));
  await fake.clock.pass(361);
  const [before, sent] = [fake.events.length, fake.sent.length];
  handle.reload(configOf(instance('', 'W')));
  assert.deepEqual([...fake.network.virtual], ['eth0 10.0.0.100']);
  assert.deepEqual(fake.events.slice(before), []);
  await fake.clock.pass(250);
  assert.ok(fake.sent.length > sent);
  assert.ok(fake.sent.slice(sent).every(({ priority }) => priority > 0));
  const [shown] = handle.snapshot().instances;
  assert.deepEqual([shown?.name, shown?.state], ['W', 'MASTER']);
  handle.reload(configOf(instance('', 'X', 52)));
  assert.deepEqual(fake.events.slice(before), ['W MASTER -> INIT', 'X INIT -> BACKUP']);
});

test('a reload with another version, password or peers keeps a master, which speaks so from then on', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance()));
  await fake.clock.pass(361);
  const before = fake.events.length;
  const older = instance('authentication {\n auth_type PASS\n auth_pass one\n}')
    .replace('version 3', 'version 2')
    .replace('advert_int 0.1', 'advert_int 1');
  handle.reload(configOf(older));
  await fake.clock.pass(1100);
  assert.equal((fake.sent.at(-1)?.payload[0] ?? 0) >> 4, 2);
  assert.equal(fake.sent.at(-1)?.payload.subarray(-8).toString('latin1'), 'one\0\0\0\0\0');
  handle.reload(configOf(older.replace('auth_pass one', 'auth_pass two')));
  await fake.clock.pass(1100);
  assert.equal(fake.sent.at(-1)?.payload.subarray(-8).toString('latin1'), 'two\0\0\0\0\0');
  handle.reload(configOf(instance('unicast_peer {\n 10.0.0.2\n}')));
  await fake.clock.pass(250);
  assert.equal(fake.sent.at(-1)?.destination, '10.0.0.2');
  assert.deepEqual([...fake.network.virtual], ['eth0 10.0.0.100']);
  assert.deepEqual(fake.events.slice(before), []);
});

test('garp_extra_if tells of other interfaces again and again, first behind the second announcement', async () => {
  const fake = node();
  fake.network.addLink('eth1', '10.0.1.9');
  const more = 'garp_master_delay 1\n garp_extra_if all 5';
  const handle = fake.start(configOf(instance(more, 'V', 51, '10.0.0.100\n10.0.1.100 dev eth1')));
  await fake.clock.pass(361 + 2000);
  const before = fake.network.announced.length;
  const master = fake.clock.now() - 2000;
  await fake.clock.pass(10_000);
  const later = fake.network.announced.slice(before);
  assert.deepEqual(
    later.map(({ device }) => device),
    ['eth1', 'eth1'],
  );
  const times = later.map(({ at }) => Math.round((at - master) / 100) * 100);
  assert.deepEqual(times, [6000, 11_000]);
  handle.releaseNow();
});

test('vrrp_notify_priority_changes: a pipe hears of what is tracked, and not of weights that a reload takes away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-'));
  const pipe = join(folder, 'pipe');
  const globals = `global_defs {\n vrrp_notify_fifo ${pipe}\n vrrp_notify_priority_changes\n}\n`;
  const tracking = (weight: number): KeepalivedConfig =>
    configOf(globals + instance(`track_interface {\n eth1 weight ${weight}\n}`));
  const fake = node();
  fake.network.addLink('eth1', '10.0.1.1');
  const handle = fake.start(tracking(10));
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const heard = (): string[] => {
    const bytes = Buffer.alloc(4096);
    try {
      return bytes.toString('utf8', 0, readSync(reader, bytes)).split('\n').filter(Boolean);
    } catch {
      return [];
    }
  };
  await fake.clock.pass(361);
  heard();
  handle.reload(tracking(20));
  assert.deepEqual(heard(), ['INSTANCE "V" MASTER_PRIORITY 120']);
  handle.reload(configOf(globals + instance()));
  assert.equal(handle.snapshot().instances[0]?.effectivePriority, 100);
  handle.reload(configOf(globals + instance().replace('priority 100', 'priority 110')));
  assert.equal(handle.snapshot().instances[0]?.effectivePriority, 110);
  assert.deepEqual(heard(), []);
  handle.releaseNow();
  closeSync(reader);
  rmSync(folder, { recursive: true });
});

test('an address that the kernel refuses is told of once, and is there and announced when it takes it', async () => {
  const fake = node();
  fake.network.refused.add('10.0.0.101');
  fake.start(configOf(instance().replace('10.0.0.100', '10.0.0.100\n 10.0.0.101')));
  await fake.clock.pass(361);
  const told = (): string[] => fake.log.filter(line => line.includes('10.0.0.101'));
  assert.deepEqual(told(), ['error: (V) cannot add 10.0.0.101/32 to eth0: invalid argument']);
  const announced = (): number => fake.network.announced.filter(({ ip }) => ip === '10.0.0.101').length;
  const before = announced();
  for (let times = 0; times < 3; times++) {
    fake.linksChanged();
    await fake.clock.pass(1);
  }
  assert.equal(told().length, 1);
  assert.equal(announced(), before);
  fake.network.refused.clear();
  fake.linksChanged();
  await fake.clock.pass(1);
  assert.ok(fake.network.virtual.has('eth0 10.0.0.101'));
  assert.equal(announced(), before + 1);
  fake.network.virtual.delete('eth0 10.0.0.101');
  fake.linksChanged();
  await fake.clock.pass(1);
  assert.match(told().at(-1) ?? '', /was removed from eth0: adding it again/);
});

test('an instance without an address of its interface waits for one', async () => {
  const fake = new FakeNode();
  fake.network.addLink('eth0', 'fe80::1');
  fake.start(configOf(instance()));
  await fake.clock.pass(1000);
  assert.equal(fake.state, 'FAULT');
  fake.network.own.push({
    link: 1,
    ip: ipOf('10.0.0.1'),
    prefixLength: 24,
    linkLocal: false,
    tentative: false,
  });
  fake.linksChanged();
  await fake.clock.pass(400);
  assert.equal(fake.state, 'MASTER');
});

test('what a killed process held is removed at the next start and then forgotten', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-held-'));
  const stateFile = join(folder, 'state');
  try {
    const fake = node();
    fake.start(configOf(instance()), { stateFile });
    await fake.clock.pass(361);
    const left = readFileSync(stateFile, 'utf8');
    assert.match(left, /10\.0\.0\.100/);
    const next = node();
    next.network.virtual.add('eth0 10.0.0.100');
    writeFileSync(stateFile, left);
    const other = configOf(instance('', 'V', 51, '10.0.0.200'));
    next.start(other, { stateFile: join(folder, 'next'), abandonedFiles: [stateFile] });
    assert.equal(next.network.virtual.size, 0);
    assert.throws(() => readFileSync(stateFile), /ENOENT/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a node that cannot receive adverts does not take addresses', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance()), {
    transport: {
      openReceiver: () => {
        throw new Error('not permitted');
      },
      openSender: () => ({ send: () => -1, close: () => undefined }),
    },
  });
  await fake.clock.pass(2000);
  assert.equal(handle.snapshot().instances[0]?.state, 'FAULT');
  assert.deepEqual(handle.snapshot().instances[0]?.faults, ['cannot receive adverts']);
  assert.equal(fake.network.virtual.size, 0);
  handle.releaseNow();
});

test('unicast peers get an advert each, which counts once', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance('unicast_peer {\n 10.0.0.2\n 10.0.0.3\n}')));
  await fake.clock.pass(361);
  assert.deepEqual(
    fake.sent.map(one => one.destination),
    ['10.0.0.2', '10.0.0.3'],
  );
  assert.equal(handle.snapshot().instances[0]?.counters.advertsSent, 1);
});

test('the snapshot shows as text, and as the statistics file that exporters read', async () => {
  const fake = node();
  const handle = fake.start(configOf(instance()));
  await fake.clock.pass(361);
  const snapshot = handle.snapshot();
  assert.equal(
    renderShowVrrp(snapshot),
    '# instance  state   priority  interface  vrid  master    addresses\n' +
      'V           MASTER  100       eth0       51    10.0.0.1  10.0.0.100/32\n',
  );
  assert.match(renderShowVrrp(snapshot, 'V'), /Effective priority = 100/);
  assert.match(renderShowVrrp(snapshot, 'X'), /no vrrp instance X/);
  const [first] = snapshot.instances;
  assert.ok(
    first !== undefined &&
      /^ VRRP Instance = V\n {3}VRRP Version = 3\n {3}State = MASTER\n/.test(renderInstance(first)),
  );
  assert.match(
    renderInstance(first),
    /\n {3}Virtual IP \(1\):\n {5}10\.0\.0\.100 dev eth0 scope global set\n/,
  );
  assert.match(
    renderStats(snapshot),
    /^VRRP Instance: V\n {2}Advertisements:\n {4}Received: 0\n {4}Sent: 1\n {2}Became master: 1/,
  );
});

test('the state file tells of tracked scripts as keepalived does', async () => {
  const fake = node();
  const scripts = `vrrp_script s {\n script "/bin/sleep 600"\n interval 0.5\n weight -5 reverse\n fall 3\n}\n
    vrrp_script unused {\n script /bin/true\n}\n`;
  const handle = fake.start(configOf(scripts + instance('track_script {\n s\n }')));
  const section = (snapshot: VrrpSnapshot): string =>
    renderData(snapshot).split('------< VRRP Scripts >------\n')[1] ?? '';
  const lines = (status: string, state: string): string =>
    ` VRRP Script = s
   Command = '/bin/sleep 600'
   Interval = 0.5 sec
   Timeout = 0.5 sec
   Weight = -5 reverse
   Rise = 1
   Fall = 3
   Status = ${status}
   State = ${state}
`;
  const snapshot = handle.snapshot();
  assert.equal(section(snapshot), lines('INIT', 'running'));
  const [script] = snapshot.scripts;
  assert.ok(script !== undefined);
  for (const [up, status] of [
    [true, 'GOOD'],
    [false, 'BAD'],
  ] as const)
    assert.equal(
      section({ ...snapshot, scripts: [{ ...script, up, isRunning: false }] }),
      lines(status, 'idle'),
    );
  await handle.stop();
});

test('json_version 2 has members for instances and for tracked processes; no version tells a password', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-dump-'));
  try {
    const fake = node();
    const json = async (version: number): Promise<string> => {
      const handle = fake.start(
        configOf(
          `global_defs {\n json_version ${version}\n json_dump_file ${folder}/\n}\n` +
            'vrrp_track_process p {\n process no-such-program here\n quorum_max 4\n delay 2\n weight 9 reverse\n}\n' +
            instance('track_process {\n p\n}') +
            'vrrp_instance W {\n interface eth0\n virtual_router_id 52\n authentication {\n auth_type PASS\n auth_pass secret\n}\n virtual_ipaddress {\n 10.0.0.9\n}\n}\n',
        ),
      );
      await fake.clock.pass(361);
      handle.dump('json');
      handle.releaseNow();
      return readFileSync(join(folder, 'keepalived.json'), 'utf8');
    };
    const first = JSON.parse(await json(1)) as { data: Record<string, unknown> }[];
    assert.deepEqual(first[0]?.data['track_process'], ['p']);
    assert.equal(first[1]?.data['auth_data'], '********');
    const text = await json(2);
    assert.ok(!text.includes('secret'));
    const second = JSON.parse(text) as { vrrp: { data: { iname: string } }[]; track_process: unknown[] };
    assert.deepEqual(
      second.vrrp.map(({ data }) => data.iname),
      ['V', 'W'],
    );
    assert.deepEqual(second.track_process, [
      {
        process: 'p',
        parameters: 'here',
        param_match: 'exact',
        min_processes: 1,
        max_processes: 4,
        current_processes: 0,
        have_quorum: false,
        weight: -9,
        terminate_delay: 2,
        fork_delay: 2,
        fork_delay_timer_running: false,
        terminate_delay_timer_running: false,
        full_command: true,
      },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the dumps are written where the configuration says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-dump-'));
  try {
    const fake = node();
    const files = ['state', 'stats', 'json']
      .map(kind => ` ${kind}_dump_file ${join(folder, kind)}\n`)
      .join('');
    const handle = fake.start(configOf(`global_defs {\n${files}}\n${instance()}`));
    await fake.clock.pass(361);
    for (const kind of ['state', 'stats', 'json'] as const) handle.dump(kind);
    assert.match(
      readFileSync(join(folder, 'state'), 'utf8'),
      /^------< VRRP Topology >------\n VRRP Instance = V\n/,
    );
    assert.match(readFileSync(join(folder, 'stats'), 'utf8'), /Became master: 1/);
    const json = JSON.parse(readFileSync(join(folder, 'json'), 'utf8')) as {
      data: Record<string, unknown>;
      stats: Record<string, unknown>;
    }[];
    const { iname, state, vips, adver_int: interval } = json[0]?.data ?? {};
    assert.deepEqual([iname, state, vips, interval], ['V', 2, ['10.0.0.100 dev eth0 scope global set'], 0.1]);
    assert.equal(json[0]?.stats['become_master'], 1);
    handle.dump('cleared stats');
    assert.match(readFileSync(join(folder, 'stats'), 'utf8'), /Became master: 1/);
    handle.dump('stats');
    assert.match(readFileSync(join(folder, 'stats'), 'utf8'), /Became master: 0/);
    rmSync(folder, { recursive: true });
    handle.dump('state');
    assert.match(fake.log.at(-1) ?? '', /cannot write the state dump/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
