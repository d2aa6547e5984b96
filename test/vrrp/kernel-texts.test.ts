/** Frames, messages, command lines and programs for the kernel, byte by byte. */
import assert from 'node:assert/strict';
import { onExtraInterfaces } from '../../src/vrrp/extra-interfaces.ts';
import { deviceOf } from '../../src/vrrp/holdings.ts';
import { test } from 'node:test';
import { parseAddressEntry } from '../../src/config-parser/keepalived/address-entry.ts';
import { Report } from '../../src/config-parser/keepalived/report.ts';
import { RulePreferences } from '../../src/config-parser/keepalived/rule-preferences.ts';
import type { IpAddressEntry } from '../../src/model/ip-entry.ts';
import { compileFilter } from '../../src/vrrp/advert-filter.ts';
import { announcementOf } from '../../src/vrrp/announcement.ts';
import { ipOf } from '../../src/vrrp/ip-bytes.ts';
import { addressOf, newAddressBody, oldAddressBody, type Link } from '../../src/vrrp/links.ts';
import { decodeAttributes, decodeMessages, encodeMessage } from '../../src/vrrp/netlink-message.ts';
import { renderNoAccept } from '../../src/vrrp/no-accept.ts';
import { routeAddLine, routeDeleteLine, ruleAddLine, ruleDeleteLine } from '../../src/vrrp/route-lines.ts';
import { sourceAddress } from '../../src/vrrp/source-address.ts';
import { configOf } from '../support/fake-vrrp.ts';
import { runFilter } from '../support/vrrp/run-filter.ts';

const mac = Buffer.from('020000000001', 'hex');
const link: Link = { index: 3, name: 'eth0', up: true, mac, mtu: 1500, below: 0 };
const position = { file: '', line: 0, column: 0 };

function entry(address: string, ...words: readonly string[]): IpAddressEntry {
  const report = new Report();
  const statement = { position, name: address, words: words.map(text => ({ text, position })), raw: '' };
  const parsed = parseAddressEntry(statement, {
    report,
    source: undefined as never,
    rulePreferences: new RulePreferences(),
  });
  assert.ok(parsed !== undefined && report.diagnostics.length === 0, JSON.stringify(report.diagnostics));
  return parsed;
}

test('a gratuitous ARP asks for the address it carries', () => {
  const frame = announcementOf(ipOf('10.0.0.100'), mac, false);
  assert.equal(
    frame.bytes.toString('hex'),
    'ffffffffffff0200000000010806' + // Ethernet
      '0001080006040001' + // request
      '0200000000010a000064' + // sender
      'ffffffffffff0a000064', // target
  );
});

test('an unsolicited neighbour advertisement overrides, tells the MAC and sums up', () => {
  const { bytes } = announcementOf(ipOf('fd09::1'), mac, true);
  assert.equal(bytes.subarray(0, 14).toString('hex'), '33330000000102000000000186dd');
  assert.equal(bytes.subarray(14, 22).toString('hex'), '6000000000203aff');
  const icmp = bytes.subarray(54);
  assert.equal(icmp[0], 136);
  assert.equal(icmp[4], 0xa0);
  assert.equal(icmp.subarray(24).toString('hex'), '0201020000000001');
  const pseudo = Buffer.concat([bytes.subarray(22, 54), Buffer.from([0, 0, 0, 32, 0, 0, 0, 58])]);
  let sum = 0;
  for (const part of [pseudo, icmp]) for (let at = 0; at < part.length; at += 2) sum += part.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  assert.equal(sum, 0xffff);
});

test('addresses become rtnetlink messages with broadcast, label, scope, flags and lifetime', () => {
  const body = newAddressBody(
    entry('10.0.0.100/24', 'brd', '+', 'label', 'eth0:1', 'scope', 'link', 'noprefixroute'),
    link,
  );
  assert.deepEqual([...body.subarray(0, 4)], [2, 24, 0, 253]);
  assert.equal(body.readUInt32LE(4), 3);
  const attributes = decodeAttributes(body.subarray(8));
  assert.equal(attributes.get(2)?.toString('hex'), '0a000064');
  assert.equal(attributes.get(4)?.toString('hex'), '0a0000ff');
  assert.equal(attributes.get(3)?.toString('latin1'), 'eth0:1\0');
  assert.equal(attributes.get(8)?.readUInt32LE(), 0x200);
  assert.equal(
    decodeAttributes(newAddressBody(entry('10.0.0.5/24', 'brd', '-'), link).subarray(8))
      .get(4)
      ?.toString('hex'),
    '0a000000',
  );
});

test('an IPv6 host address is not looked for as a duplicate and not chosen as source', () => {
  const attributes = decodeAttributes(newAddressBody(entry('fd09::100'), link).subarray(8));
  assert.equal(attributes.get(8)?.readUInt32LE(), 0x02);
  assert.equal(attributes.get(6)?.readUInt32LE(0), 0);
  const forever = decodeAttributes(
    newAddressBody(entry('fd09::100', 'preferred_lft', 'forever'), link).subarray(8),
  );
  assert.equal(forever.get(6)?.readUInt32LE(0), 0xffff_ffff);
});

test('a peer address goes out and comes back', () => {
  const body = oldAddressBody(entry('10.0.0.1', 'peer', '10.0.0.2/30'), link);
  const [message] = decodeMessages(encodeMessage(20, 0, 7, body));
  assert.equal(message?.sequence, 7);
  const read = message === undefined ? undefined : addressOf(message);
  assert.equal(read?.ip.toString(), '10.0.0.1');
  assert.equal(read?.prefixLength, 30);
});

test('a cut netlink datagram gives the whole messages only', () => {
  const whole = encodeMessage(16, 0, 1, Buffer.alloc(16));
  assert.equal([...decodeMessages(Buffer.concat([whole, whole.subarray(0, 20)]))].length, 1);
  assert.equal([...decodeMessages(Buffer.from([1, 2, 3]))].length, 0);
});

test('routes and rules become lines for ip, marked as ours', () => {
  const route = {
    position,
    family: 4,
    words: ['10.9.0.0/16', 'via', '10.0.0.9'],
    mode: 'prepend',
    noTrack: false,
  } as const;
  assert.equal(routeAddLine(route, 'eth0'), 'route prepend 10.9.0.0/16 via 10.0.0.9 protocol 18');
  assert.equal(routeDeleteLine(route, 'eth0'), 'route del 10.9.0.0/16 via 10.0.0.9 protocol 18');
  const hops = { ...route, words: '10.9.0.0/16 nexthop via 10.0.0.8 nexthop via 10.0.0.9'.split(' ') };
  assert.equal(
    routeAddLine(hops, 'eth0'),
    'route prepend 10.9.0.0/16 protocol 18 nexthop via 10.0.0.8 nexthop via 10.0.0.9',
  );
  const bare = { ...route, family: 6, words: ['fd00::/8'], mode: 'append' } as const;
  assert.equal(routeAddLine(bare, 'eth0'), '-6 route append fd00::/8 dev eth0 protocol 18');
  assert.equal(
    ruleAddLine({ ...route, words: ['from', '10.0.0.1', 'table', '7'] }),
    'rule add from 10.0.0.1 table 7 protocol 18',
  );
  assert.equal(ruleDeleteLine({ ...bare, words: ['from', 'all'] }), '-6 rule del from all protocol 18');
});

test('garp_extra_if is for an address of each other interface: virtual MAC interfaces, or with all any', () => {
  const devices = (more: string): string[] => {
    const addresses = '10.0.0.100\n10.0.1.100 dev eth1\n10.0.1.101 dev eth1';
    const { instances } = configOf(
      `vrrp_instance V {\n interface eth0\n virtual_router_id 51\n ${more}\n virtual_ipaddress {\n ${addresses}\n}\n}`,
    );
    const [one] = instances;
    return one === undefined
      ? []
      : onExtraInterfaces(one).map(entry => `${deviceOf(entry, one)} ${entry.address}`);
  };
  assert.deepEqual(devices('garp_extra_if 5'), []);
  assert.deepEqual(devices('garp_extra_if all 5'), ['eth1 10.0.1.100']);
  assert.deepEqual(devices('garp_extra_if 5\n use_vmac'), []);
  assert.deepEqual(devices('garp_extra_if all 5\n use_vmac'), ['eth1 10.0.1.100']);
  assert.deepEqual(devices('garp_extra_if 5\n use_vmac\n use_vmac_addr'), ['vrrp1.51 10.0.1.100']);
  const base = devices('garp_extra_if 5\n use_vmac\n use_vmac_addr\n vmac_xmit_base');
  assert.deepEqual(base.toSorted(), ['vrrp.51 10.0.0.100', 'vrrp1.51 10.0.1.100']);
});

test('no_accept is one nftables table with a set for each family', () => {
  const settings = { table: 'lb', priority: -7, counters: false };
  const text = renderNoAccept(settings, [
    { family: 4, address: '10.0.0.1' },
    { family: 4, address: '10.0.0.1' },
    { family: 6, address: 'fd09::1' },
  ]);
  assert.match(text, /set v4 \{ type ipv4_addr; elements = \{ 10\.0\.0\.1 \}; \}/);
  assert.match(text, /hook input priority -7;[^}]*ip daddr @v4 drop[^]*ip6 daddr @v6 drop/);
  assert.match(text, /hook output priority -7;[^}]*ip saddr @v4 drop[^]*ip6 saddr @v6 drop/);
  assert.match(text, /set v6 \{ type ipv6_addr; elements = \{ fd09::1 \}; \}/);
  assert.match(
    renderNoAccept({ ...settings, counters: true }, []),
    /set v6 \{ type ipv6_addr; \}[^]*ip daddr @v4 counter drop/,
  );
});

test('the kernel sorts packets: hop limit, version, type, router id and length, whatever the length of the IP header', () => {
  const filter = { family: 4, leastTtl: 255, versions: [2, 3], routerIds: [7, 51, 200] } as const;
  const good = compileFilter(filter, true);
  const rest = compileFilter(filter, false);
  const only2 = compileFilter({ ...filter, versions: [2] }, true);
  const packet = (ttl: number, first: number, id: number, words = 5, addresses = 1): Buffer => {
    const bytes = Buffer.alloc(words * 4 + 12);
    bytes[words * 4 + 3] = addresses;
    bytes[0] = 0x40 | words;
    bytes[8] = ttl;
    bytes[words * 4] = first;
    bytes[words * 4 + 1] = id;
    return bytes;
  };
  const cases: readonly (readonly [Buffer, boolean])[] = [
    [packet(255, 0x31, 51), true],
    [packet(255, 0x21, 7), true],
    [packet(255, 0x31, 200, 7), true],
    [packet(254, 0x31, 51), false],
    [packet(255, 0x32, 51), false],
    [packet(255, 0x41, 51), false],
    [packet(255, 0x31, 52), false],
    [packet(255, 0x31, 51).subarray(0, 27), false],
    [packet(255, 0x31, 51, 5, 2), false],
    [packet(255, 0x31, 51, 5, 0), true],
    [Buffer.concat([packet(255, 0x31, 51, 15, 2), Buffer.alloc(4)]), true],
  ];
  for (const [bytes, isGood] of cases) {
    assert.equal(runFilter(good, bytes), isGood, bytes.toString('hex'));
    assert.equal(runFilter(rest, bytes), !isGood, bytes.toString('hex'));
  }
  assert.ok(!runFilter(only2, packet(255, 0x21, 7)));
  assert.ok(runFilter(only2, Buffer.concat([packet(255, 0x21, 7), Buffer.alloc(8)])));
});

test('the source of adverts is what was said, else the first address of the interface that is not virtual', () => {
  const held = (ip: string, more: object = {}) => ({
    link: 3,
    ip: ipOf(ip),
    prefixLength: 24,
    linkLocal: false,
    tentative: false,
    ...more,
  });
  const addresses = [
    held('10.0.0.100'),
    held('10.0.0.1', { link: 2 }),
    held('10.0.0.5'),
    held('fd09::5'),
    held('fe80::4', { linkLocal: true, tentative: true }),
    held('fe80::5', { linkLocal: true }),
  ];
  const isVirtual = (ip: { toString(): string }): boolean => ip.toString() === '10.0.0.100';
  const find = (family: 4 | 6, peers: readonly string[] = [], sourceIp?: string): string | undefined =>
    sourceAddress(
      {
        family,
        unicastPeers: peers.map(address => ({ address })),
        ...(sourceIp === undefined ? {} : { sourceIp }),
      },
      link,
      addresses,
      isVirtual,
    )?.toString();
  assert.equal(find(4), '10.0.0.5');
  assert.equal(find(4, [], '192.0.2.1'), '192.0.2.1');
  assert.equal(find(6), 'fe80::5');
  assert.equal(find(6, ['fd09::6']), 'fd09::5');
});
