/** BFD: packets, two sessions that talk by hand-moved time, and a session with keepalived that an instance tracks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BfdInstance } from '../../src/model/keepalived.ts';
import { Down, encodeControl, Init, parseControl, Up } from '../../src/vrrp/bfd/control-packet.ts';
import { BfdSession } from '../../src/vrrp/bfd/session.ts';
import { FakeClock } from '../support/fake-vrrp.ts';
import { Lab, upon } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';

const PACKET = {
  diagnostic: 3,
  state: Init,
  poll: true,
  final: false,
  multiplier: 5,
  discriminator: 0xdeadbeef,
  yourDiscriminator: 7,
  minTxUs: 10_000,
  minRxUs: 20_000,
} as const;

const CONFIG: BfdInstance = {
  name: 'n',
  position: { file: '', line: 0, column: 0 },
  family: 4,
  neighborIp: '10.0.0.2',
  minRxUs: 50_000,
  minTxUs: 50_000,
  idleTxUs: 1_000_000,
  multiplier: 3,
  passive: false,
  ttl: 255,
  maxHops: 0,
  multihop: false,
  weight: 0,
  reverse: false,
};

test('a BFD packet goes out and comes back; a broken, foreign or authenticated one is none', () => {
  const bytes = encodeControl(PACKET);
  assert.equal(bytes.toString('hex', 0, 4), '23a00518');
  assert.deepEqual(parseControl(bytes), PACKET);
  const changed = (at: number, value: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = value;
    return copy;
  };
  for (const bad of [
    bytes.subarray(0, 23),
    changed(0, 0x40),
    changed(1, 0xa4),
    changed(1, 0xa1),
    changed(2, 0),
    changed(3, 25),
    encodeControl({ ...PACKET, discriminator: 0 }),
    encodeControl({ ...PACKET, yourDiscriminator: 0 }),
  ])
    assert.equal(parseControl(bad), undefined, bad.toString('hex'));
});

test('two BFD sessions come up, go fast, and one that hears nothing is down when it should be', async () => {
  const clock = new FakeClock();
  const wire = { cut: false, packets: 0 };
  const make = (discriminator: number, other: () => BfdSession, config = CONFIG): BfdSession =>
    new BfdSession(config, discriminator, {
      clock,
      random: () => 1,
      log: () => {},
      onChange: () => {},
      send: bytes => {
        wire.packets++;
        const packet = parseControl(bytes);
        if (packet !== undefined && !wire.cut) clock.after(1, () => other().hear(packet));
      },
    });
  const one: BfdSession = make(1, () => two);
  const two: BfdSession = make(2, () => one, { ...CONFIG, passive: true });
  two.start();
  await clock.pass(3000);
  assert.equal(wire.packets, 0, 'a passive session waits');
  one.start();
  await clock.pass(1100);
  assert.ok(one.isUp && two.isUp);
  wire.packets = 0;
  await clock.pass(1000);
  assert.ok(wire.packets >= 38 && wire.packets <= 44, `${wire.packets} packets of two in a second`);
  wire.cut = true;
  await clock.pass(95);
  assert.ok(one.isUp && two.isUp);
  await clock.pass(60);
  assert.ok(!one.isUp && !two.isUp);
  wire.cut = false;
  await clock.pass(2200);
  assert.ok(one.isUp && two.isUp, 'and it comes back');
  one.stop();
  await clock.pass(2);
  assert.ok(!two.isUp, 'the neighbour is told');
  two.stop();
});

test('a session that does not come up says so once, after the time a start may take', async () => {
  const clock = new FakeClock();
  const said: boolean[] = [];
  const ports = { clock, random: () => 1, log: () => {}, send: () => {} };
  const session = new BfdSession(CONFIG, 1, { ...ports, onChange: isUp => void said.push(isUp) });
  session.start();
  await clock.pass(2900);
  assert.deepEqual(said, []);
  await clock.pass(10_000);
  assert.deepEqual(said, [false]);
  session.stop();
});

test('a BFD packet of a neighbour that is down takes a session down, and does not take it up', () => {
  const sent: number[] = [];
  const session = new BfdSession(CONFIG, 7, {
    clock: new FakeClock(),
    random: () => 1,
    log: () => {},
    onChange: () => {},
    send: bytes => void sent.push(parseControl(bytes)?.state ?? -1),
  });
  const hear = (state: typeof Down | typeof Up): void => session.hear({ ...PACKET, state, poll: false });
  hear(Up);
  assert.ok(!session.isUp);
  hear(Down);
  hear(Up);
  assert.ok(session.isUp);
  hear(Down);
  assert.deepEqual([session.isUp, sent], [false, [Init, Up, Down]]);
});

const NEEDS = ['root', 'ip', 'bridge', 'keepalived'] as const;

function config(own: string, neighbor: string, priority: number, more = ''): string {
  return `bfd_instance n {
    source_ip ${own}
    neighbor_ip ${neighbor}
    min_rx 50
    min_tx 50
    ${more}
  }
  vrrp_instance V {
    interface eth0
    virtual_router_id 51
    version 3
    priority ${priority}
    advert_int 0.1
    track_bfd {
      n weight 50
    }
    virtual_ipaddress {
      10.9.0.100/24
    }
  }
`;
}

test('track_bfd beside keepalived: the session comes up, and its loss costs its weight within its time', async t => {
  if (!requires(t, ...NEEDS)) return;
  const lab = Lab.create(t, ['a', 'b']);
  const a = await lab.router('a', 'lb', config('10.9.0.1', '10.9.0.2', 100));
  const b = await lab.router('b', 'keepalived', config('10.9.0.2', '10.9.0.1', 120));
  await a.watched.line(/effective priority 100 -> 150/);
  await b.watched.line(/BFD instance n is UP/i);
  const mark = a.mark;
  await upon(() => lab.kill(b), [a, 'MASTER']);
  await a.watched.line(/effective priority 150 -> 100/, mark);
});

test('multihop: neighbours meet on port 4784, and not those who look for each other on the same link', async t => {
  if (!requires(t, 'root', 'ip', 'bridge')) return;
  const lab = Lab.create(t, ['a', 'b']);
  const far = config('10.9.0.1', '10.9.0.2', 100, 'multihop');
  const a = await lab.router('a', 'lb', far);
  const b = await lab.router('b', 'lb', config('10.9.0.2', '10.9.0.1', 120, 'multihop'));
  await Promise.all([a, b].map(({ watched }) => watched.line(/Entering Up state/)));
  const mark = a.mark;
  b.reload(config('10.9.0.2', '10.9.0.1', 120));
  await a.watched.line(/Entering Down state/, mark);
  const later = b.mark;
  a.reload(far.replace('multihop', 'multihop no'));
  await b.watched.line(/Entering Up state/, later);
});

test('BFD_CHECK: a server leaves with the session of its host, and is back with it', async t => {
  if (!requires(t, ...NEEDS, 'nft')) return;
  const lab = Lab.create(t, ['a', 'b']);
  const a = await lab.router(
    'a',
    'lb',
    `${config('10.9.0.1', '10.9.0.2', 100)}
virtual_server 10.9.0.100 80 {
  lvs_method NAT
  lvs_sched rr
  protocol TCP
  real_server 10.9.0.2 80 {
    BFD_CHECK {
      name n
      alpha
    }
  }
}
`,
  );
  await lab.router('b', 'keepalived', config('10.9.0.2', '10.9.0.1', 120));
  await a.watched.line(/Entering Up state/);
  const mark = a.mark;
  lab.cut('b');
  await a.watched.line(/BFD_CHECK of service \[10\.9\.0\.2\]:tcp:80 failed: BFD session n is down/, mark);
  await a.watched.line(/Removing service \[10\.9\.0\.2\]:tcp:80 from VS/, mark);
  lab.plug('b');
  await a.watched.line(/Adding service \[10\.9\.0\.2\]:tcp:80 to VS/, mark);
});
