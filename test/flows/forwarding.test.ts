/**
 * Virtual servers of keepalived.conf at work: the program upon a director between a client and three servers, in
 * namespaces. Servers die and come back, the kernel follows, and nothing of it is left at the end.
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { LB } from '../support/balancer.ts';
import { ForwardingLab, VIP } from '../support/forwarding-lab.ts';
import type { Watched } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';

const CHECKED = `delay_loop 0.2
    retry 1
    delay_before_retry 0.1
    warmup 0
    connect_timeout 0.5
    lb_kind NAT`;

function realServers(words = ''): string {
  return ['10.9.0.2', '10.9.0.3', '10.9.0.4']
    .map(address => `real_server ${address} 8000 {\n ${words}\n TCP_CHECK {\n }\n}\n`)
    .join('');
}

interface Director {
  readonly net: ForwardingLab;
  readonly program: Watched;
  readonly file: string;
}

async function start(t: TestContext, config: (folder: string) => string): Promise<Director> {
  const net = await ForwardingLab.create(t);
  const { lab } = net;
  const file = join(lab.folder, 'keepalived.conf');
  writeFileSync(file, config(lab.folder));
  const program = lab.start('d', LB, ['-k', file]);
  await program.line(/l4: started as process/);
  await lab.until(() => lab.in('d', 'nft list tables').includes('lb_l4'));
  return { net, program, file };
}

function writeScript(path: string, line: string): string {
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Packets to its service port are refused from now on, or taken again. */
function refuse({ lab }: ForwardingLab, server: string, refused: boolean): void {
  if (!refused) lab.in(server, 'nft delete table inet closed');
  else
    for (const words of [
      'add table inet closed',
      'add chain inet closed in { type filter hook input priority 0; }',
      'add rule inet closed in tcp dport 8000 reject with tcp reset',
    ])
      lab.in(server, `nft ${words}`);
}

test('connections are shared exactly; a server that dies leaves and comes back, and is told', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const { net, program, file } = await start(t, folder => {
    const told = join(folder, 'told');
    const [up, down] = ['up', 'down'].map(word => writeScript(join(folder, word), `echo ${word} >> ${told}`));
    return `virtual_server ${VIP} 80 {
    lb_algo rr
    protocol TCP
    ${CHECKED}
    ${realServers(`notify_up ${up}\n notify_down ${down}`)}
}
virtual_server ${VIP} 80 {
    lb_algo wrr
    protocol UDP
    lb_kind NAT
    real_server 10.9.0.2 8000 { weight 2 }
    real_server 10.9.0.3 8000 {
      weight 2
    }
    real_server 10.9.0.4 8000 {
    }
}
`.replace('{ weight 2 }', '{\n      weight 2\n    }');
  });
  assert.deepEqual(await net.ask('tcp', VIP, 30), { s1: 10, s2: 10, s3: 10 });
  assert.deepEqual(await net.ask('udp', VIP, 20), { s1: 8, s2: 8, s3: 4 });
  refuse(net, 's2', true);
  await program.line(/Removing service \[10\.9\.0\.3\]:tcp:8000 from VS \[10\.9\.0\.100\]:tcp:80/, 0, 5000);
  await net.lab.until(() => existsSync(join(net.lab.folder, 'told')));
  assert.deepEqual(await net.ask('tcp', VIP, 20), { s1: 10, s3: 10 });
  refuse(net, 's2', false);
  await program.line(/Adding service \[10\.9\.0\.3\]:tcp:8000 to VS \[10\.9\.0\.100\]:tcp:80/, 0, 5000);
  await net.lab.until(() => readFileSync(join(net.lab.folder, 'told'), 'utf8') === 'down\nup\n');
  assert.deepEqual(await net.ask('tcp', VIP, 30), { s1: 10, s2: 10, s3: 10 });

  writeFileSync(file, readFileSync(file, 'utf8').replace('lb_algo rr', 'lb_algo fo'));
  program.signal('SIGHUP');
  await program.line(/configuration reloaded/);
  await net.lab.until(() => !net.lab.in('d', 'nft list table inet lb_l4').includes('mod 3 vmap'));
  assert.deepEqual(await net.ask('tcp', VIP, 5), { s1: 5 });

  program.signal('SIGTERM');
  await program.ended;
  assert.equal(net.lab.in('d', 'nft list tables'), '');
});

test('the sorry server serves while the quorum is lost; a killed process is replaced, forwarding goes on', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const { net, program } = await start(
    t,
    folder => `virtual_server ${VIP} 80 {
    lb_algo rr
    protocol TCP
    ${CHECKED}
    quorum 2
    sorry_server 10.9.0.4 8000
    ${realServers().replace(/real_server 10\.9\.0\.4[^]*$/, '')}
}
global_defs {
    state_dump_file ${folder}/state.data
}
`,
  );
  assert.deepEqual(await net.ask('tcp', VIP, 10), { s1: 5, s2: 5 });
  const started = await program.line(/l4: started as process/);
  process.kill(Number(/process (\d+)/.exec(started)?.[1]), 'SIGKILL');
  assert.deepEqual(await net.ask('tcp', VIP, 10), { s1: 5, s2: 5 });
  await program.line(/another one takes its place/);
  refuse(net, 's1', true);
  await program.line(/Lost quorum 2-0=2 > 1 for VS/, 0, 8000);
  await program.line(/Adding sorry server \[10\.9\.0\.4\]:8000 to VS/);
  await net.lab.until(() => net.lab.in('d', 'nft list table inet lb_l4').includes('goto vs0_rs2 }'));
  program.signal('SIGUSR1');
  const dump = join(net.lab.folder, 'state_check.data');
  await net.lab.until(() => existsSync(dump) && readFileSync(dump, 'utf8') !== '');
  const [, virtual = '', first = '', second = ''] = readFileSync(dump, 'utf8').split(
    /------< .* server >------/,
  );
  assert.match(
    virtual,
    /VS VIP = 10\.9\.0\.100, VPORT = 80\n[^]*sorry server = \[10\.9\.0\.4\]:8000\n {3}active connections = 0\n/,
  );
  assert.match(virtual, / {3}alive = 1\n {3}quorum_state_up = 0\n/);
  assert.match(first, /RIP = 10\.9\.0\.2, [^]* alive = 0\n {3}num failed checkers = 1\n/);
  assert.match(second, /RIP = 10\.9\.0\.3, [^]* alive = 1\n {3}num failed checkers = 0\n/);
  assert.deepEqual(await net.ask('tcp', VIP, 5), { s3: 5 });
  refuse(net, 's1', false);
  await program.line(/Gained quorum 2\+0=2 <= 2 for VS/, 0, 5000);
  await net.lab.until(() => net.lab.in('d', 'nft list table inet lb_l4').includes('mod 2 vmap'));
  assert.deepEqual(await net.ask('tcp', VIP, 10), { s1: 5, s2: 5 });
});

test('the admin socket of a balancer beside them shows virtual servers', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const { lab } = await ForwardingLab.create(t);
  const [file, balancer, socket] = ['keepalived.conf', 'haproxy.cfg', 'admin'].map(name =>
    join(lab.folder, name),
  ) as [string, string, string];
  writeFileSync(file, `virtual_server ${VIP} 80 {\n lb_algo rr\n ${CHECKED}\n ${realServers('weight 7')}}\n`);
  writeFileSync(
    balancer,
    `global\n stats socket ${socket}\ndefaults\n timeout connect 1s\n timeout client 1s\n timeout server 1s\nlisten l\n bind 127.0.0.1:8999\n`,
  );
  const program = lab.start('d', LB, ['-f', balancer, '-k', file]);
  await program.line(/l4: started as process/);
  await lab.until(() => lab.in('d', 'nft list tables').includes('lb_l4'));
  const shown = await ask(socket, 'show virtual-servers');
  assert.match(shown, /VS VIP = 10\.9\.0\.100, VPORT = 80\n/);
  assert.equal(shown.match(/effective weight = 7\n/g)?.length, 3);
});
