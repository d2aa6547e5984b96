/** `auth_hmac`: packets of a real keepalived 2.4, our own, replays, wrong clocks, and the three modes. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { IpAddress } from '../../src/base/ip-address.ts';
import type { AdvertSignature } from '../../src/model/vrrp-instance.ts';
import { AdvertJudge } from '../../src/vrrp/advert-judge.ts';
import { sign, SignedOrder } from '../../src/vrrp/advert-signature.ts';
import { SequenceNumbers } from '../../src/vrrp/authentication-header.ts';
import { newCounters } from '../../src/vrrp/counters.ts';
import { ipOf } from '../../src/vrrp/ip-bytes.ts';
import { RareLog } from '../../src/vrrp/log.ts';
import { advertWithoutChecksum, encodeAdvert, parseAdvert } from '../../src/vrrp/packet.ts';
import { readKeepalived } from '../../src/vrrp/read-config.ts';
import { configOf, FakeNode } from '../support/fake-vrrp.ts';

const KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const SIGNATURE: AdvertSignature = {
  keys: [{ id: 1, hex: KEY }],
  activeKey: 1,
  windowSec: 5,
  mode: 'enforce',
};
/** Without a window. */
const MONOTONIC: AdvertSignature = { keys: SIGNATURE.keys, activeKey: 1, mode: 'enforce' };
const GROUP = ipOf('224.0.0.18');
const TRAILER = 28;

interface Sample {
  readonly version: 2 | 3;
  readonly source: IpAddress;
  readonly group: IpAddress;
  readonly address: string;
  readonly hex: string;
}

/** Priority 150 of router 51 each second, signed with KEY by keepalived 2.4.3. */
const OF_KEEPALIVED: readonly Sample[] = [
  {
    version: 3,
    source: ipOf('10.9.0.1'),
    group: GROUP,
    address: '10.9.0.100',
    hex: '31339601006443610a090064010100006b0518584af4000076c147d8a3ebbd5dd8998036918b84f3',
  },
  {
    version: 2,
    source: ipOf('10.9.0.1'),
    group: GROUP,
    address: '10.9.0.100',
    hex: '2133960100013e5d0a0900640000000000000000010100006b05185ff5dd0000f1e9d606e494954f48bdf243ae4f95ca',
  },
  {
    version: 3,
    source: ipOf('fe80::e8f8:57ff:fe14:dde3'),
    group: ipOf('ff02::12'),
    address: 'fe80::9:9',
    hex:
      '313396010064ec0bfe800000000000000000000000090009' +
      '010100006b051867a08f000096b19ad0bdf832061b0ba3cfd66e56d5',
  },
];

function packetOf({ hex }: Sample): Buffer {
  return Buffer.from(hex, 'hex');
}

/** When it was sent, in milliseconds since 1970. */
function timeOf(packet: Buffer): number {
  return packet.readUInt32BE(packet.length - TRAILER + 4) * 1000;
}

function changed(packet: Buffer, at: number): Buffer {
  const copy = Buffer.from(packet);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** Says what an instance makes of packets: `ok`, or the kind of badness. */
class Listener {
  now = 0;
  readonly warnings: string[] = [];
  readonly #sample: Sample;
  readonly #counters = newCounters();
  readonly #judge: AdvertJudge;

  constructor(sample: Sample, signature = SIGNATURE, more = '') {
    this.#sample = sample;
    const instance = configOf(`vrrp_instance V {
      interface eth0
      virtual_router_id 51
      version ${sample.version}
      virtual_ipaddress {
        ${sample.address}
      }
      ${more}
    }`).instances[0];
    assert.ok(instance !== undefined);
    const log = new RareLog(
      (_level, message) => void this.warnings.push(message),
      () => 0,
    );
    this.#judge = new AdvertJudge({ ...instance, signature }, this.#counters, {
      rareLog: log,
      clock: { wallClock: () => this.now },
      numbers: new SequenceNumbers(),
      signedOrder: new SignedOrder(),
    });
    this.now = timeOf(packetOf(sample));
  }

  hear(packet = packetOf(this.#sample), source = this.#sample.source): string {
    const before = { ...this.#counters.bad };
    const { group } = this.#sample;
    const envelope = { family: source.family, source, destinations: [group], ttl: 255 };
    if (this.#judge.hear(packet, envelope, undefined) !== undefined) return 'ok';
    const kinds = Object.entries(this.#counters.bad).filter(
      ([kind, count]) => count > before[kind as keyof typeof before],
    );
    return kinds.map(([kind]) => kind).join(' ');
  }
}

const [V3, V2, V6] = OF_KEEPALIVED as readonly [Sample, Sample, Sample];

/** An advert of our own, at a time. */
function signedAt(now: number, sample: Sample, order = new SignedOrder(), signature = SIGNATURE): Buffer {
  const advert = {
    version: sample.version,
    virtualRouterId: 51,
    priority: 150,
    advertIntMs: 1000,
    addresses: [ipOf(sample.address)],
    v3ChecksumAsV2: false,
  };
  const { source, group } = sample;
  const number = order.next(now, signature);
  const trailer = sign(advertWithoutChecksum(advert), source, signature, number);
  return encodeAdvert(advert, source, group, trailer);
}

test('a signed advert is the one that keepalived makes of it, in both versions and families', () => {
  for (const sample of OF_KEEPALIVED) {
    const packet = packetOf(sample);
    const number = packet.readBigUInt64BE(packet.length - TRAILER + 4);
    const order = { next: () => number } as unknown as SignedOrder;
    assert.equal(signedAt(0, sample, order).toString('hex'), sample.hex);
  }
});

test('a signed advert is heard once, and not with a single bit changed', () => {
  for (const sample of OF_KEEPALIVED) {
    const listener = new Listener(sample);
    const packet = packetOf(sample);
    for (let at = 0; at < packet.length; at++) assert.notEqual(listener.hear(changed(packet, at)), 'ok');
    assert.equal(listener.hear(), 'ok');
    assert.equal(listener.hear(), 'hmacReplay');
  }
});

test('each thing that is wrong has a counter of its own', () => {
  const packet = packetOf(V3);
  const trailer = packet.length - TRAILER;
  const listener = new Listener(V3);
  assert.equal(listener.hear(packet.subarray(0, trailer)), 'hmacMissing');
  assert.equal(listener.hear(changed(packet, trailer)), 'hmacMalformed');
  assert.equal(listener.hear(changed(packet, trailer + 3)), 'hmacMalformed');
  assert.equal(listener.hear(changed(packet, trailer + 1)), 'hmacUnknownKey');
  assert.equal(listener.hear(changed(packet, packet.length - 1)), 'hmacInvalid');
  listener.now += 6000;
  assert.equal(listener.hear(), 'hmacStale');
  assert.equal(
    new Listener(V3, { ...SIGNATURE, keys: [{ id: 1, hex: `ff${KEY.slice(2)}` }] }).hear(),
    'hmacInvalid',
  );
});

test('the source is part of what is signed, and a unicast sender has to be a peer', () => {
  // the checksum of version 2 does not know the source
  assert.equal(new Listener(V2).hear(undefined, ipOf('10.9.0.3')), 'hmacInvalid');
  const peers = 'unicast_peer {\n 10.9.0.7\n }';
  assert.equal(new Listener(V2, SIGNATURE, peers).hear(), 'source');
  assert.equal(new Listener(V2, SIGNATURE, peers.replace('10.9.0.7', '10.9.0.1')).hear(), 'ok');
});

test('clocks may be apart by the window; from its half on that is told', () => {
  for (const [off, result, warned] of [
    [-6000, 'hmacStale', 0],
    [-5000, 'ok', 1],
    [2000, 'ok', 0],
    [3000, 'ok', 1],
    [5000, 'ok', 1],
  ] as const) {
    const listener = new Listener(V3);
    listener.now += off;
    assert.equal(listener.hear(), result, `${off}`);
    assert.equal(listener.warnings.filter(line => line.includes('clock')).length, warned, `${off}`);
  }
  const listener = new Listener(V3, MONOTONIC);
  listener.now += 3_600_000;
  assert.equal(listener.hear(), 'ok');
});

test('migration: the milder modes take what has no trailer, and still refuse a wrong one', () => {
  for (const mode of ['permissive', 'receive-only'] as const) {
    const packet = packetOf(V6);
    const unsigned = encodeAdvert(
      {
        version: 3,
        virtualRouterId: 51,
        priority: 150,
        advertIntMs: 1000,
        addresses: [ipOf(V6.address)],
        v3ChecksumAsV2: false,
      },
      V6.source,
      V6.group,
    );
    const listener = new Listener(V6, { ...SIGNATURE, mode });
    assert.equal(listener.hear(unsigned), 'ok');
    assert.equal(new Listener(V6).hear(unsigned), 'hmacMissing');
    assert.notEqual(listener.hear(changed(packet, packet.length - 1)), 'ok');
    assert.equal(listener.hear(packet), 'ok');
  }
});

test('numbers rise within one tick of the clock, and follow a clock that was set back far', () => {
  const order = new SignedOrder();
  const first = order.next(1_000_000, SIGNATURE);
  assert.equal(order.next(1_000_000, SIGNATURE), first + 1n);
  assert.equal(order.next(998_000, SIGNATURE), first + 2n);
  assert.ok(order.next(900_000, SIGNATURE) < first);
  const strictly = new SignedOrder();
  const last = strictly.next(1_000_000, MONOTONIC);
  assert.equal(strictly.next(900_000, MONOTONIC), last + 1n);
});

test('a sender whose clock was set back is heard again once its old adverts could not be replayed', () => {
  const listener = new Listener(V3);
  assert.equal(listener.hear(), 'ok');
  const start = listener.now;
  assert.equal(listener.hear(signedAt(start - 4000, V3)), 'hmacReplay');
  listener.now = start + 60_000;
  assert.equal(listener.hear(signedAt(start + 58_000, V3)), 'ok');
});

test('a sender that sends at every turn is not forgotten for four others', () => {
  const order = new SignedOrder();
  for (const source of ['a', 'b', 'c', 'd', 'a', 'e']) {
    assert.ok(order.take(source, order.next(1_000_000, SIGNATURE), 1_000_000, SIGNATURE));
    order.forgetOld();
  }
  assert.ok(!order.take('a', 1n, 1_000_000, SIGNATURE));
  assert.ok(order.take('b', 1n, 1_000_000, SIGNATURE));
});

function nodeWith(mode: string): FakeNode {
  const fake = new FakeNode();
  fake.network.addLink('eth0', '10.9.0.1');
  fake.start(
    configOf(`vrrp_instance V {
      interface eth0
      virtual_router_id 51
      version 3
      advert_int 0.1
      auth_hmac {
        key 1 hex:${KEY}
        key 2 ${'another secret '.repeat(3).replaceAll(' ', '-')}
        active_key 2
        mode ${mode}
      }
      virtual_ipaddress {
        10.9.0.100
      }
    }`),
  );
  return fake;
}

test('a master signs with the active key, unless it shall only listen', async () => {
  const signing = nodeWith('permissive');
  await signing.clock.pass(500);
  assert.equal(signing.state, 'MASTER');
  for (const { payload } of signing.sent) {
    assert.equal(payload.length, 12 + TRAILER);
    assert.equal(payload[13], 2);
  }
  const wanted = { version: 3, virtualRouterId: 51, ttl: [255, 255], v3ChecksumAsV2: false } as const;
  const [first] = signing.sent;
  const envelope = { family: 4, source: ipOf('10.9.0.1'), destinations: [GROUP], ttl: 255 } as const;
  assert.ok(first !== undefined);
  assert.equal(parseAdvert(first.payload, envelope, { ...wanted, mayBeSigned: true }).advert?.priority, 100);
  const listening = nodeWith('receive-only');
  await listening.clock.pass(500);
  assert.equal(listening.sent[0]?.payload.length, 12);
});

test('a key may stand in a file, which nobody else should be able to read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-hmac-'));
  try {
    const path = join(folder, 'keepalived.conf');
    const keyPath = join(folder, 'key');
    const write = (key: string): void => {
      writeFileSync(keyPath, key);
      chmodSync(keyPath, 0o600);
    };
    writeFileSync(
      path,
      `global_defs {
        dynamic_interfaces
      }
      vrrp_instance V {
        interface eth0
        virtual_router_id 51
        auth_hmac {
          key 7 file:key
          active_key 7
        }
        virtual_ipaddress {
          10.9.0.100
        }
      }`,
    );
    const signature = (): AdvertSignature | undefined => readKeepalived(path).config.instances[0]?.signature;
    write(`hex:${KEY}\r\n`);
    assert.deepEqual(signature()?.keys, [{ id: 7, hex: KEY }]);
    assert.equal(readKeepalived(path).status, 'fine');
    chmodSync(keyPath, 0o640);
    assert.equal(readKeepalived(path).status, 'insecure');
    assert.deepEqual(signature()?.keys, [{ id: 7, hex: KEY }]);
    write('x'.repeat(139));
    assert.equal(signature(), undefined);
    assert.match(JSON.stringify(readKeepalived(path).diagnostics), /too large/);
    rmSync(keyPath);
    assert.match(JSON.stringify(readKeepalived(path).diagnostics), /cannot be opened/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
