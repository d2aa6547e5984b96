/** Programs that people use with HAProxy's admin socket, run against this one: socat, hatop, an exporter, Nagios. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { startAdminBalancer, type AdminBalancer } from '../support/admin-balancer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { untilMatches } from '../support/until.ts';

const run = promisify(execFile);

async function start(t: TestContext, program?: string): Promise<AdminBalancer> {
  const origin = await startHttpOrigin(t, 'one');
  const app = `  server one ${origin.address} check inter 100ms\n  server two 127.0.0.1:1 disabled`;
  const balancer = await startAdminBalancer(t, { globals: '  maxconn 1000', app, program });
  for (let count = 0; count < 3; count++)
    await exchangeRaw(balancer.web, 'GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
  return balancer;
}

test('socat passes commands and answers, with and without a line end', async t => {
  if (!requires(t, 'socat')) return;
  const { path } = await start(t);
  const script = (text: string): Promise<{ stdout: string }> =>
    run('sh', ['-c', `${text} | socat stdio "$1"`, 'sh', path]);
  assert.equal((await script(`echo 'show cli level'`)).stdout, 'admin\n\n');
  assert.equal(
    (await script(`printf 'show cli level;get weight app/one'`)).stdout,
    'admin\n\n1 (initial 1)\n\n',
  );
  assert.match((await script(`printf 'prompt\\nshow cli level\\nquit\\n'`)).stdout, /^\n> admin\n\n> $/);
  const names = await script(`echo 'show stat'`);
  assert.match(names.stdout, /^# pxname,svname,/);
});

for (const program of [undefined, 'haproxy'] as const)
  test(`hatop draws its screen of ${program ?? 'lb'}`, async t => {
    if (!requires(t, 'hatop', 'script', 'haproxy')) return;
    await watchScreen(t, (await start(t, program)).path);
  });

async function watchScreen(t: TestContext, path: string): Promise<void> {
  const command = `stty cols 160 rows 40; TERM=xterm exec hatop -s ${path}`;
  const child = spawn('script', ['-qec', `sh -c '${command}'`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.after(() => child.kill('SIGKILL'));
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => (screen += chunk.toString('latin1')));
  const shows = (text: RegExp): Promise<string> => untilMatches(() => plain(screen), text);
  await shows(/HATop version .*Node: /);
  await shows(/app[^]*one 1 (- none|UP)[^]*two [^]*MAINT/);
  child.stdin.write('2');
  await shows(/LBTOT +RATE[^]*BOUT/);
  child.stdin.write('5');
  await shows(/embedded interactive HAProxy shell/);
  child.stdin.write('get weight app/one\r');
  await shows(/1 \(initial 1\)/);
  child.stdin.write('\x1b1');
  await shows(/shell[^]*SLIM/);
  child.stdin.write('q');
  await once(child, 'exit', { signal: AbortSignal.timeout(60_000) });
}

/** What a terminal would show, roughly: no control sequences, blanks squeezed. */
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\x1b(?:\[[0-9;?]*[A-Za-z]|\([A-Z]|[=>])/g, ' ').replace(/[\r ]+/g, ' ');
}

test('the exporter finds its counters on the unix socket', async t => {
  if (!requires(t, 'prometheus-haproxy-exporter', 'haproxy')) return;
  const metrics = await scrape(t, (await start(t)).path);
  assert.match(metrics, /^haproxy_up 1$/m);
  assert.match(metrics, /^haproxy_frontend_http_responses_total\{code="2xx",frontend="web"\} 3$/m);
  assert.match(metrics, /^haproxy_server_up\{backend="app",server="one"\} 1$/m);
  assert.match(metrics, /^haproxy_exporter_csv_parse_failures(?:_total)? 0$/m);
  const theirs = await scrape(t, (await start(t, 'haproxy')).path);
  assert.deepEqual(seriesOf(metrics), seriesOf(theirs));
});

/** What is told about frontends, backends and servers, without the values. */
function seriesOf(metrics: string): readonly string[] {
  return [...metrics.matchAll(/^(haproxy_(?:frontend|backend|server)_\S+) /gm)]
    .map(match => match[1] as string)
    .sort();
}

async function scrape(t: TestContext, path: string): Promise<string> {
  const port = await freePort();
  const exporter = spawn(
    'prometheus-haproxy-exporter',
    [`--haproxy.scrape-uri=unix:${path}`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  );
  t.after(() => exporter.kill('SIGKILL'));
  return fetchWhenReady(`http://127.0.0.1:${port}/metrics`);
}

async function fetchWhenReady(url: string): Promise<string> {
  for (const deadline = Date.now() + 60_000; ; await sleep(50)) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

test('the Nagios plugin judges proxies by the socket', async t => {
  if (!requires(t, 'check_haproxy_stats', 'haproxy')) return;
  const ours = await judgements((await start(t)).path);
  assert.match(ours[0] as string, /^Check haproxy OK - checked \d proxies\./);
  assert.match(ours[1] as string, /CRITICAL/);
  assert.deepEqual(ours, await judgements((await start(t, 'haproxy')).path));
});

/** Of a good state, and of one with a server that is down. */
async function judgements(path: string): Promise<readonly string[]> {
  const plugin = '/usr/lib/nagios/plugins/check_haproxy_stats';
  const good = await run(plugin, ['-s', path, '-m']);
  await ask(path, 'set server app/one addr 127.0.0.1 port 1');
  const judge = (): Promise<string> =>
    run(plugin, ['-s', path, '-m'])
      .catch((error: unknown) => error as { stdout: string })
      .then(({ stdout }) => stdout);
  // while a check is under way the plugin leaves its status out
  return [good.stdout, await untilMatches(judge, /one is DOWN \(check status/)];
}

test('answers are not made for clients that have gone: who comes after them is answered without delay', async t => {
  const { path, pid } = await startWithManyServers(t);
  const before = processorTicks(pid);
  const answer = await ask(path, 'show stat');
  assert.match(answer, /^x299,BACKEND,/m);
  const ticksOfOne = processorTicks(pid) - before;
  // stopped, so that all of them have gone by the time it looks
  process.kill(pid, 'SIGSTOP');
  for (let count = 0; count < CLIENTS_GONE; count++) await sayAndGo(path, 'show stat\n'.repeat(100));
  const stopped = processorTicks(pid);
  process.kill(pid, 'SIGCONT');
  assert.match(await ask(path, 'show info'), /^Name: /);
  const ticks = processorTicks(pid) - stopped;
  assert.ok(ticks < (CLIENTS_GONE * ticksOfOne) / 4 + 25, `${ticks} ticks, ${ticksOfOne} for an answer`);
});

const CLIENTS_GONE = 100;

async function startWithManyServers(t: TestContext): Promise<{ path: string; pid: number }> {
  const path = join(temporaryFolder(t), 'admin.sock');
  const backends = Array.from({ length: 300 }, (_, index) => `backend x${index}\n  server s 127.0.0.1:1\n`);
  const { pid } = await startBalancer(
    t,
    `global
  stats socket ${path} level admin
defaults
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${await freePort()}
  default_backend x0
${backends.join('')}`,
  );
  return { path, pid };
}

async function sayAndGo(path: string, text: string): Promise<void> {
  const socket = connect(path);
  await once(socket, 'connect');
  await new Promise(resolve => socket.write(text, resolve));
  socket.destroy();
}

/** Processor time of a process in hundredths of a second. */
function processorTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ');
  return Number(fields[13]) + Number(fields[14]);
}
