/** What is read of the kernel for direct routing, and what goes when another edition of its rules has come. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextEdition, renderLeftovers } from '../../src/l4/direct.ts';
import { DIRECT_FAMILIES, flowsOf } from '../../src/l4/direct-words.ts';
import { foundIn } from '../../src/l4/nft.ts';
import { pathsOf } from '../../src/l4/routes.ts';
import type { Service } from '../../src/l4/service.ts';

const LINKS = JSON.stringify([
  { ifindex: 1, ifname: 'lo', link_type: 'loopback' },
  { ifindex: 2, ifname: 'eth0', link_type: 'ether' },
  { ifindex: 3, ifname: 'eth1', link_type: 'ether', linkinfo: { info_slave_kind: 'bridge' } },
  { ifindex: 4, ifname: 'tun0', link_type: 'none' },
  { ifindex: 5, ifname: 'a"b', link_type: 'ether' },
]);

function way(row: object): string {
  return JSON.stringify([row]);
}

test('a way is this host, the server itself or its gateway; what cannot be gone by is none', () => {
  const addresses = ['10.0.0.1', '127.0.0.1', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', 'fd00:0::7'];
  const { servers } = pathsOf(
    [
      LINKS,
      way({ dst: '10.0.0.1', dev: 'eth0' }),
      way({ type: 'local', dst: '127.0.0.1', dev: 'lo' }),
      way({ dst: '10.0.0.3', gateway: '10.0.0.254', dev: 'eth0' }),
      way({ dst: '10.0.0.4', via: { family: 'inet6', host: 'fe80::1' }, dev: 'eth0' }),
      way({ dst: '10.0.0.5', dev: 'gone' }),
      'no JSON',
      way({ dst: 'fd00::7', dev: 'tun0' }),
    ],
    addresses,
  );
  const hop = { kind: 'hop', device: 'eth0', deviceIndex: 2 };
  assert.deepEqual(
    [...servers],
    [
      ['10.0.0.1', { ...hop, via: '10.0.0.1' }],
      ['127.0.0.1', { kind: 'local' }],
      ['10.0.0.3', { ...hop, via: '10.0.0.254' }],
      ['fd00:0::7', { kind: 'hop', device: 'tun0', deviceIndex: 4, via: 'fd00:0::7' }],
    ],
  );
});

test('clients come by every interface but the loopback, those below a bridge, and names that nft cannot say', () => {
  assert.deepEqual(pathsOf([LINKS], []).entrances, [
    { device: 'eth0', index: 2, framed: true },
    { device: 'tun0', index: 4, framed: false },
  ]);
  assert.deepEqual(pathsOf([], []).entrances, []);
});

test('earlier editions, entrances and memories of services that are no more go; memories of the others stay', () => {
  const service: Service = {
    id: 'vs0',
    name: '[10.1.1.1]:udp:53',
    family: 4,
    protocol: 'udp',
    targets: [],
    method: 'DR',
    scheduler: 'rr',
    hashesPort: false,
    servers: [{ address: '10.0.0.1', port: 53 }],
  };
  const listing = `table netdev other {
\tchain e99_vs0 {
\t}
}
table netdev lb_l4 {
\tmap ${flowsOf(service)} {
\t\ttype ipv4_addr . inet_service . ipv4_addr . inet_service : mark
\t}
\tset old_clients {
\t}
\tmap old_flows {
\t}
\tchain e9_vs0 {
\t\tgoto e9_vs0_1
\t}
\tchain in2_eth0 {
\t}
\tchain in3_eth1 {
\t}
}
table ip lb_l4 {
\tchain e12_vs0 {
\t}
}`;
  const found = DIRECT_FAMILIES.map(family => foundIn(listing, family));
  assert.equal(nextEdition(found), 13);
  assert.equal(nextEdition([foundIn('', 'netdev')]), 1);
  const layout = {
    edition: 13,
    entrances: [{ device: 'eth0', index: 2, framed: true }],
    servers: new Map<string, never>(),
  };
  assert.deepEqual(renderLeftovers(found, [{ service, states: [], generation: 1 }], layout), [
    'flush chain netdev lb_l4 e9_vs0',
    'flush chain netdev lb_l4 in3_eth1',
    'delete chain netdev lb_l4 e9_vs0',
    'delete chain netdev lb_l4 in3_eth1',
    'delete set netdev lb_l4 old_clients',
    'delete map netdev lb_l4 old_flows',
  ]);
  const marked: Service = { ...service, targets: [{ kind: 'mark', mark: 5 }] };
  assert.deepEqual(renderLeftovers(found, [{ service: marked, states: [], generation: 1 }], layout), [
    'flush chain ip lb_l4 e12_vs0',
    'delete chain ip lb_l4 e12_vs0',
  ]);
});
