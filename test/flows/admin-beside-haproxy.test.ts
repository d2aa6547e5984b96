/** The admin socket beside the real HAProxy's: the same configuration, the same line to both, the same shape back. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { compareAnswers, type Row } from '../support/admin-answers.ts';
import { ask } from '../support/admin-client.ts';
import { ADMIN_ROWS } from '../support/admin-rows.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { untilMatches } from '../support/until.ts';

type Tell = (line: string) => Promise<string>;

const DEFAULTS = `defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
`;

async function start(t: TestContext, origin: string, program?: string): Promise<Tell> {
  const folder = temporaryFolder(t);
  const [path, map] = [join(folder, 's'), join(folder, 'm.map')];
  writeFileSync(map, '/a first\n/b second\n');
  const [web, other] = [await freePort(), await freePort()];
  const asked = new EventEmitter();
  const silent = await startHttpOrigin(t, 'silent', () => void asked.emit('request'));
  await startBalancer(
    t,
    `global
  nbthread 2
  maxconn 1000
  stats socket ${path} level admin
${DEFAULTS}
resolvers dns
  nameserver one 127.66.0.1:53
frontend web
  bind 127.0.0.1:${web}
  http-request set-header x-mapped %[path,map(${map},none)]
  use_backend silent if { path /silent }
  default_backend app
frontend other
  bind 127.0.0.1:${other}
  default_backend app
backend app
  balance roundrobin
  server one ${origin} weight 10
  server checked ${origin} check inter 60s
backend silent
  server s ${silent.address}
backend tab
  stick-table type ip size 100 store http_req_cnt
`,
    { ports: [web, other], ...(program !== undefined && { program }) },
  );
  for (let count = 0; count < 3; count++)
    await exchangeRaw(web, 'GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
  const waiting = connect(web, '127.0.0.1');
  t.after(() => waiting.destroy());
  const arrival = once(asked, 'request', { signal: AbortSignal.timeout(60_000) });
  waiting.write('GET /silent HTTP/1.1\r\nHost: test\r\n\r\n');
  await arrival;
  return line => ask(path, line.replaceAll('MAP', map));
}

async function compareAll(rows: readonly Row[], ours: Tell, theirs: Tell): Promise<void> {
  const wrong: string[] = [];
  for (const row of rows) {
    const answers = [await ours(row.line), await theirs(row.line)] as const;
    try {
      compareAnswers(row, ...answers);
    } catch (error) {
      wrong.push(`${row.line}\n${(error as Error).message}`);
    }
  }
  assert.equal(wrong.join('\n\n'), '');
}

test('every command answers in the shape of the real program', async t => {
  if (!requires(t, 'haproxy')) return;
  const origin = await startHttpOrigin(t, 'origin');
  const ours = await start(t, origin.address);
  await compareAll(ADMIN_ROWS, ours, await start(t, origin.address, 'haproxy'));
});

const MASTER_ROWS: readonly Row[] = [
  { line: 'show proc', as: 'first line' },
  { line: 'show proc debug', as: 'first line' },
  { line: '@1 show info', as: 'names', dropped: ['TotalSplicdedBytesOut'] },
  ...['@1 show cli level;show cli level', '@9 show info', '@!999999 show info', '@x', 'show cli level'].map(
    (line): Row => ({ line, as: 'same' }),
  ),
  ...['user', 'operator;show cli level', '@1;show cli level', '@1 get weight x/y', 'expert-mode'].map(
    (line): Row => ({ line, as: 'same' }),
  ),
  ...['prompt\n@1\nshow cli level\n@master', '@1 user;@1 show cli level'].map((line): Row => ({
    line,
    as: 'same',
  })),
  { line: 'help', as: 'first line' },
  { line: 'show version', as: 'both speak' },
];

async function startMaster(t: TestContext, program?: string): Promise<Tell> {
  const path = join(temporaryFolder(t), 'master.sock');
  const port = await freePort();
  await startBalancer(t, `${DEFAULTS}\nfrontend web\n  bind 127.0.0.1:${port}\n`, {
    args: ['-W', '-S', path],
    ...(program !== undefined && { program }),
  });
  const tell: Tell = line => ask(path, line, { halfClose: true });
  // the real one resets whoever comes before its worker is there
  const early: Tell = program === undefined ? tell : line => tell(line).catch(String);
  await untilMatches(() => early('@1 show version'), /^\d/);
  return tell;
}

test('the master answers in the shape of the real program', async t => {
  if (!requires(t, 'haproxy')) return;
  await compareAll(MASTER_ROWS, await startMaster(t), await startMaster(t, 'haproxy'));
});

test('no command that is common is left out of the comparison', () => {
  const [, ...entries] = readFileSync('test/cases/admin/commands.tsv', 'utf8').trimEnd().split('\n');
  const lines = [...ADMIN_ROWS, ...MASTER_ROWS].map(({ line }) => line);
  const missing = entries.filter(entry => {
    const [, pattern = ''] = entry.split('\t');
    return !lines.some(line => new RegExp(pattern).test(line));
  });
  assert.deepEqual(missing, []);
  assert.ok(entries.length > 80);
});
