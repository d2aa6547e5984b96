/**
 * The whole program with virtual addresses: checks of keepalived.conf, a balancer that holds an address, follows its
 * own health, reloads, stops and dies.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InstanceSnapshot } from '../../src/model/vrrp-snapshot.ts';
import { ask } from '../support/admin-client.ts';
import { LB } from '../support/balancer.ts';
import { LostTime } from '../support/lost-time.ts';
import { Lab, upon, type Router } from '../support/network-lab.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { Standstill } from '../support/vrrp/standstill.ts';
import { requires } from '../support/requirement.ts';

const VIP = '10.9.0.100';
const SUPPORT = join(import.meta.dirname, '../support');
const NEEDS = ['root', 'ip', 'bridge'] as const;

function instance(more = '', priority = 150): string {
  return `vrrp_instance V {
    interface eth0
    virtual_router_id 51
    version 3
    priority ${priority}
    advert_int 0.1
    virtual_ipaddress {
      ${VIP}/24
    }
    ${more}
  }
`;
}

const BALANCER = `defaults
  mode tcp
  timeout client 10s
  timeout server 10s
  timeout connect 1s
frontend www
  bind :8000
  default_backend web
backend web
  server s1 127.0.0.1:8001 check inter 100ms fall 1 rise 1
`;

function checkFiles(files: Readonly<Record<string, string>>, args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'lb-check-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { status, stdout, stderr } = spawnSync(LB, ['-c', '-C', folder, ...args], { encoding: 'utf8' });
    return { status, text: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('lb -c with keepalived.conf', () => {
  // whatever this host has
  const good = `global_defs {\n dynamic_interfaces\n}\n${instance()}`;

  test('a good file is valid, alone, beside haproxy.cfg, and by its name behind -f', () => {
    for (const args of [
      ['-k', 'x.conf'],
      ['-f', 'haproxy.cfg', '-k', 'x.conf'],
      ['-f', 'keepalived.conf'],
    ]) {
      const files = { 'x.conf': good, 'keepalived.conf': good, 'haproxy.cfg': BALANCER };
      const ended = checkFiles(files, args);
      assert.equal(ended.status, 0, ended.text);
      assert.match(ended.text, /Configuration file is valid/);
    }
  });

  test('the exit codes are those of keepalived -t: 4 unusable, 5 changed, 6 insecure scripts', () => {
    const missing = checkFiles({}, ['-k', 'missing.conf']);
    assert.equal(missing.status, 4);
    assert.doesNotMatch(missing.text, /is valid/);
    const nowhere = checkFiles({ 'x.conf': `net_namespace lb-nowhere\n${good}` }, ['-k', 'x.conf']);
    assert.equal(nowhere.status, 4, nowhere.text);
    const changed = checkFiles({ 'x.conf': `${good}no_such_word\n` }, ['-k', 'x.conf']);
    assert.equal(changed.status, 5, changed.text);
    assert.match(changed.text, /x\.conf:15\].*no_such_word/);
    const leftOut = checkFiles({ 'x.conf': `${good}vrrp_instance W {\n interface eth0\n}\n` }, [
      '-k',
      'x.conf',
    ]);
    assert.equal(leftOut.status, 5, leftOut.text);
    assert.match(leftOut.text, /\(W\) the virtual router id must be set/);
    assert.doesNotMatch(leftOut.text, /is valid/);
    const script = `vrrp_script s {\n script /bin/true\n}\n${good.replace('interface', 'track_script {\n s\n}\ninterface')}`;
    assert.equal(checkFiles({ 'x.conf': script }, ['-k', 'x.conf']).status, 6);
    assert.equal(
      checkFiles({ 'x.conf': good, 'h.cfg': 'listem' }, ['-k', 'x.conf', '-f', 'h.cfg']).status,
      1,
    );
  });

  test('several files count as one, and -i selects the @ lines', () => {
    const files = { 'a.conf': '$ID=77\n', 'b.conf': good.replace('router_id 51', 'router_id $ID') };
    assert.equal(checkFiles(files, ['-k', 'a.conf', '-k', 'b.conf']).status, 0);
    const chosen = { 'x.conf': `@one no_such_word\n${good}` };
    assert.equal(checkFiles(chosen, ['-k', 'x.conf', '-i', 'two']).status, 0);
    assert.equal(checkFiles(chosen, ['-k', 'x.conf', '-i', 'one']).status, 5);
  });
});

async function balancerWithAddress(t: TestContext, balancer = BALANCER): Promise<{ lab: Lab; a: Router }> {
  const lab = Lab.create(t, ['a']);
  await lab.responder('a', 8001);
  const a = await lab.router('a', 'lb', instance(), balancer);
  await a.enters('MASTER');
  return { lab, a };
}

describe('a balancer with a virtual address', { concurrency: 4 }, () => {
  test('serves behind it, bound to nothing else, and has taken it away when it has ended', async t => {
    if (!requires(t, ...NEEDS)) return;
    const bound = BALANCER.replace('bind :8000', `bind ${VIP}:8000`);
    const { lab, a } = await balancerWithAddress(t, bound);
    const client = lab.client(VIP);
    await client.answers('a');
    await a.stop();
    assert.equal(a.watched.child.exitCode, 0);
    assert.ok(!lab.holds('a', VIP));
    assert.equal(vrrpProcesses(lab), 0);
  });

  test('soft-stops by SIGUSR1 after the address is gone, and ends with its last connection', async t => {
    if (!requires(t, ...NEEDS)) return;
    const { lab, a } = await balancerWithAddress(t);
    a.watched.signal('SIGUSR1');
    await a.watched.ended;
    assert.equal(a.watched.child.exitCode, 0);
    assert.ok(!lab.holds('a', VIP));
  });

  test('loses it at once when it is killed, and nothing of it runs on', async t => {
    if (!requires(t, ...NEEDS)) return;
    const { lab, a } = await balancerWithAddress(t);
    const lost = new LostTime(t);
    const start = performance.now();
    a.watched.signal('SIGKILL');
    await lab.until(() => !lab.holds('a', VIP));
    // a balancer that hangs is seen after five seconds
    assert.ok(performance.now() - start < 3000 + lost.totalMs, `${lost.totalMs} ms were lost`);
    await lab.until(() => vrrpProcesses(lab) === 0);
  });

  test('that has no rights left reloads, and gets the address back when its VRRP process is killed', async t => {
    if (!requires(t, ...NEEDS)) return;
    const lab = Lab.create(t, ['a']);
    await lab.responder('a', 8001);
    const root = temporaryFolder(t);
    const confined = `global\n  uid 65534\n  gid 65534\n  chroot ${root}\n${BALANCER}`;
    const a = await lab.router('a', 'lb', instance(), confined);
    await a.enters('MASTER');
    let mark = a.mark;
    a.reload(instance('', 120));
    await a.watched.line(/effective priority 150 -> 120/, mark);
    mark = a.mark;
    process.kill(a.vrrpPid, 'SIGKILL');
    await a.watched.line(/the process died, another one takes its place/, mark);
    await a.watched.line(/removing 10\.9\.0\.100 from eth0, left over/, mark);
    await a.enters('MASTER', 'V', mark);
    assert.ok(lab.holds('a', VIP));
  });

  test('reads keepalived.conf again upon SIGHUP and stays master; a file that is unusable changes nothing', async t => {
    if (!requires(t, ...NEEDS)) return;
    const { lab, a } = await balancerWithAddress(t);
    const mark = a.mark;
    a.reload(instance('', 120));
    await a.watched.line(/effective priority 150 -> 120/, mark);
    a.reload('vrrp_instance V {\n virtual_router_id 999\n}\n');
    await a.watched.line(/the old one stays/, mark);
    assert.ok(lab.holds('a', VIP));
    assert.ok(!a.watched.lines.slice(mark).some(line => line.includes('->') && line.includes('MASTER')));
  });

  test('gives it away while its backend has no server (track_lb), and takes it back', async t => {
    if (!requires(t, ...NEEDS)) return;
    const lab = Lab.create(t, ['a']);
    const server = await lab.responder('a', 8001);
    const a = await lab.router('a', 'lb', instance('track_lb {\n backend web\n frontend www\n}'), BALANCER);
    await a.enters('MASTER');
    await upon(() => server.signal('SIGKILL'), [a, 'FAULT']);
    assert.deepEqual((await a.snapshot()).instances[0]?.faults, ['backend web has 0 of 1 servers']);
    assert.ok(!lab.holds('a', VIP));
    const mark = a.mark;
    await lab.responder('a', 8001);
    await a.enters('MASTER', 'V', mark);
  });

  for (const [kind, options] of [
    ['a balancer', []],
    ['the worker of a master', ['-W']],
  ] as const)
    test(`${kind} that hangs loses the address, and has it back when it goes on`, async t => {
      if (!requires(t, ...NEEDS)) return;
      const lab = Lab.create(t, ['a']);
      await lab.responder('a', 8001);
      const a = await lab.router('a', 'lb', instance(), BALANCER, options);
      await a.enters('MASTER');
      const pid = kind === 'a balancer' ? (a.watched.child.pid ?? 0) : workerOf(a);
      process.kill(pid, 'SIGSTOP');
      await lab.until(() => !lab.holds('a', VIP), 60_000);
      const mark = a.mark;
      process.kill(pid, 'SIGCONT');
      await a.enters('MASTER', 'V', mark);
      await lab.until(() => lab.holds('a', VIP));
      await a.stop();
      assert.ok(!lab.holds('a', VIP));
    });

  test('a master with workers keeps the address over a reload, and over the death of a worker gives it away', async t => {
    if (!requires(t, ...NEEDS)) return;
    const lab = Lab.create(t, ['a']);
    await lab.responder('a', 8001);
    const a = await lab.router('a', 'lb', instance(), BALANCER, ['-W']);
    await a.enters('MASTER');
    let mark = a.mark;
    a.watched.signal('SIGUSR2');
    await a.watched.line(/configuration reloaded/, mark);
    await a.watched.line(/Loading success/, mark);
    assert.ok(lab.holds('a', VIP));
    assert.ok(!a.watched.lines.slice(mark).some(line => line.includes('MASTER ->')));
    mark = a.mark;
    process.kill(workerOf(a), 'SIGKILL');
    await a.watched.ended;
    assert.ok(!lab.holds('a', VIP));
  });

  test('admin socket, metrics and statistics page show virtual addresses; an administrator gives them away and takes them back', async t => {
    if (!requires(t, ...NEEDS)) return;
    const lab = Lab.create(t, ['a']);
    const socket = join(lab.folder, 'admin.sock');
    const page = `listen stats
  bind :8404
  mode http
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /
`;
    const balancer = `global\n  stats socket ${socket} level admin\n${BALANCER}${page}`;
    const a = await lab.router('a', 'lb', instance(), balancer);
    await a.enters('MASTER');
    assert.match(
      await ask(socket, 'show vrrp'),
      /^V +MASTER +150 +eth0 +51 +10\.9\.0\.1 +10\.9\.0\.100\/24$/m,
    );
    assert.match(await ask(socket, 'show vrrp V'), /Configured state = BACKUP/);
    const shown = JSON.parse(await ask(socket, 'show vrrp V json')) as InstanceSnapshot;
    assert.equal(shown.state, 'MASTER');
    assert.match(await ask(socket, 'show vrrp X'), /no vrrp instance X/);
    assert.match(await ask(socket, 'show virtual-servers'), /^There are no virtual servers/);
    const fetched = (path: string): string => lab.in('a', `curl -s http://127.0.0.1:8404${path}`);
    await lab.until(() => fetched('/metrics').includes('state="MASTER"} 1'));
    assert.match(fetched('/'), /Virtual addresses.*10\.9\.0\.100\/24/s);
    await ask(socket, 'disable vrrp');
    assert.ok(!lab.holds('a', VIP));
    const mark = a.mark;
    await ask(socket, 'enable vrrp');
    await a.enters('MASTER', 'V', mark);
  });

  test('where the addon for raw sockets cannot be loaded a check works, and a start tells the reason and holds no address', async t => {
    if (!requires(t, ...NEEDS)) return;
    const lab = Lab.create(t, ['a']);
    const path = join(lab.folder, 'x.conf');
    writeFileSync(path, instance());
    const without = `NODE_OPTIONS=--require ${resolve('test/support/no-raw-socket.cjs')}`;
    const check = lab.start('a', 'env', [without, LB, '-c', '-k', path]);
    await check.line(/Configuration file is valid/);
    await check.ended;
    assert.equal(check.child.exitCode, 0);
    const a = lab.start('a', 'env', [without, LB, '-k', path]);
    const line = await a.line(/cannot receive adverts on eth0/);
    assert.match(
      line,
      /cannot load the addon raw-socket \(npm rebuild raw-socket\): compiled against a different/,
    );
    await a.line(/INIT -> FAULT \(cannot receive adverts\)/);
    assert.ok(!lab.holds('a', VIP));
  });
});

/** A process and the threads and processes below it that serve, not the one that speaks VRRP. */
function workerOf(a: Router): number {
  const pid = a.watched.lines
    .map(line => /Initializing new worker \((\d+)\)/.exec(line)?.[1])
    .findLast(Boolean);
  return Number(pid);
}

/** 4,000 servers that are all the same one, each checked every two seconds. */
const MANY_SERVERS = `global
  nbthread 2
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 1s
frontend www
  bind :8000
  default_backend web
backend web
  default-server check inter 2s
  server-template s 1-4000 127.0.0.1:8001
`;

test('adverts stay on time while threads are saturated, servers checked, files reloaded and the balancer stalls', async t => {
  if (!requires(t, ...NEEDS)) return;
  const lab = Lab.create(t, ['a']);
  const server = lab.start('a', process.execPath, [join(SUPPORT, 'slow-server.js'), 'a', '8001']);
  await server.line(/listening/);
  const a = await lab.router('a', 'lb', instance(), MANY_SERVERS);
  await a.enters('MASTER');
  const client = lab.requests('10.9.0.1', 100);
  await client.answers('a');
  const standstill = new Standstill();
  t.after(() => standstill.stop());
  await standstill.take();
  const { sent, late, worstMs } = await disturb(a);
  const { times } = await standstill.take();
  t.diagnostic(
    `${sent} adverts, ${late} late, worst ${worstMs.toFixed(1)} ms; a processor stood still ${times} times`,
  );
  assert.ok(sent >= 20, `${sent} adverts in more than 2 s`);
  assert.ok(late <= times, `${late} of ${sent} adverts were more than 10 ms late`);
});

/** Reloads, and two seconds in which the whole balancer stands still: more than one of its threads can do. */
async function disturb(a: Router): Promise<{ sent: number; late: number; worstMs: number }> {
  const before = (await a.snapshot()).instances[0]?.counters;
  for (let priority = 140; priority > 110; priority -= 10) {
    const mark = a.mark;
    a.reload(instance('', priority));
    await a.watched.line(/configuration reloaded/, mark);
  }
  a.watched.signal('SIGSTOP');
  await sleep(2000);
  const after = (await a.snapshot()).instances[0]?.counters;
  a.watched.signal('SIGCONT');
  assert.ok(before !== undefined && after !== undefined);
  return {
    sent: after.advertsSent - before.advertsSent,
    late: after.advertsLate - before.advertsLate,
    worstMs: after.worstLatenessMs,
  };
}

/** VRRP processes in the namespace of node `a`. */
function vrrpProcesses(lab: Lab): number {
  const pids = execFileSync('ip', ['netns', 'pids', `${lab.prefix}a`], { encoding: 'utf8' }).split('\n');
  return pids.filter(pid => {
    if (pid === '') return false;
    const { stdout } = spawnSync('ps', ['-o', 'args=', '-p', pid], { encoding: 'utf8' });
    return stdout.startsWith('lb: vrrp');
  }).length;
}
