/** `auth_type AH`: packets of a real keepalived, our own, replays, and everything that may or may not change on the way. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileFilter } from '../../src/vrrp/advert-filter.ts';
import {
  AH_PROTOCOL,
  close,
  isSealed,
  opened,
  openHeader,
  sequenceOf,
  SequenceNumbers,
} from '../../src/vrrp/authentication-header.ts';
import { ipOf } from '../../src/vrrp/ip-bytes.ts';
import { splitIpv4, withIpv4Header } from '../../src/vrrp/ipv4-header.ts';
import { encodeAdvert, parseAdvert } from '../../src/vrrp/packet.ts';
import { Lab, upon } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';
import { runFilter } from '../support/vrrp/run-filter.ts';

const HERE = ipOf('10.9.0.1');
const GROUP = ipOf('224.0.0.18');
const KEY = 'secret';

/** Priority 150 of router 51 for 10.9.0.100, the second packet of a keepalived whose `auth_pass` is `secret`. */
const OF_KEEPALIVED = Buffer.from(
  '45c0004000020000ff33d0ac0a090001e0000012' +
    '700400000a090001000000023d490ab9830f0e32549c5560' +
    '2133960102013c5d0a0900640000000000000000',
  'hex',
);

const ADVERT = {
  version: 2,
  virtualRouterId: 51,
  priority: 150,
  advertIntMs: 1000,
  addresses: [ipOf('10.9.0.100')],
  authKey: KEY,
  v3ChecksumAsV2: false,
} as const;

function packetOf(ttl: number, unicast: boolean): Buffer {
  const seal = { key: KEY, sequence: 2, unicast };
  const behind = Buffer.concat([openHeader(HERE, seal), encodeAdvert(ADVERT, HERE, GROUP)]);
  return close(withIpv4Header(behind, HERE, GROUP, ttl, 2, false, AH_PROTOCOL), seal);
}

function changed(packet: Buffer, at: number): Buffer {
  const copy = Buffer.from(packet);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

test('a packet is the one that keepalived makes of the same advert', () => {
  assert.equal(packetOf(255, false).toString('hex'), OF_KEEPALIVED.toString('hex'));
});

test('an advert is read from behind its header, and says that there has to be one', () => {
  const split = splitIpv4(OF_KEEPALIVED);
  const inner = split === undefined ? undefined : opened(OF_KEEPALIVED, split);
  assert.ok(inner !== undefined);
  const wanted = { version: 2, virtualRouterId: 51, ttl: [255, 255], v3ChecksumAsV2: false } as const;
  const read = (more: object) => parseAdvert(inner.payload, inner.envelope, { ...wanted, ...more });
  assert.equal(read({ authKey: KEY }).advert?.priority, 150);
  assert.equal(read({}).bad, 'authType');
  assert.equal(read({ authPass: KEY }).bad, 'authType');
  assert.equal(inner.envelope.sealed?.length, OF_KEEPALIVED.length);
  const short = splitIpv4(withIpv4Header(Buffer.alloc(23), HERE, GROUP, 255, 1, false, AH_PROTOCOL));
  assert.ok(short !== undefined);
  assert.equal(opened(OF_KEEPALIVED, short), undefined);
});

test('service type, fragment flags and checksum may change on the way, nothing else may', () => {
  assert.ok(isSealed(OF_KEEPALIVED, KEY, HERE, false));
  assert.ok(!isSealed(OF_KEEPALIVED, 'another', HERE, false));
  assert.ok(!isSealed(OF_KEEPALIVED, KEY, ipOf('10.9.0.2'), false));
  const free = new Set([1, 6, 7, 10, 11]);
  for (let at = 1; at < OF_KEEPALIVED.length; at++)
    assert.equal(isSealed(changed(OF_KEEPALIVED, at), KEY, HERE, false), free.has(at), `byte ${at}`);
});

test('routers between unicast peers count the time-to-live down', () => {
  const packet = packetOf(255, true);
  packet[8] = 253;
  assert.ok(isSealed(packet, KEY, HERE, true));
  assert.ok(!isSealed(changed(OF_KEEPALIVED, 8), KEY, HERE, false));
});

test('what has been seen once is not new again, and a master goes on from the numbers it has heard', () => {
  const numbers = new SequenceNumbers();
  assert.equal(numbers.next(), 1);
  assert.equal(sequenceOf(OF_KEEPALIVED), 2);
  assert.ok(numbers.take(sequenceOf(OF_KEEPALIVED)));
  assert.ok(!numbers.take(sequenceOf(OF_KEEPALIVED)));
  assert.equal(numbers.next(), 3);
  assert.ok(numbers.take(0xffff_ffff));
  assert.equal(numbers.next(), 0xffff_ffff);
});

test('the filters of the kernel look behind the header, and leave other associations alone', () => {
  const filter = { family: 4, leastTtl: 255, versions: [2], routerIds: [51], sealed: true } as const;
  const [good, rest] = [compileFilter(filter, true), compileFilter(filter, false)];
  const other = changed(OF_KEEPALIVED, 20);
  const cases = [
    [OF_KEEPALIVED, true, false],
    [changed(OF_KEEPALIVED, 45), false, true],
    [OF_KEEPALIVED.subarray(0, 51), false, true],
    [other, false, false],
  ] as const;
  for (const [packet, isGood, isRest] of cases)
    assert.deepEqual([runFilter(good, packet), runFilter(rest, packet)], [isGood, isRest]);
});

describe('beside keepalived', { concurrency: 2 }, () => {
  for (const [first, second] of [
    ['lb', 'keepalived'],
    ['keepalived', 'lb'],
  ] as const)
    test(`${second} follows ${first}, and does not listen to whoever has another key`, async t => {
      if (!requires(t, 'root', 'ip', 'bridge', 'keepalived')) return;
      const lab = Lab.create(t, ['a', 'b']);
      const config = (priority: number, key: string): string => `vrrp_instance V {
      interface eth0
      virtual_router_id 51
      priority ${priority}
      authentication {
        auth_type AH
        auth_pass ${key}
      }
      virtual_ipaddress {
        10.9.0.100/24
      }
    }`;
      const a = await lab.router('a', first, config(150, 'one'));
      await a.enters('MASTER');
      const b = await lab.router('b', second, config(100, 'one'));
      await b.enters('BACKUP');
      await upon(() => a.stop(), [b, 'MASTER']);
      const mark = b.mark;
      const again = await lab.router('a', first, config(150, 'one'));
      await Promise.all([again.enters('MASTER'), b.enters('BACKUP', 'V', mark)]);
      await upon(() => b.reload(config(100, 'two')), [b, 'MASTER']);
      assert.equal(again.state(), 'MASTER');
    });
});
