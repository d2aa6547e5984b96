/** `option external-check`: a program decides. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startChecks } from '../support/check-runner.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

function script(t: TestContext, body: string): { command: string; output: string } {
  const folder = temporaryFolder(t);
  const command = join(folder, 'check.sh');
  const output = join(folder, 'output');
  writeFileSync(command, `#!/bin/sh\n${body.replaceAll('OUTPUT', output)}\n`);
  chmodSync(command, 0o755);
  return { command, output };
}

const listen = (command: string, path = '', inter = '2s'): string => `global
 external-check
 insecure-fork-wanted
listen b
 bind 127.0.0.1:8123
 option external-check
 option log-health-checks
 external-check command ${command}
 ${path}
 server s1 192.0.2.1:81 id 7 maxconn 5 check inter ${inter} rise 1 fall 1`;

const found = (line: string): string =>
  line.replace(/^.* server b\/s1 /, '').replace(/, check duration.*$/, '');

test('its exit status is the verdict', async t => {
  const good = startChecks(t, listen(script(t, 'exit 0').command));
  assert.equal(found(await good.line(/check for/)), 'succeeded, reason: External check passed, code: 0');
  const bad = startChecks(t, listen(script(t, 'exit 3').command));
  assert.equal(found(await bad.line(/check for/)), 'failed, reason: External check error, code: 3');
});

test('it gets addresses as arguments and the manual’s variables as its whole environment', async t => {
  const { command, output } = script(t, 'echo "$@" > OUTPUT; /usr/bin/env >> OUTPUT');
  const { line } = startChecks(t, listen(command, 'external-check path "/bin:/usr/bin"'));
  assert.match(await line(/check for/), /External check passed/);
  const [args, ...environment] = readFileSync(output, 'utf8').trim().split('\n');
  assert.equal(args, '127.0.0.1 8123 192.0.2.1 81');
  const own = environment.filter(text => /^(HAPROXY_|PATH=)/.test(text)).toSorted();
  assert.deepEqual(own, [
    'HAPROXY_PROXY_ADDR=127.0.0.1',
    `HAPROXY_PROXY_ID=${own.find(text => text.startsWith('HAPROXY_PROXY_ID='))?.split('=')[1]}`,
    'HAPROXY_PROXY_NAME=b',
    'HAPROXY_PROXY_PORT=8123',
    'HAPROXY_SERVER_ADDR=192.0.2.1',
    'HAPROXY_SERVER_CURCONN=0',
    'HAPROXY_SERVER_ID=7',
    'HAPROXY_SERVER_MAXCONN=5',
    'HAPROXY_SERVER_NAME=s1',
    'HAPROXY_SERVER_PORT=81',
    'HAPROXY_SERVER_PROTO=h1',
    'HAPROXY_SERVER_SSL=0',
    'PATH=/bin:/usr/bin',
  ]);
  assert.ok(
    !environment.some(text => text.startsWith('HOME=')),
    'the rest of the environment is not handed on',
  );
});

test('one that takes too long is ended', async t => {
  const { line } = startChecks(t, listen(script(t, 'exec /bin/sleep 20').command, '', '100ms'));
  assert.equal(found(await line(/check for/)), 'failed, reason: External check timeout, code: 0');
});

test('one that does not heed SIGTERM is killed a moment later', async t => {
  const { command, output } = script(
    t,
    `trap '' TERM; echo $$ > OUTPUT; while [ -e OUTPUT ]; do /bin/sleep 0.1; done`,
  );
  const { line } = startChecks(t, listen(command, '', '1s'));
  assert.match(await line(/check for/), /External check timeout/);
  const pid = Number(readFileSync(output, 'utf8'));
  assert.ok(existsSync(`/proc/${pid}`), 'SIGTERM has not ended it');
  await until('its end', () => !existsSync(`/proc/${pid}`));
});

test('one that cannot be started fails', async t => {
  const { line } = startChecks(t, listen('/nonexistent/check'));
  assert.match(await line(/check for/), /failed, reason: External check error, code: 255, info: ".*ENOENT/);
});

test('one that is killed, or may not be run, fails', async t => {
  const killed = startChecks(t, listen(script(t, 'kill -KILL $$').command));
  assert.match(await killed.line(/check for/), /failed, reason: External check error/);
  const { command } = script(t, 'exit 0');
  chmodSync(command, 0o644);
  const forbidden = startChecks(t, listen(command));
  assert.match(await forbidden.line(/check for/), /failed, reason: External check error, code: 255/);
});
