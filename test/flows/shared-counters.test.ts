/** Counters that are kept over reloads (`shm-stats-file`), through the running program with its master. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, LB, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

interface Setting {
  readonly folder: string;
  readonly port: number;
  readonly config: string;
}

async function setting(t: TestContext, more = ''): Promise<Setting> {
  const [folder, port] = [temporaryFolder(t), await freePort()];
  const config = `global
  expose-experimental-directives
  nbthread 2
  stats socket ${join(folder, 'admin')} level admin
  shm-stats-file ${join(folder, 'counters')}
${more}
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend kept
  guid fe
  bind 127.0.0.1:${port}
  http-request return status 200
  default_backend none
backend none
  server s 127.0.0.1:9 guid srv
`;
  return { folder, port, config };
}

async function requests(port: number, count: number): Promise<void> {
  for (let index = 0; index < count; index++) assert.match(await exchangeRaw(port, GET), /^HTTP\/1\.1 200/);
}

async function kept({ folder }: Setting): Promise<string> {
  const row = statRows(await ask(join(folder, 'admin'), 'show stat')).get('kept/FRONTEND');
  return `${row?.['stot']} ${row?.['hrsp_2xx']}`;
}

async function startMaster(t: TestContext, { config }: Setting): Promise<Balancer> {
  const balancer = await startBalancer(t, config, { args: ['-W'] });
  await until('the first worker', () => balancer.output().includes('Loading success'));
  return balancer;
}

async function reload(balancer: Balancer): Promise<void> {
  const before = balancer.output().split('Loading success').length;
  balancer.process.kill('SIGUSR2');
  await until('the reload', () => balancer.output().split('Loading success').length > before);
}

test('totals go on over reloads, with what the old worker counts at its end', async t => {
  const given = await setting(t);
  const balancer = await startMaster(t, given);
  await requests(given.port, 5);
  await reload(balancer);
  await until('what the old worker had', async () => (await kept(given)) === '5 5');
  await requests(given.port, 2);
  await reload(balancer);
  await until('what both had', async () => (await kept(given)) === '7 7');
});

test('totals begin anew when all processes have ended, and go on when they were killed', async t => {
  const given = await setting(t);
  const first = await startBalancer(t, given.config);
  await requests(given.port, 3);
  await first.stop('SIGTERM');
  const second = await startBalancer(t, given.config);
  assert.equal(await kept(given), '0 0');
  await requests(given.port, 1);
  await second.stop('SIGUSR1');
  const third = await startBalancer(t, given.config);
  assert.equal(await kept(given), '0 0');
  await requests(given.port, 4);
  const other = await startBalancer(
    t,
    given.config.replace(/bind .*/, 'bind abns@kept').replace('/admin', '/other'),
  );
  const rows = async (): Promise<string | undefined> =>
    statRows(await ask(join(given.folder, 'other'), 'show stat')).get('kept/FRONTEND')?.['stot'];
  await until('another process shows them', async () => (await rows()) === '4');
  await third.stop('SIGKILL');
  await other.stop('SIGKILL');
  await startBalancer(t, given.config);
  assert.equal(await kept(given), '4 4');
});

test('a file that cannot be had keeps the program from starting; a check does not touch it', async t => {
  const { folder, config } = await setting(t);
  const [configuration, counters] = [join(folder, 'lb.cfg'), join(folder, 'counters')];
  writeFileSync(configuration, config);
  assert.equal(spawnSync(LB, ['-c', '-f', configuration]).status, 0);
  assert.equal(existsSync(counters), false);
  mkdirSync(counters);
  const { status, stderr } = spawnSync(LB, ['-db', '-f', configuration], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.ok(stderr.includes(`config: cannot open shm stats file '${counters}': `), stderr);
});
