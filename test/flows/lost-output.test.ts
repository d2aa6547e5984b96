/** Nobody reads what is printed any more, or the disk for it is full: the program serves on, and ends as it should. */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, LB, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const GET = 'GET / HTTP/1.0\r\n\r\n';

interface Place {
  readonly port: number;
  readonly admin: string;
  readonly config: string;
}

async function place(t: TestContext): Promise<Place> {
  const port = await freePort();
  const admin = join(temporaryFolder(t), 'admin.sock');
  const config = `global
  stats socket ${admin} level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
listen l
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string served
  server s 127.0.0.1:1
`;
  return { port, admin, config };
}

/** Each of them is told on stderr. */
async function causeMessages({ admin, port }: Place): Promise<void> {
  for (const command of ['disable server l/s', 'enable server l/s', 'disable server l/s'])
    await ask(admin, command);
  assert.match(await exchangeRaw(port, GET), /served$/);
}

for (const args of [[], ['-W']])
  test(`readers of its output that go away take nothing with them: ${args.join('') || 'alone'}`, async t => {
    const lab = await place(t);
    const balancer = await startBalancer(t, lab.config, { args });
    balancer.process.stdout?.destroy();
    balancer.process.stderr?.destroy();
    await causeMessages(lab);
    assert.equal(await balancer.stop(), 0);
  });

for (const args of [[], ['-W']])
  test(`a daemon lets go of the output of its start: ${args.join('') || 'alone'}`, async t => {
    const { admin, port, config } = await place(t);
    const folder = temporaryFolder(t);
    const [file, pid] = [join(folder, 'haproxy.cfg'), join(folder, 'pid')];
    writeFileSync(file, config.replace('timeout server 5s', ''));
    const command = `said=$("${LB}" -D ${args.join('')} -f "${file}" -p "${pid}" 2>&1); echo "$? $said"`;
    const started = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 60_000 });
    const daemon = Number(readFileSync(pid, 'utf8'));
    t.after(() => spawnSync('kill', ['-9', String(daemon)]));
    assert.match(started.stdout, /^0 \[WARNING\] .*missing timeouts/);
    await causeMessages({ admin, port, config });
    process.kill(daemon);
    await until('it has ended', () =>
      exchangeRaw(port, GET).then(
        () => false,
        () => true,
      ),
    );
  });

test('a full disk behind stdout and stderr takes nothing with it', async t => {
  const lab = await place(t);
  const file = join(temporaryFolder(t), 'haproxy.cfg');
  writeFileSync(file, lab.config);
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));
  const child = spawn(LB, ['-f', file, '-db'], { stdio: ['ignore', full, full] });
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await until('it serves', () =>
    exchangeRaw(lab.port, GET).then(
      answer => answer.endsWith('served'),
      () => false,
    ),
  );
  await causeMessages(lab);
  child.kill();
  assert.deepEqual(await ended, [0, null]);
});

test('the outcome of a check does not depend on whether somebody reads it', async t => {
  const { config } = await place(t);
  const file = join(temporaryFolder(t), 'haproxy.cfg');
  for (const [text, code] of [
    [config, 0],
    [`${config}  no-such-word\n`, 1],
  ] as const) {
    writeFileSync(file, text);
    const child = execFile('sh', ['-c', `"${LB}" -c -V -f "${file}" >/dev/full 2>/dev/full`]);
    const [ended] = (await once(child, 'exit')) as [number];
    assert.equal(ended, code);
  }
});

test('warnings that are longer than a pipe, and the mistake behind them, are told to the end', async t => {
  const { config } = await place(t);
  const file = join(temporaryFolder(t), 'haproxy.cfg');
  const late = 2000;
  writeFileSync(file, `${config}${'  tcp-request content accept\n'.repeat(late)}  no-such-word\n`);
  // Node's own pipes are sockets, which take more
  const command = `"${LB}" -c -f "${file}" 2>&1 | cat`;
  const said = spawnSync('sh', ['-c', command], { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(said.stdout.match(/rule placed after an 'http-request' rule/g)?.length, late);
  assert.match(said.stdout, /Fatal errors found in configuration\.\n$/);
});
