/**
 * Schedulers that go by connections, at work: the program upon a director, and servers with unequally many connections that
 * stay, by address translation and by direct routing, of both families.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LB } from '../support/balancer.ts';
import { ForwardingLab, VIP, VIP6 } from '../support/forwarding-lab.ts';
import type { Watched } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';

const PORT = 9000;
const HOLDER = join(new URL('../support', import.meta.url).pathname, 'connection-holder.js');
const SERVERS = { [VIP]: '10.9.0.', [VIP6]: 'fd09::' };
const SCHEDULERS = { [VIP]: 'lc', [VIP6]: 'wlc' };

function virtual(address: keyof typeof SERVERS, method: string, servers: number): string {
  const real = [2, 3, 4]
    .slice(0, servers)
    .map(host => `real_server ${SERVERS[address]}${host} ${PORT} {\n }\n`);
  return `virtual_server ${address} ${PORT} {
  lb_algo ${SCHEDULERS[address]}
  lb_kind ${method}
  protocol TCP
  ${real.join('')}}
`;
}

async function serveStaying(lab: ForwardingLab['lab'], server: string): Promise<void> {
  await lab.start(server, process.execPath, [HOLDER, 'serve', server, String(PORT)]).line(/listening/);
}

async function hold({ lab }: ForwardingLab, address: string, times: number): Promise<Record<string, number>> {
  const words = [HOLDER, 'hold', address, String(PORT), String(times)];
  const line = await lab.start('client', process.execPath, words).line(/^\{/);
  return JSON.parse(line) as Record<string, number>;
}

async function reloaded(program: Watched, file: string, config: string): Promise<void> {
  writeFileSync(file, config);
  const from = program.lines.length;
  program.signal('SIGHUP');
  await program.line(/configuration reloaded/, from);
}

/** Whoever has many connections gets nothing before the others have as many. */
async function levels(net: ForwardingLab, method: 'NAT' | 'DR'): Promise<void> {
  const { lab } = net;
  const config = (servers: number): string => virtual(VIP, method, servers) + virtual(VIP6, method, servers);
  const file = join(lab.folder, 'keepalived.conf');
  writeFileSync(file, config(1));
  const program = lab.start('d', LB, ['-k', file]);
  const table = method === 'NAT' ? 'inet' : 'netdev';
  await lab.until(() =>
    lab.in('d', 'nft -t list ruleset').includes(`goto ${method === 'NAT' ? 'vs1' : 'e1_vs1'}_`),
  );
  for (const address of [VIP, VIP6]) assert.deepEqual(await hold(net, address, 10), { s1: 10 });

  await reloaded(program, file, config(3));
  const ahead =
    /numgen inc mod \d+ vmap \{ 0 : goto \w*_rs[12]\w*, 1 : goto \w*_rs[12]\w*, 2 : goto \w*_rs[12]/g;
  await lab.until(() => (lab.in('d', `nft -t list table ${table} lb_l4`).match(ahead) ?? []).length === 2);
  for (const address of [VIP, VIP6]) {
    const { s1 = 0, s2 = 0, s3 = 0 } = await hold(net, address, 16);
    assert.equal(s1, 0);
    assert.ok(s2 + s3 === 16 && s2 >= 6 && s3 >= 6, `${s2} and ${s3}`);
  }
}

test('translated connections go to servers with few of them', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const net = await ForwardingLab.create(t);
  for (const server of ['s1', 's2', 's3']) await serveStaying(net.lab, server);
  await levels(net, 'NAT');
});

test('directly routed connections go to servers with few of them', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  await levels(await ForwardingLab.direct(t, serveStaying), 'DR');
});

test('a server that is full gets nothing new, until it has room again', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const net = await ForwardingLab.create(t);
  const { lab } = net;
  for (const server of ['s1', 's2']) await serveStaying(lab, server);
  const file = join(lab.folder, 'keepalived.conf');
  const config = virtual(VIP, 'NAT', 2).replace('lb_algo lc', 'lb_algo rr');
  writeFileSync(file, config.replace(`10.9.0.2 ${PORT} {`, '$& \nuthreshold 4\nlthreshold 1'));
  const program = lab.start('d', LB, ['-k', file]);
  await lab.until(() => lab.in('d', 'nft list ruleset').includes('mod 2 vmap'));
  const holder = lab.start('client', process.execPath, [HOLDER, 'hold', VIP, String(PORT), '8']);
  assert.deepEqual(JSON.parse(await holder.line(/^\{/)), { s1: 4, s2: 4 });
  await lab.until(() => lab.in('d', 'nft list ruleset').includes('mod 1 vmap'));
  assert.deepEqual(await hold(net, VIP, 3), { s2: 3 });
  holder.signal('SIGKILL');
  await lab.until(() => lab.in('d', 'nft list ruleset').includes('mod 2 vmap'));
  assert.deepEqual(await hold(net, VIP, 2), { s1: 1, s2: 1 });
  program.signal('SIGTERM');
  await program.ended;
});
