/** A program that ends early ends with a status: threads that are being loaded meanwhile do not make it abort. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LB } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const WITHIN_MS = 30_000;
const TIMES = 12;

function configOf(port: number, global = ''): string {
  return `global
  nbthread 2
  ${global}
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend web
  bind 127.0.0.1:${port}
  http-request return status 200
`;
}

interface Run {
  readonly child: ChildProcess;
  /** Exit status or signal, and what was printed. */
  readonly ended: Promise<readonly [number | string, string]>;
}

function run(t: TestContext, config: string, args: readonly string[]): Run {
  const file = join(temporaryFolder(t), 'haproxy.cfg');
  writeFileSync(file, config);
  const child = spawn(LB, ['-f', file, '-db', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => said.push(String(chunk)));
  const ended = once(child, 'close', { signal: AbortSignal.timeout(WITHIN_MS) }).then(
    ([code, signal]) => [(code ?? signal) as number | string, said.join('')] as const,
  );
  return { child, ended };
}

async function failsWithOne(
  t: TestContext,
  config: string,
  args: readonly string[],
  words: RegExp,
): Promise<void> {
  for (let time = 0; time < TIMES; time++) {
    const [status, said] = await run(t, config, args).ended;
    assert.equal(status, 1, said);
    assert.match(said, words);
    assert.doesNotMatch(said, /FATAL ERROR/);
  }
}

test('no sockets from a process before: status 1', async t => {
  const config = configOf(await freePort());
  await failsWithOne(t, config, ['-x', '/nonexistent/socket'], /Failed to get the sockets/);
});

test('a port in use: status 1, under a master too', async t => {
  const taken = createServer();
  t.after(() => taken.close());
  await once(taken.listen(0, '127.0.0.1'), 'listening');
  const { port } = taken.address() as AddressInfo;
  await failsWithOne(t, configOf(port), [], /in use/);
  await failsWithOne(t, configOf(port, 'master-worker'), [], /in use/);
});

test('a pidfile that cannot be written: status 1', async t => {
  await failsWithOne(t, configOf(await freePort()), ['-p', '/nonexistent/pid'], /Cannot create pidfile/);
});

for (const mode of [[], ['-W']])
  test(`SIGTERM at any moment of a start${mode.length > 0 ? ' under a master' : ''}: a stop, or its own signal`, async t => {
    const config = configOf(await freePort());
    for (let time = 0; time < TIMES; time++) {
      const { child, ended } = run(t, config, mode);
      await sleep(time * 40);
      child.kill('SIGTERM');
      const [status, said] = await ended;
      assert.ok(status === 0 || status === 'SIGTERM', `${status}: ${said}`);
      assert.doesNotMatch(said, /FATAL ERROR/);
    }
  });
