/** What the words about the process do to the running program: rights, root folder, processors, limits, files. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, LB, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { requires } from '../support/requirement.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

function configOf(port: number, global: string, answer: string): string {
  return `global
${global}
defaults
  mode http
  timeout client 5s
listen l
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain lf-string ${answer}
`;
}

/** One field of /proc/PID/task/TID/status, of all threads that have it. */
function statusOf(pid: number, field: string): string[] {
  const values = readdirSync(`/proc/${pid}/task`).map(task => {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'latin1');
    return new RegExp(`^${field}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? '';
  });
  return [...new Set(values)].toSorted();
}

function scratch(t: TestContext): string {
  const folder = temporaryFolder(t);
  return folder;
}

/** How many threads of a process have that set of rights. */
function threadsWith(pid: number, field: string, rights: string): number {
  return readdirSync(`/proc/${pid}/task`).filter(task =>
    readFileSync(`/proc/${pid}/task/${task}/status`, 'latin1').includes(`${field}:\t${rights}\n`),
  ).length;
}

test('rights of setcap outlive the change of user, in the threads that serve, and no others', async t => {
  if (!requires(t, 'root')) return;
  const port = await freePort();
  const global = '  nbthread 2\n  user nobody\n  setcap cap_net_bind_service\n  setcap cap_net_raw';
  const { pid } = await startBalancer(t, configOf(port, global, 'x'));
  assert.match(await exchangeRaw(port, GET), /\r\n\r\nx$/);
  const [none, kept] = ['0000000000000000', '0000000000002400'];
  await until('rights in effect', () => threadsWith(pid, 'CapEff', kept) >= 3);
  for (const field of ['CapEff', 'CapPrm'])
    assert.deepEqual(
      statusOf(pid, field).filter(rights => rights !== none),
      [kept],
    );
});

test('user, group and chroot hold for every thread before anything is served', async t => {
  if (!requires(t, 'root')) return;
  const port = await freePort();
  const folder = scratch(t);
  const pages = join(folder, 'names.map');
  writeFileSync(pages, '/ found\n', { mode: 0o600 });
  const balancer = await startBalancer(
    t,
    configOf(
      port,
      `  nbthread 2\n  chroot auto\n  user nobody\n  gid 65534\n  pidfile ${folder}/lb.pid`,
      `"%[path,map(${pages})]"`,
    ),
  );
  assert.match(await exchangeRaw(port, GET), /\r\n\r\nfound$/, 'files were read before');
  const { pid } = balancer;
  assert.deepEqual(statusOf(pid, 'Uid'), [['65534', '65534', '65534', '65534'].join('\t')]);
  assert.deepEqual(statusOf(pid, 'Gid'), [['65534', '65534', '65534', '65534'].join('\t')]);
  assert.deepEqual(statusOf(pid, 'Groups'), ['']);
  assert.match(readlinkSync(`/proc/${pid}/root`), /lb-root-\w+ \(deleted\)$/);
  assert.equal(readFileSync(`${folder}/lb.pid`, 'utf8'), `${pid}\n`);
  assert.equal(await balancer.stop('SIGUSR1'), 0, balancer.output());
});

test('inside a chroot, without /proc, metrics, the statistics page and the admin socket answer', async t => {
  if (!requires(t, 'root')) return;
  const port = await freePort();
  const socket = join(scratch(t), 'admin.sock');
  const rules = `  stats uri /stats
  http-request use-service prometheus-exporter if { path /metrics }
  default_backend none
backend none
`;
  const balancer = await startBalancer(
    t,
    configOf(port, `  chroot auto\n  stats socket ${socket} level admin`, `"x" if { path / }\n${rules}`),
  );
  const get = (path: string): Promise<string> =>
    exchangeRaw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const metrics = await get('/metrics');
  assert.match(metrics, /^HTTP\/1.1 200 /);
  assert.match(metrics, /^haproxy_process_pool_allocated_bytes [1-9]\d{6,}$/m);
  assert.match(await get('/stats'), /^HTTP\/1.1 200 /);
  assert.match(await ask(socket, 'show info'), /^PoolAlloc_MB: [1-9]/m);
  assert.match(await ask(socket, 'show pools'), /Total: .* [1-9]\d{6,} bytes allocated/);
  assert.match(await ask(socket, 'show fd'), /^Not possible inside a chroot/);
  assert.match(await ask(socket, 'show libs'), /^Not possible inside a chroot/);
  assert.match(await ask(socket, 'show activity'), /^cpu_ms: [1-9]/m);
  assert.doesNotMatch(balancer.output(), /died|failed/);
  assert.equal(await balancer.stop('SIGUSR1'), 0, balancer.output());
});

test('where there is no /proc it is served, with and without a number of threads', async t => {
  if (!requires(t, 'root')) return;
  const program = join(scratch(t), 'without-proc');
  writeFileSync(
    program,
    `#!/bin/sh\nexec unshare --mount sh -c 'umount -l /proc && exec "$0" "$@"' ${LB} "$@"\n`,
    { mode: 0o755 },
  );
  for (const global of ['', '  nbthread 2']) {
    const port = await freePort();
    const balancer = await startBalancer(t, configOf(port, global, 'x'), { program });
    assert.match(await exchangeRaw(port, GET), /^HTTP\/1.1 200 [^]*x$/);
    assert.equal(await balancer.stop(), 0, balancer.output());
  }
});

test('a user that cannot be taken on ends the start', async t => {
  if (!requires(t, 'root')) return;
  const folder = scratch(t);
  writeFileSync(join(folder, 'a.cfg'), configOf(await freePort(), `  chroot ${folder}/missing`, 'x'));
  const ended = spawnSync(LB, ['-db', '-f', join(folder, 'a.cfg')], { encoding: 'utf8', timeout: 20_000 });
  assert.equal(ended.status, 1);
  assert.match(ended.stderr, /Cannot chroot\(.*missing\): ENOENT/);
});

test('setenv is seen by samples, cpu-map and ulimit-n by the kernel', async t => {
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    configOf(
      port,
      '  nbthread 2\n  setenv SAID one\n  presetenv SAID two\n  cpu-map 1/all 0\n  maxconn 100\n  ulimit-n 700',
      '"%[env(SAID)]%[env(constructor)]"',
    ),
  );
  assert.match(await exchangeRaw(port, GET), /\r\n\r\none$/);
  assert.ok(statusOf(balancer.pid, 'Cpus_allowed_list').includes('0'));
  assert.match(readFileSync(`/proc/${balancer.pid}/limits`, 'latin1'), /Max open files\s+700\s/);
  assert.equal(await balancer.stop(), 0, balancer.output());
});

test('what objects have is no variable of the environment', () => {
  assert.equal(spawnSync(LB, ['-cc', 'defined(PATH)'], { timeout: 20_000 }).status, 0);
  assert.equal(spawnSync(LB, ['-cc', 'defined(constructor)'], { timeout: 20_000 }).status, 1);
});

test('zero-warning refuses what is only worth a warning', t => {
  const folder = scratch(t);
  const file = join(folder, 'a.cfg');
  writeFileSync(file, configOf(1, '  zero-warning\n  nbproc 1', 'x'));
  const { status, stderr } = spawnSync(LB, ['-c', '-f', file], { encoding: 'utf8', timeout: 20_000 });
  assert.equal(status, 1);
  assert.match(stderr, /Some warnings were found and 'zero-warning' is set/);
});

test('with process-log json every line of a running process is an object, and -c speaks as HAProxy does', async t => {
  const port = await freePort();
  const config = `global
  process-log json
defaults
  mode http
frontend web
  bind 127.0.0.1:${port}
  default_backend app
backend app
  server gone 127.0.0.1:1 check inter 100
`;
  const balancer = await startBalancer(t, config);
  await until('the server to be down', () => balancer.output().includes('no server available'));
  await balancer.stop();
  const lines = balancer.output().trimEnd().split('\n');
  const objects = lines.map(line => JSON.parse(line) as Record<string, unknown>);
  const down = objects.find(({ msg }) => String(msg).startsWith('Server app/gone is DOWN'));
  assert.deepEqual([down?.['level'], down?.['proxy'], down?.['server']], ['warn', 'app', 'gone']);
  assert.equal(down?.['pid'], balancer.pid);
  assert.ok(objects.some(({ file, line }) => String(file).endsWith('haproxy.cfg') && Number(line) > 0));
  const { stderr } = spawnSync(LB, ['-c', '-f', join(balancer.folder, 'haproxy.cfg')], { encoding: 'utf8' });
  assert.match(stderr, /^\[WARNING\]  \(\d+\) : config : parsing \[/m);
});

test('SIGQUIT, which has HAProxy free its pools, ends neither a process nor a master', async t => {
  for (const args of [[], ['-W']]) {
    const port = await freePort();
    const balancer = await startBalancer(t, configOf(port, '  nbthread 1', 'x'), { args });
    process.kill(balancer.pid, 'SIGQUIT');
    assert.match(await exchangeRaw(port, GET), /\r\n\r\nx$/);
    assert.equal(await balancer.stop(), 0);
  }
});
