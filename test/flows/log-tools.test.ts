/** Tools that read HAProxy's logs find the same in ours: one load through both programs, the same figures from their lines. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);

const REQUESTS = [
  ...Array.from({ length: 12 }, (_, index) => ['GET', `/page/${index % 3}?x=${index}`]),
  ...Array.from({ length: 5 }, () => ['POST', '/form']),
  ...Array.from({ length: 4 }, () => ['GET', '/missing']),
  ...Array.from({ length: 3 }, () => ['GET', '/denied']),
  ...Array.from({ length: 2 }, () => ['GET', '/dead']),
  ['HEAD', '/page/1'],
  ['GET', '/moved'],
  ['GET', '/broken'],
] as const;

/** The lines of a load, in the file a syslog daemon would write. */
async function logOf(t: TestContext, file: string, program?: string): Promise<string> {
  const [receiver, port, dead] = [await startLogReceiver(t), await freePort(), await freePort()];
  const origin = await startHttpOrigin(t, 'one', (request, response) => {
    if (request.url === '/broken') response.destroy();
    else response.writeHead(request.url === '/missing' ? 404 : 200).end('fine');
  });
  await startBalancer(
    t,
    `global
  log 127.0.0.1:${receiver.port} local0
defaults
  log global
  mode http
  option httplog
  retries 0
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${port}
  http-request deny if { path /denied }
  http-request redirect location /page/1 if { path /moved }
  use_backend dead if { path /dead }
  default_backend app
backend app
  balance roundrobin
  server one ${origin.address}
  server two ${origin.address}
backend dead
  server gone 127.0.0.1:${dead}
`,
    { ports: [port], ...(program !== undefined && { program }) },
  );
  for (const [method, path] of REQUESTS)
    await exchangeRaw(
      port,
      `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  const lines = (): string[] => receiver.lines.filter(line => line.includes(' web '));
  while (lines().length < REQUESTS.length) await receiver.next();
  // <priority>Mon dd hh:mm:ss tag: ... -> Mon dd hh:mm:ss host tag: ...
  const text = lines().map(line => line.replace(/^<\d+>(.{15}) /, '$1 host '));
  writeFileSync(file, text.join(''));
  return file;
}

async function logsOfBoth(t: TestContext): Promise<readonly [string, string]> {
  const folder = temporaryFolder(t);
  return [await logOf(t, join(folder, 'ours.log')), await logOf(t, join(folder, 'theirs.log'), 'haproxy')];
}

/** Times differ: only the columns named are compared, and the order of lines that are equal in them is theirs to choose. */
async function halog(file: string, option: string, columns?: readonly number[]): Promise<readonly string[]> {
  const { stdout } = await run('sh', ['-c', `PATH=$PATH:/usr/sbin halog -q ${option} < "$1"`, 'sh', file]);
  const lines = stdout.trim().split('\n');
  const picked = (line: string): string => {
    const words = line.trim().split(/\s+/);
    return columns === undefined ? words.join(' ') : columns.map(column => words[column]).join(' ');
  };
  return lines
    .filter(line => !line.startsWith('#'))
    .map(picked)
    .sort();
}

test('halog finds the same requests, codes, states, servers and URLs in our log as in the real one', async t => {
  if (!requires(t, 'haproxy', 'halog')) return;
  const [ours, theirs] = await logsOfBoth(t);
  assert.deepEqual(await halog(ours, '-H -c'), [String(REQUESTS.length)]);
  // -srv: server, codes 1xx to other, requests, errors; -u: count, errors, URL; the rest is times
  for (const [option, columns] of [
    ['-st', undefined],
    ['-tc', undefined],
    ['-e -c', undefined],
    ['-E -c', undefined],
    ['-hs 404 -c', undefined],
    ['-srv', [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    ['-u', [0, 1, 8]],
    ['-Q -c', undefined],
  ] as const)
    assert.deepEqual(await halog(ours, option, columns), await halog(theirs, option, columns), option);
});

const ANALYSES = [
  'counter',
  'counter_invalid',
  'http_methods',
  'status_codes_counter',
  'request_path_counter',
  'server_load',
  'counter_slow_requests',
  'queue_peaks',
];

/** Names come in the order of their first lines, which threads write as they get to it. */
function countsIn(report: string | undefined, file: string): string | undefined {
  const inOrder = (_: string, counts: string): string => `{${counts.split(', ').sort().join(', ')}}`;
  return report?.replaceAll(file, 'LOG').replace(/\{(.*)\}/, inOrder);
}

test('haproxy-log-analysis counts the same in our log as in the real one', async t => {
  if (!requires(t, 'haproxy', 'haproxy_log_analysis')) return;
  const [ours, theirs] = await logsOfBoth(t);
  for (const command of ANALYSES) {
    const [own, other] = await Promise.all(
      [ours, theirs].map(
        async file => (await run('haproxy_log_analysis', ['-l', file, '-c', command])).stdout,
      ),
    );
    assert.equal(countsIn(own, ours), countsIn(other, theirs), command);
  }
  const counted = (await run('haproxy_log_analysis', ['-l', ours, '-c', 'counter'])).stdout;
  assert.match(counted, new RegExp(`\\b${REQUESTS.length}\\b`), readFileSync(ours, 'latin1'));
});
