/** The package as its users get it: packed, installed into a folder of its own, started from there. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MINUTES = 60_000;

function npm(...args: readonly string[]): string {
  return execFileSync('npm', [...args], { encoding: 'utf8', timeout: 3 * MINUTES, stdio: 'pipe' });
}

/** Packages come from npm's cache where it has them. */
test('npm pack and npm install -g give a program that serves', { timeout: 5 * MINUTES }, async t => {
  const folder = temporaryFolder(t);
  npm('pack', '--ignore-scripts', '--pack-destination', folder);
  const [archive] = readdirSync(folder);
  assert.match(archive ?? '', /^lb-.*\.tgz$/);
  npm('install', '-g', '--prefix', folder, '--prefer-offline', join(folder, archive as string));
  const program = join(folder, 'bin/lb');

  const version = spawnSync(program, ['-v'], { encoding: 'utf8', cwd: folder });
  assert.match(version.stdout, /^lb version \d/);
  const port = await freePort();
  const config = `defaults
  mode http
  timeout client 5s
listen l
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string served
`;
  writeFileSync(join(folder, 'a.cfg'), config);
  const checked = spawnSync(program, ['-c', '-f', 'a.cfg'], { encoding: 'utf8', cwd: folder });
  assert.equal(checked.status, 0, checked.stderr);
  const balancer = await startBalancer(t, config, { program });
  const answer = await exchangeRaw(port, 'GET / HTTP/1.0\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 200 [^]*served$/);
  assert.equal(await balancer.stop(), 0, balancer.output());
});
