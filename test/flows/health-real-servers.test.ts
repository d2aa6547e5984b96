/**
 * The ready-made checks against the real servers: healthy, refusing, hung (stopped by a signal), gone, and something
 * else in their place.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { firstFinding } from '../support/check-runner.ts';
import { startRawOrigin } from '../support/origin.ts';
import {
  hang,
  postgresPrograms,
  startMariadb,
  startNginx,
  startPostgres,
  startRedis,
  startSlapd,
  startSmtpd,
  type RealServer,
} from '../support/real-server.ts';
import { requires } from '../support/requirement.ts';

/** What all servers have in common when they fail: hung, gone, and replaced by what closes at once. */
async function failsInAllWays(t: TestContext, rules: string, server: RealServer): Promise<void> {
  await hang(server);
  assert.match(await firstFinding(t, rules, server.address), /^failed, reason: Layer7 timeout/);
  server.process.kill('SIGKILL');
  await once(server.process, 'exit');
  assert.match(
    await firstFinding(t, rules, server.address),
    /^failed, reason: Layer4 connection problem, info: "ECONNREFUSED/,
  );
  const impostor = await startRawOrigin(t, socket => socket.end('\0impostor\r\n'));
  assert.match(await firstFinding(t, rules, impostor.address), /^failed, reason: (Layer7|Socket error)/);
}

test('redis-check passes a Redis, and one that asks for a password says so', async t => {
  if (!requires(t, 'redis-server')) return;
  const server = await startRedis(t);
  assert.match(
    await firstFinding(t, 'option redis-check', server.address),
    /^succeeded.*"Redis server is ok"/,
  );
  const guarded = await startRedis(t, '--requirepass', 'x');
  assert.match(
    await firstFinding(t, 'option redis-check', guarded.address),
    /^failed, reason: Layer7 wrong status.*NOAUTH Authentication required/,
  );
  await failsInAllWays(t, 'option redis-check', server);
});

test('pgsql-check passes a PostgreSQL that asks for a password, and not one that rejects it', async t => {
  const programs = postgresPrograms();
  if (programs === undefined) return void requires(t, 'initdb');
  const server = await startPostgres(t, programs, 'scram-sha-256');
  const rules = 'option pgsql-check user haproxy';
  assert.match(await firstFinding(t, rules, server.address), /^succeeded.*"PostgreSQL server is ok"/);
  const closed = await startPostgres(t, programs, 'reject');
  assert.match(
    await firstFinding(t, rules, closed.address),
    /^failed, reason: Layer7 invalid response, info: "FATAL: pg_hba.conf rejects connection/,
  );
  await failsInAllWays(t, rules, server);
});

test('mysql-check passes a MariaDB with and without a user, and not for a user it does not know', async t => {
  if (!requires(t, 'mariadbd')) return;
  const server = await startMariadb(t);
  for (const rules of [
    'option mysql-check',
    'option mysql-check user haproxy',
    'option mysql-check user haproxy post-80',
  ])
    assert.match(await firstFinding(t, rules, server.address), /^succeeded.*MariaDB/, rules);
  assert.match(
    await firstFinding(t, 'option mysql-check user nobody', server.address),
    /^failed, reason: Layer7 wrong status, code: 1045, info: ".*Access denied/,
  );
  await failsInAllWays(t, 'option mysql-check user haproxy', server);
});

test('ldap-check passes a slapd, and not one that refuses to be asked anonymously', async t => {
  if (!requires(t, 'slapd')) return;
  const server = await startSlapd(t);
  assert.match(await firstFinding(t, 'option ldap-check', server.address), /^succeeded.*"Success"/);
  const strict = await startSlapd(t, 'disallow bind_anon');
  assert.match(
    await firstFinding(t, 'option ldap-check', strict.address),
    /^failed, reason: Layer7 wrong status, code: 48/,
  );
  await failsInAllWays(t, 'option ldap-check', server);
});

test('smtpchk passes an SMTP server, by HELO and by EHLO', async t => {
  if (!requires(t, 'smtpd', 'root')) return;
  const server = await startSmtpd(t);
  for (const rules of ['option smtpchk', 'option smtpchk EHLO check.example'])
    assert.match(
      await firstFinding(t, rules, server.address),
      /^succeeded, reason: Layer7 check passed, code: 221/,
      rules,
    );
  // its parent process does not serve: to hang and kill it would not be about this check
  const impostor = await startRawOrigin(t, socket => socket.end('554 no\r\n'));
  assert.match(await firstFinding(t, 'option smtpchk', impostor.address), /^failed.*code: 554, info: "no"/);
});

test('httpchk judges an nginx by its answers', async t => {
  if (!requires(t, 'nginx')) return;
  const server = await startNginx(t, 'return 200 "ready\\n";');
  const rules = 'option httpchk GET / HTTP/1.1 test\n http-check expect string ready';
  assert.equal(
    await firstFinding(t, rules, server.address),
    'succeeded, reason: Layer7 check passed, code: 200',
  );
  const broken = await startNginx(t, 'return 503;');
  assert.equal(
    await firstFinding(t, 'option httpchk GET /', broken.address),
    'failed, reason: Layer7 wrong status, code: 503, info: "Service Temporarily Unavailable"',
  );
  await failsInAllWays(t, rules, server);
});
