/** The program's end of the VRRP process. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { VrrpService } from '../../src/vrrp/process/vrrp-service.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test(
  'a process that hangs is killed, and its keeper with it, when it does not stop in time',
  { timeout: 30_000 },
  async () => {
    const said = new EventEmitter();
    const lines: string[] = [];
    const service = new VrrpService({
      files: [],
      configId: undefined,
      log: (_level, message) => {
        lines.push(message);
        said.emit('line');
      },
      onReload: () => undefined,
      onFollows: () => undefined,
      stopLimitMs: 200,
    });
    while (!lines.some(line => line.includes('started as process'))) await once(said, 'line');
    const pid = Number(/process (\d+)/.exec(lines.join('\n'))?.[1]);
    process.kill(pid, 'SIGSTOP');
    await service.stop();
    assert.match(lines.join('\n'), /has not ended within 0.2 s, and is killed/);
    while (isRunning(pid)) await sleep(10);
  },
);

test('startup_script is done before instances start, once, with the umask; shutdown_script runs when all has ended', async t => {
  if (!requires(t, 'root')) return;
  const folder = temporaryFolder(t);
  const [said, path] = [join(folder, 'said'), join(folder, 'keepalived.conf')];
  const script = (what: string): string => `${what}_script "/bin/sh -c 'echo ${what} >> ${said}'"\n`;
  writeFileSync(
    path,
    `global_defs {\n umask 077\n script_user root\n ${script('startup')} ${script('shutdown')}}\n`,
  );
  const events = new EventEmitter();
  const pids: number[] = [];
  const service = new VrrpService({
    files: [path],
    configId: undefined,
    log: (_level, message) => {
      const pid = /started as process (\d+)/.exec(message)?.[1];
      if (pid !== undefined) pids.push(Number(pid));
    },
    onReload: () => undefined,
    onFollows: () => events.emit('works'),
  });
  let works = once(events, 'works');
  service.begin(undefined);
  await works;
  assert.equal(readFileSync(said, 'utf8'), 'startup\n');
  assert.equal(statSync(said).mode & 0o777, 0o600);
  works = once(events, 'works');
  process.kill(pids[0] ?? 0, 'SIGKILL');
  await works;
  await service.stop();
  assert.equal(readFileSync(said, 'utf8'), 'startup\n');
  await service.finish();
  assert.equal(readFileSync(said, 'utf8'), 'startup\nshutdown\n');
});

test('vrrp_cpu_affinity holds for all threads, and a reload without it gives the processors back', async t => {
  if (!requires(t, 'root')) return;
  const path = join(temporaryFolder(t), 'keepalived.conf');
  writeFileSync(path, 'global_defs {\n vrrp_cpu_affinity 0\n}\n');
  const events = new EventEmitter();
  let pid = 'self';
  const service = new VrrpService({
    files: [path],
    configId: undefined,
    log: (_level, message) => (pid = /started as process (\d+)/.exec(message)?.[1] ?? pid),
    onReload: () => undefined,
    onFollows: () => events.emit('works'),
  });
  let works = once(events, 'works');
  service.begin(undefined);
  await works;
  assert.deepEqual(processorsOf(pid), ['0']);
  writeFileSync(path, 'global_defs {\n}\n');
  works = once(events, 'works');
  service.reload();
  await works;
  assert.deepEqual(processorsOf(pid), processorsOf('self'));
  await service.stop();
  await service.finish();
});

test('a reload_time_file that comes while the process runs has the files read again at its time', async t => {
  if (!requires(t, 'root')) return;
  const folder = temporaryFolder(t);
  const [path, when] = [join(folder, 'keepalived.conf'), join(folder, 'when')];
  writeFileSync(path, `global_defs {\n reload_time_file ${when}\n}\n`);
  const events = new EventEmitter();
  const service: VrrpService = new VrrpService({
    files: [path],
    configId: undefined,
    log: () => undefined,
    onReloadDue: () => service.reload(),
    onReload: () => events.emit('reload'),
    onFollows: () => events.emit('works'),
  });
  const works = once(events, 'works');
  service.begin(undefined);
  await works;
  const reloaded = once(events, 'reload');
  const soon = new Date(Date.now() + 2000).toISOString();
  writeFileSync(when, `${soon.slice(11, 19)}Z\n`);
  await reloaded;
  assert.equal(existsSync(when), false);
  await service.stop();
  await service.finish();
});

/** Of all its threads, each list once. */
function processorsOf(pid: string): string[] {
  const lists = readdirSync(`/proc/${pid}/task`).map(thread => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
    return /Cpus_allowed_list:\s*(\S+)/.exec(status)?.[1] ?? '';
  });
  return [...new Set(lists)];
}

/** A zombie is not. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
