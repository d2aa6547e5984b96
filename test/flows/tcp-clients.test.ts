/** Mode tcp between real databases, a mail server, and their own clients. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import {
  postgresPrograms,
  startMariadb,
  startPostgres,
  startRedis,
  startSmtpd,
  type RealServer,
} from '../support/real-server.ts';
import { requires } from '../support/requirement.ts';

const WITHIN_MS = 60_000;

async function startInFront(t: TestContext, { address }: RealServer): Promise<string> {
  const port = await freePort();
  await startBalancer(
    t,
    `listen l
  mode tcp
  bind 127.0.0.1:${port}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  server s ${address}
`,
  );
  return String(port);
}

/** Its output; fails unless it ends well. */
async function run(
  program: string,
  args: readonly string[],
  input?: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, timeout: WITHIN_MS });
  const chunks: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, `${program}: ${Buffer.concat(errors).toString()}`);
  return Buffer.concat(chunks).toString();
}

test('redis-cli and redis-benchmark are served: pipelines, many connections, large values', async t => {
  if (!requires(t, 'redis-server', 'redis-cli', 'redis-benchmark')) return;
  const port = await startInFront(t, await startRedis(t));
  const commands = Array.from({ length: 20_000 }, (_, index) => `SET key:${index} value:${index}\n`).join('');
  assert.match(await run('redis-cli', ['-p', port, '--pipe'], commands), /errors: 0, replies: 20000/);
  assert.equal(await run('redis-cli', ['-p', port, 'DBSIZE']), '20000\n');
  const large = 'x'.repeat(3_000_000);
  await run('redis-cli', ['-p', port, '-x', 'SET', 'large'], large);
  assert.equal(await run('redis-cli', ['-p', port, 'GET', 'large']), `${large}\n`);
  const figures = await run('redis-benchmark', ['-p', port, '-q', '-n', '3000', '-c', '30', '-t', 'set,get']);
  assert.match(figures, /GET: [\d.]+ requests per second/);
});

test('mysql is served: logins, large results, an upload', async t => {
  if (!requires(t, 'mariadbd', 'mysql')) return;
  const port = await startInFront(t, await startMariadb(t));
  const ask = (statement: string, input?: string): Promise<string> =>
    run('mysql', ['-h', '127.0.0.1', '-P', port, '-u', 'haproxy', '-N', '-B', '-e', statement], input);
  assert.equal(await ask("SELECT REPEAT('x', 5000000)"), `${'x'.repeat(5_000_000)}\n`);
  assert.equal(await ask(`SELECT LENGTH('${'y'.repeat(100_000)}')`), '100000\n');
  const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => ask(`SELECT ${index}`)));
  assert.deepEqual(
    answers,
    answers.map((_, index) => `${index}\n`),
  );
});

test('psql is served: what is copied in comes out again', async t => {
  const programs = postgresPrograms();
  if (programs === undefined) return void requires(t, 'initdb');
  if (!requires(t, 'psql')) return;
  const port = await startInFront(t, await startPostgres(t, programs, 'scram-sha-256'));
  const ask = (statement: string, input?: string): Promise<string> =>
    run('psql', ['-h', '127.0.0.1', '-p', port, '-U', 'postgres', '-q', '-A', '-t', '-c', statement], input, {
      PGPASSWORD: 'secret',
    });
  const rows = Array.from({ length: 100_000 }, (_, index) => `${index}\trow number ${index}\n`).join('');
  await ask('CREATE TABLE t (id int, name text)');
  await ask('COPY t FROM STDIN', rows);
  assert.equal(await ask('COPY (SELECT * FROM t ORDER BY id) TO STDOUT'), rows);
});

test('a mail server is spoken to, which greets first and closes last', async t => {
  if (!requires(t, 'smtpd')) return;
  const port = await startInFront(t, await startSmtpd(t));
  const socket = connect(Number(port), '127.0.0.1');
  const ended = once(socket, 'close', { signal: AbortSignal.timeout(WITHIN_MS) });
  const codes: string[] = [];
  const say = ['EHLO client.example', 'NOOP', 'QUIT'];
  createInterface(socket).on('line', line => {
    if (line[3] !== ' ') return;
    codes.push(line.slice(0, 3));
    const next = say.shift();
    if (next !== undefined) socket.write(`${next}\r\n`);
  });
  await ended;
  assert.deepEqual(codes, ['220', '250', '250', '221']);
});
