/**
 * Virtual servers with lvs_method DR at work: the program upon a director, a client and three servers on one link, in
 * namespaces. Servers answer the client themselves; they die, move and come back.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LB } from '../support/balancer.ts';
import { ForwardingLab, VIP, VIP6 } from '../support/forwarding-lab.ts';
import type { Watched } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';

const CHECKED = `delay_loop 0.2
    retry 1
    delay_before_retry 0.1
    warmup 0
    connect_timeout 0.5`;
const SERVERS = ['10.9.0.2', '10.9.0.3', '10.9.0.4'];

function realServers(addresses: readonly string[], check = 'TCP_CHECK {\n }'): string {
  return addresses
    .map((address, index) => `real_server ${address} 8000 {\n weight ${3 - index}\n ${check}\n}\n`)
    .join('');
}

function virtual(address: string, words: string, servers: string): string {
  return `virtual_server ${address} 8000 {\n lb_kind DR\n ${CHECKED}\n ${words}\n ${servers}}\n`;
}

/** Gives the program, and where its configuration stands. */
async function start(
  { lab }: ForwardingLab,
  config: string,
): Promise<{ readonly program: Watched; readonly file: string }> {
  const file = join(lab.folder, 'keepalived.conf');
  writeFileSync(file, config);
  const program = lab.start('d', LB, ['-k', file]);
  await program.line(/l4: started as process/);
  await lab.until(() => tableOf(lab).includes('hook ingress'));
  return { program, file };
}

function tableOf(lab: ForwardingLab['lab']): string {
  if (!lab.in('d', 'nft list tables').includes('netdev lb_l4')) return '';
  return lab.in('d', 'nft list table netdev lb_l4');
}

async function direct(t: TestContext, config: string, serve?: Parameters<typeof ForwardingLab.direct>[1]) {
  const net = await ForwardingLab.direct(t, serve);
  return { net, lab: net.lab, ...(await start(net, config)) };
}

test('servers answer for the director, exactly by their weights; nothing else is touched, nothing is left', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const v6 = ['fd09::2', 'fd09::3', 'fd09::4'];
  const { net, lab, program } = await direct(
    t,
    virtual(VIP, 'lb_algo rr\n protocol TCP', realServers(SERVERS)) +
      virtual(VIP, 'lb_algo wrr\n protocol UDP', realServers(SERVERS, '')) +
      virtual(VIP6, 'lb_algo wrr\n protocol TCP', realServers(v6)),
  );
  assert.deepEqual(
    program.lines.filter(line => /not supported|DR|ip_forward/.test(line)),
    [],
  );
  assert.deepEqual(await net.ask('tcp', VIP, 30, 8000), { s1: 10, s2: 10, s3: 10 });
  assert.deepEqual(await net.ask('udp', VIP, 12, 8000), { s1: 6, s2: 4, s3: 2 });
  assert.deepEqual(await net.ask('tcp', VIP6, 12, 8000), { s1: 6, s2: 4, s3: 2 });

  await lab.responder('d', 8000);
  await lab.responder('d', 8001);
  assert.deepEqual(await net.ask('tcp', '10.9.0.1', 3, 8000), { d: 3 });
  assert.deepEqual(await net.ask('tcp', VIP, 3, 8001), { d: 3 });
  // by this link, and with this address, but not for this host
  lab.in('client', `ip route add ${VIP} via 10.9.0.4`);
  assert.deepEqual(await net.ask('tcp', VIP, 3, 8000), { s3: 3 });
  lab.in('client', `ip route del ${VIP} via 10.9.0.4`);

  program.signal('SIGTERM');
  await program.ended;
  assert.equal(lab.in('d', 'nft list tables'), '');
});

test('a dead server leaves and comes back; persistent clients follow; last the sorry server serves: this host', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const { net, lab, program } = await direct(
    t,
    virtual(
      VIP,
      'lb_algo rr\n protocol TCP\n persistence_timeout 60\n sorry_server 127.0.0.1 8000\n sorry_server_lvs_method DR',
      realServers(SERVERS.slice(0, 2)),
    ),
  );
  await lab.responder('d');
  assert.deepEqual(await net.ask('tcp', VIP, 4, 8000), { s1: 4 });
  lab.in('s1', 'ip link set dev eth0 down');
  await program.line(/Removing service \[10\.9\.0\.2\]:tcp:8000 from VS \[10\.9\.0\.100\]:tcp:8000/);
  await lab.until(() => tableOf(lab).includes(': drop'));
  assert.deepEqual(await net.ask('tcp', VIP, 4, 8000), { s2: 4 });
  lab.in('s2', 'ip link set dev eth0 down');
  await program.line(/Adding sorry server/);
  await lab.until(() => tableOf(lab).includes('goto e1_vs0_rs2_new }'));
  assert.deepEqual(await net.ask('tcp', VIP, 4, 8000), { d: 4 });
  lab.in('s1', 'ip link set dev eth0 up');
  await program.line(/Removing sorry server/);
  await lab.until(() => tableOf(lab).includes('0 : goto e1_vs0_rs0_new }'));
  assert.deepEqual(await net.ask('tcp', VIP, 4, 8000), { s1: 4 });
});

test('routes, hardware addresses and interfaces that change are followed', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const { net, lab, program } = await direct(
    t,
    virtual(VIP, 'lb_algo rr\n protocol TCP', realServers(['10.9.0.2', '10.9.5.5'], '')),
  );
  await program.line(/no way to real server 10\.9\.5\.5: nothing goes there until there is a route/);
  assert.deepEqual(await net.ask('tcp', VIP, 4, 8000), { s1: 4 });
  lab.in('d', 'ip route add 10.9.5.5 via 10.9.0.3');
  await program.line(/there is a way to real server 10\.9\.5\.5 again/);
  await lab.until(() => tableOf(lab).includes('10.9.0.3'));
  assert.deepEqual(await net.ask('tcp', VIP, 4, 8000), { s1: 2, s2: 2 });
  lab.in('d', 'ip route replace 10.9.5.5 via 10.9.0.4');
  await lab.until(() => tableOf(lab).includes('10.9.0.4') && !tableOf(lab).includes('10.9.0.3'));
  assert.deepEqual(await net.ask('tcp', VIP, 4, 8000), { s1: 2, s3: 2 });

  lab.in('s1', 'sysctl -q -w net.ipv4.conf.eth0.arp_notify=1');
  lab.in('s1', 'ip link set dev eth0 address 02:00:00:00:00:77');
  await lab.until(() => lab.in('d', 'ip neigh show 10.9.0.2').includes('02:00:00:00:00:77'));
  assert.deepEqual(await net.ask('tcp', VIP, 4, 8000), { s1: 2, s3: 2 });

  // clients come by another interface now, which has not been there before
  lab.in('d', 'ip link add link eth0 name other type macvlan mode bridge');
  lab.in('d', 'ip link set dev other address 02:00:00:00:00:78 up');
  await lab.until(() => /hook ingress device "other"/.test(tableOf(lab)));
  lab.in('client', `ip neigh replace ${VIP} lladdr 02:00:00:00:00:78 dev eth0`);
  assert.deepEqual(await net.ask('tcp', VIP, 4, 8000), { s1: 2, s3: 2 });
  lab.in('d', 'ip link delete other');
  await lab.until(() => !tableOf(lab).includes('other'));
});

test('connections go on while servers are weighed, services come and go, and the process is killed', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const first = virtual(VIP, 'lb_algo rr\n protocol TCP', realServers(SERVERS, ''));
  const { lab, program, file } = await direct(t, first, (network, server) =>
    network.slowServer(server, 8000, 20),
  );
  const client = lab.requests(VIP);
  await client.asks();
  for (const text of [
    first.replace('weight 3', 'weight 0'),
    virtual(VIP6, 'lb_algo rr\n protocol TCP', realServers(['fd09::2'], '')) + first,
    first,
  ]) {
    const before = tableOf(lab);
    writeFileSync(file, text);
    program.signal('SIGHUP');
    await lab.until(
      () => editionsOf(tableOf(lab)) !== editionsOf(before) && tableOf(lab).includes('ingress'),
    );
  }
  const started = program.lines.findLast(line => line.includes('l4: started as process')) ?? '';
  const before = editionsOf(tableOf(lab));
  process.kill(Number(/process (\d+)/.exec(started)?.[1]), 'SIGKILL');
  await program.line(/another one takes its place/);
  await lab.until(() => editionsOf(tableOf(lab)) !== before);
  await client.finish();
  const samples = client.take();
  assert.ok(samples.length > 100, `${samples.length} requests`);
  assert.deepEqual(
    samples.filter(({ error }) => error !== ''),
    [],
  );
});

/** Chains of all that has been made anew. */
function editionsOf(table: string): string {
  return [...table.matchAll(/chain (\S+) \{/g)].map(([, name = '']) => name).join(' ');
}

test('services by mark: whatever an administrator marks goes to one server together; nothing is left', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const net = await ForwardingLab.direct(t);
  const { lab } = net;
  for (const words of [
    'add table inet marks',
    'add chain inet marks in { type filter hook prerouting priority -150; }',
    `add rule inet marks in ip daddr ${VIP} th dport 8000 meta mark set 5`,
    `add rule inet marks in ip6 daddr ${VIP6} th dport 8000 meta mark set 6`,
  ])
    lab.in('d', `nft ${words}`);
  const byMark = (mark: number, words: string, servers: readonly string[]): string =>
    virtual(VIP, words, realServers(servers, '')).replace(`${VIP} 8000`, `fwmark ${mark}`);
  const file = join(lab.folder, 'keepalived.conf');
  const v6 = ['fd09::2', 'fd09::3', 'fd09::4'];
  writeFileSync(file, byMark(5, 'lb_algo rr', SERVERS) + byMark(6, 'lb_algo wrr', v6));
  const program = lab.start('d', LB, ['-k', file]);
  await lab.until(() => lab.in('d', 'nft -t list ruleset').includes('table ip6 lb_l4'));
  assert.deepEqual(await net.ask('tcp', VIP, 30, 8000), { s1: 10, s2: 10, s3: 10 });
  assert.deepEqual(await net.ask('udp', VIP, 30, 8000), { s1: 10, s2: 10, s3: 10 });
  assert.deepEqual(await net.ask('tcp', VIP6, 30, 8000), { s1: 15, s2: 10, s3: 5 });
  writeFileSync(file, byMark(5, 'lb_algo rr\n persistence_timeout 60', SERVERS));
  program.signal('SIGHUP');
  await program.line(/configuration reloaded/);
  await lab.until(() => !lab.in('d', 'nft list tables').includes('ip6 lb_l4'));
  const tcp = await net.ask('tcp', VIP, 5, 8000);
  assert.deepEqual(Object.values(tcp), [5]);
  assert.deepEqual(await net.ask('udp', VIP, 5, 8000), tcp);

  program.signal('SIGTERM');
  await program.ended;
  assert.equal(lab.in('d', 'nft list tables').trim(), 'table inet marks');
});

test('ops: each datagram of a flow goes to another server; without it all go to one', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const config = virtual(VIP, 'lb_algo rr\n protocol UDP\n ops', realServers(SERVERS, ''));
  const { net, lab, program, file } = await direct(t, config);
  assert.deepEqual(await net.ask('udp', VIP, 9, 8000, 5000), { s1: 3, s2: 3, s3: 3 });
  writeFileSync(file, config.replace('ops', ''));
  program.signal('SIGHUP');
  await program.line(/configuration reloaded/);
  await lab.until(() => /map @\w+_flows/.test(tableOf(lab)));
  assert.deepEqual(Object.values(await net.ask('udp', VIP, 9, 8000, 5000)), [9]);
});
