/** SIGUSR1 while Node itself starts: no debugger stays open, and it is the soft stop it was meant to be. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LB } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('SIGUSR1 before the first line of the program stops it softly', async t => {
  const folder = temporaryFolder(t);
  const signal = join(folder, 'signal.cjs');
  writeFileSync(
    signal,
    `if (require('node:worker_threads').isMainThread) {
  process.kill(process.pid, 'SIGUSR1');
  const { url } = require('node:inspector');
  for (const end = Date.now() + 3000; url() === undefined && Date.now() < end; );
}`,
  );
  const config = join(folder, 'lb.cfg');
  writeFileSync(config, `listen l\n  bind 127.0.0.1:${await freePort()}\n  timeout client 1s\n`);
  const child = spawn(LB, ['-q', '-f', config], {
    stdio: 'ignore',
    env: { ...process.env, NODE_OPTIONS: `--require ${signal}` },
  });
  t.after(() => child.kill('SIGKILL'));
  const ended = await Promise.race([once(child, 'exit'), sleep(30_000, ['still there'], { ref: false })]);
  assert.deepEqual(ended, [0, null]);
});
