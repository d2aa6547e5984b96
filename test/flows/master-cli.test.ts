/** The master's admin socket (-S): its own commands, workers behind prefixes, reloads that are waited for. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { AdminTalk, ask, connectAdmin } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

interface Service {
  readonly balancer: Balancer;
  readonly port: number;
  readonly path: string;
  /** One line to the master, the whole answer. */
  readonly tell: (line: string) => Promise<string>;
  readonly configure: (rule: string) => void;
}

async function start(t: TestContext, options = '', more = ''): Promise<Service> {
  const path = join(temporaryFolder(t), 'master.sock');
  const port = await freePort();
  const config = (rule: string): string => `global
  nbthread 1
  ${more}
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend web
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string ${rule}
`;
  const balancer = await startBalancer(t, config('one'), { args: ['-W', '-S', `${path}${options}`] });
  await until('the first worker', () => balancer.output().includes('Loading success'));
  return {
    balancer,
    port,
    path,
    tell: line => ask(path, line, { halfClose: true }),
    configure: rule => writeFileSync(join(balancer.folder, 'haproxy.cfg'), config(rule)),
  };
}

function workersOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

const HEAD = /^#<PID> {10}<type> {10}<reloads> {7}<uptime> {8}<version> *\n/;

test('show proc lists the master, the worker and those before it', async t => {
  const { balancer, port, tell } = await start(t);
  const [old] = workersOf(balancer.pid);
  const first = await tell('show proc');
  assert.match(first, HEAD);
  assert.match(
    first,
    new RegExp(`\n${balancer.pid} +master +0 \\[failed: 0\\] +0d00h00m\\d\\ds +3\\.4\\.0-lb`),
  );
  assert.match(first, new RegExp(`\n# workers\n${old} +worker +0 +0d00h00m\\d\\ds +3\\.4\\.0-lb\\S*\n\n$`));
  const client = await KeepAliveClient.open(port);
  assert.match(await tell('reload'), /^Success=1\n--\n[^]*Loading success\.\n\n$/);
  const second = await tell('show proc');
  assert.match(second, /master +1 \[failed: 0\]/);
  assert.match(
    second,
    new RegExp(`\n# workers\n(?!${old} )\\d+ +worker +0 [^]*\n# old workers\n${old} +worker +1 `),
  );
  client.close();
});

test('commands reach the process their prefix names, payloads too', async t => {
  const { balancer, tell } = await start(t);
  const [worker] = workersOf(balancer.pid);
  assert.match(await tell('@1 show info'), new RegExp(`\nPid: ${worker}\n`));
  assert.match(await tell(`@!${worker} show info`), new RegExp(`\nPid: ${worker}\n`));
  assert.match(await tell('@1;show info;@;show proc'), /\nPid: \d+\n[^]*\n\n#<PID>/);
  assert.match(await tell('@master show proc'), HEAD);
  assert.equal(await tell('@2 show info'), "Can't find the target PID matching the prefix '@2'\n");
  assert.equal(await tell('@1 echo \\;x;@1 echo y'), ';x\n\ny\n\n');
  assert.match(await tell('@1 set ssl cert nothing <<END\na\n\nb\nEND\n@1 echo behind'), /[^]\nbehind\n\n$/);
});

test('prompts tell the place, the modes and a reload that failed', async t => {
  const { balancer, path, configure } = await start(t);
  const [worker] = workersOf(balancer.pid);
  const talk = new AdminTalk(await connectAdmin(path));
  assert.equal(await talk.say('prompt', '> '), 'master> ');
  assert.equal(await talk.say('experimental-mode on;expert-mode on', '(xe)> '), 'master(x)> master(xe)> ');
  assert.equal(await talk.say('@1', '> '), `${worker}(xe)> `);
  assert.equal(await talk.say('show cli level', '> '), `admin\n\n${worker}(xe)> `);
  assert.equal(
    await talk.say('mcli-debug-mode on;expert-mode off;@', 'master(xd)> ').then(text => text.slice(-12)),
    'master(xd)> ',
  );
  assert.match(await talk.say('prompt timed', '> '), /^\[0:00:00:\d\d\] master/);
  configure('x unknown-word');
  assert.match(await talk.say('reload', '\n\n'), /^Success=0\n--\n[^]*unknown-word[^]*Failed to reload/);
  await talk.closed();
  const again = new AdminTalk(await connectAdmin(path));
  assert.equal(await again.say('prompt', '> '), 'master[ReloadFailed]> ');
  assert.match(await again.say('show startup-logs', '> '), /unknown-word[^]*\nmaster/);
  again.socket.end();
});

test('a hard reload cuts what the worker before still serves', async t => {
  const { balancer, port, tell, configure } = await start(t);
  const [old] = workersOf(balancer.pid);
  configure('two');
  assert.match(await tell('hard-reload'), /^Success=1\n/);
  await until('the end of the old worker', () => !workersOf(balancer.pid).includes(old as number));
  const answer = await exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.match(answer, /two$/);
});

test('@@ hands the conversation to a worker', async t => {
  const { tell, path } = await start(t);
  assert.equal(await tell('@@1 echo a;wait 10;echo b'), 'a\n\nDone.\n\nb\n\n');
  const talk = new AdminTalk(await connectAdmin(path));
  await talk.say('prompt', 'master> ');
  assert.equal(await talk.say('@@1', '> '), '\n> ');
  assert.match(await talk.say('show info', '\n> '), /\nPid: /);
  assert.equal(await talk.say('quit', 'master> '), 'master> ');
  assert.match(await talk.say('show proc', 'master> '), HEAD);
  talk.socket.end();
});

test('the level of the socket holds for the master and all workers', async t => {
  const { tell } = await start(t, ',level,user');
  assert.equal(await tell('@1 show cli level'), 'user\n\n');
  assert.equal(await tell('show cli level'), 'user\n\n');
  assert.match(await tell('@1 show map'), /^Permission denied\n/);
  assert.match(await tell('@@1 show map'), /^Permission denied\n/);
  assert.match(await tell('reload'), /^Permission denied\n/);
  assert.equal(await tell('expert-mode on'), 'Permission denied!\n');
});

test('expert mode goes along to the worker', async t => {
  const receiver = await startLogReceiver(t);
  const { tell } = await start(t, '', `log 127.0.0.1:${receiver.port} local0`);
  assert.match(await tell('@1 debug dev log a word'), /^This command is restricted to expert mode only/);
  await tell('@1; expert-mode on; debug dev log a word');
  await receiver.find(/^<134>.*: a word\n$/);
});

test('a socket that cannot be opened, or is none, stops the start', async t => {
  const port = await freePort();
  const config = `frontend f\n  mode http\n  timeout client 5s\n  bind 127.0.0.1:${port}\n`;
  for (const [socket, said] of [
    ['/nowhere/at/all', /Cannot open the master's admin socket/],
    ['127.0.0.1:1,level,nobody', /-S '127\.0\.0\.1:1,level,nobody' : /],
  ] as const)
    await assert.rejects(startBalancer(t, config, { args: ['-W', '-S', socket] }), said);
});
