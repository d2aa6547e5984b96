/** `lb explain` says of requests what then really happens to them: for all examples, and the configurations of teaching texts. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runExplain } from '../../src/worker/explain/command.ts';
import type { Explanation } from '../../src/worker/explain/explanation.ts';
import { LB, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { PROBE, rehome, type RehomedConfig } from '../support/rehomed-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Case {
  readonly request: string;
  readonly headers: readonly string[];
  readonly body?: string;
}

const CASES: readonly Case[] = [
  { request: 'GET http://shop.example.com/a?userid=4', headers: ['User-Agent: curl'] },
  { request: 'GET http://www.magedu.org/static/a.css', headers: [] },
  { request: 'GET http://mobile.magedu.org/index.php', headers: ['User-Agent: Wget/1'] },
  { request: 'GET http://www.example.org/x', headers: [] },
  { request: 'POST http://api.example.com/api', headers: [], body: 'a=b' },
  { request: 'GET http://blog.example.com/socket', headers: ['Cookie: SERVERID=a2; WEBSRV=web2'] },
  { request: 'GET / HTTP/1.0', headers: ['X-Try: green', 'User-Agent: ApacheBench/2'] },
  { request: 'TRACE http://shop.example.com/', headers: ['X-Forwarded-For: 192.0.2.1'] },
  { request: 'GET http://shop.example.com/haproxy-status', headers: [] },
  { request: 'HEAD http://WWW.MAGEDU.ORG/Images/a.JPG?x=1', headers: ['Connection: close'] },
  { request: 'POST http://www.example.com:8080/api/x.php', headers: ['X-Client: 192.0.2.9', 'Referer: /'] },
  {
    request: 'PUT http://shop.example.com/%41/../b//c?userid=',
    headers: ['A: 1', 'a: 2'],
    body: 'x'.repeat(5000),
  },
  {
    request: 'OPTIONS *',
    headers: ['Host: shop.example.com', 'Cookie: SRV=s2; SESSION=abc; JSESSIONID=x~y'],
  },
  { request: 'GET /no-host', headers: ['Upgrade: websocket', 'Connection: Upgrade', 'X-Powered-By: me'] },
  {
    request: 'DELETE http://blog.example.com/socket/1',
    headers: ['Transfer-Encoding: chunked'],
    body: '0\r\n\r\n',
  },
];

/** Where clients of a proxied configuration come from: addresses that rules of the seeds name, and others. */
const SOURCES = [
  '10.0.0.9',
  '192.168.0.77',
  '172.18.0.200',
  '172.18.3.1',
  '10.0.0.6',
  '198.51.100.7',
  '2001:db8::7',
];

/** Algorithms whose answer depends on what came before. */
const IN_TURN = /balance (roundrobin|static-rr|leastconn|random)|in turn/;

function explain(file: string, ...args: string[]): Explanation {
  const { status, stdout, stderr } = spawnSync(LB, ['explain', '-f', file, '--json', ...args], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Explanation;
}

/** As the program does it, without starting one for each question. */
async function explainHere(file: string, ...args: string[]): Promise<Explanation> {
  const { status, output, errors } = await runExplain(['-f', file, '--json', ...args], false);
  assert.equal(status, 0, errors);
  return JSON.parse(output) as Explanation;
}

async function send(port: number, localPort: number, bytes: string, done: () => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localPort });
    let received = '';
    const end = (): void => {
      socket.resetAndDestroy();
      resolve(received);
    };
    socket.setTimeout(30_000, end);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (isWhole(received, bytes) || done()) end();
    });
    socket.on('end', end);
    socket.on('error', reject);
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

function isWhole(bytes: string, request: string): boolean {
  const end = bytes.indexOf('\r\n\r\n');
  if (end >= 0 && /^(PROXY .*\r\n)?HEAD /.test(request)) return true;
  if (/^transfer-encoding: chunked/im.test(bytes.slice(0, end))) return bytes.endsWith('\r\n0\r\n\r\n');
  const length = Number(/^content-length: (\d+)/im.exec(bytes)?.[1] ?? 0);
  return end >= 0 && bytes.length >= end + 4 + length;
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf('\r\n'));
}

async function compare(
  config: RehomedConfig,
  frontend: string,
  file: string,
  { request, headers, body }: Case,
  proxiedFrom?: string,
): Promise<void> {
  const place = config.frontends.get(frontend) ?? assert.fail();
  const localPort = await freePort();
  const from = proxiedFrom ?? '127.0.0.1';
  const all = [...headers, PROBE].flatMap(header => ['-H', header]);
  const data = body === undefined ? [] : ['--data', body];
  const source = from.includes(':') ? `[${from}]:${localPort}` : `${from}:${localPort}`;
  const told = await explainHere(file, request, ...all, ...data, '--frontend', frontend, '--src', source);
  assert.equal(told.frontend.name, frontend);
  const { arrivals } = config;
  arrivals.length = 0;
  const family = from.includes(':') ? 'TCP6' : 'TCP4';
  const isProxied = place.acceptProxy || proxiedFrom !== undefined;
  // what is explained is a client of the first bind
  const reached = place.acceptProxy ? '::1' : '::ffff:127.0.0.1';
  const to = family === 'TCP6' ? reached : '127.0.0.1';
  const proxied = isProxied ? `PROXY ${family} ${from} ${to} ${localPort} ${place.port}\r\n` : '';
  const port = isProxied ? place.proxiedPort : place.port;
  const received = await send(port, localPort, proxied + told.request, () => arrivals.length > 0);
  const about = `${frontend}: ${request} from ${from}`;
  const { kind, toServer, toClient } = told.outcome;
  if (kind !== 'forwarded') {
    // pages that are made while they are sent: what they say of the process differs
    if (toClient !== undefined && !/^content-length:/im.test(toClient))
      assert.equal(firstLine(received), firstLine(toClient), about);
    else assert.equal(received, toClient ?? '', about);
    assert.equal(arrivals.length, 0, about);
    return;
  }
  const [arrival] = arrivals;
  assert.equal(arrival?.backend, told.backend?.name, about);
  if (!IN_TURN.test(told.server?.reason ?? '')) assert.equal(arrival?.server, told.server?.name, about);
  assert.equal(arrival?.bytes, toServer, about);
}

/** Requests of all kinds from here, and then from other clients, whose addresses a PROXY header tells. */
async function compareAll(t: TestContext, path: string): Promise<void> {
  const config = await rehome(t, readFileSync(path, 'utf8'));
  const balancer = await startBalancer(t, config.text);
  const file = join(balancer.folder, 'haproxy.cfg');
  for (const frontend of config.frontends.keys()) {
    for (const one of CASES) await compare(config, frontend, file, one);
    for (const [index, from] of SOURCES.entries())
      await compare(config, frontend, file, CASES[index % CASES.length] as Case, from);
  }
  await balancer.stop();
}

const BROKEN = ['10-kube-api.cfg'];
const SEEDS = readdirSync('test/cases/seed').filter(name => name.endsWith('.cfg') && !BROKEN.includes(name));

for (const name of readdirSync('examples').filter(one => one.endsWith('.cfg')))
  test(`examples/${name}: explained as it really happens`, t => compareAll(t, join('examples', name)));

for (const name of SEEDS)
  test(`seed ${name}: explained as it really happens`, t => compareAll(t, join('test/cases/seed', name)));

test('a configuration that does not load is refused with its errors', () => {
  const { status, stderr } = spawnSync(LB, ['explain', '-f', 'test/cases/seed/10-kube-api.cfg', 'GET /'], {
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(stderr, /10-kube-api.cfg:\d+\] : unknown keyword 'listem'/);
});

test('the first turn of a backend is the one that is told', async t => {
  const config = await rehome(
    t,
    'defaults\n timeout client 5s\n timeout server 5s\n timeout connect 5s\nlisten l\n mode http\n balance roundrobin\n bind :80\n' +
      ' server a 192.0.2.1:80 weight 1\n server b 192.0.2.2:80 weight 7\n',
  );
  const balancer = await startBalancer(t, config.text);
  const file = join(balancer.folder, 'haproxy.cfg');
  const told = explain(file, 'GET /', '-H', PROBE);
  const port = config.frontends.get('l')?.port ?? 0;
  await send(port, await freePort(), told.request, () => config.arrivals.length > 0);
  assert.equal(told.server?.name, config.arrivals[0]?.server);
});

const STORY = [
  'defaults',
  '  mode http',
  '  timeout client 5s',
  '  timeout server 5s',
  '  timeout connect 5s',
  '  timeout tarpit 1m',
  'frontend web',
  '  bind :80',
  '  bind :8443',
  '  http-request tarpit if { path /slow }',
  '  http-response set-header X-Seen %[status]',
  '  default_backend app',
  'backend app',
  '  cookie SRV insert',
  '  use-server b if { path /b }',
  '  force-persist if { path /forced }',
  '  server a 192.0.2.1:80 cookie ca',
  '  server b 192.0.2.2:80 cookie cb',
  '  server c 192.0.2.3:80 cookie cc',
  '',
].join('\n');

test('who is chosen is explained by rules, cookies and states of servers', t => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'story.cfg');
  writeFileSync(file, STORY);
  const server = (...args: string[]): string => {
    const told = explain(file, ...args);
    return `${told.server?.name}: ${told.server?.reason.replace(folder, '')}`;
  };
  assert.equal(server('GET /b'), 'b: chosen by use-server at /story.cfg:15');
  assert.equal(server('GET /', '-H', 'Cookie: SRV=cc'), "c: the request's cookie SRV names it");
  assert.equal(
    server('GET /', '-H', 'Cookie: SRV=cc', '--down', 'app/c', '--down', 'app/b'),
    'a: the only usable one of 3 servers',
  );
  assert.equal(
    server('GET /forced', '-H', 'Cookie: SRV=cc', '--down', 'app/c'),
    "c: the request's cookie SRV names it",
  );
  assert.equal(explain(file, 'GET http://x:8443/').frontend.bindLine, 9);
  const slow = explain(file, 'GET /slow');
  assert.equal(slow.termination, 'PT');
  assert.match(slow.outcome.toClient ?? '', /^HTTP\/1.1 500 /);
  const answered = explain(file, 'GET /b', '--response', '404', '--response-header', 'A: b');
  assert.match(answered.outcome.toClient ?? '', /^HTTP\/1.1 404 Not Found\r\nA: b\r\n[^]*X-Seen: 404\r\n/);
});

test('it says how it is used, when it is asked', async () => {
  const { status, output, errors } = await runExplain(['--help'], false);
  assert.deepEqual([status, errors], [0, '']);
  assert.match(output, /^Usage : lb explain -f /);
});
