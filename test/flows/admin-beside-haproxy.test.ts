/**
 * The admin socket beside the real HAProxy's: the same configuration, the same line to both, the same shape back. The
 * installed HAProxy may be older than the one this program follows (3.4): where the versions differ on purpose the
 * row says so.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

type Tell = (line: string) => Promise<string>;

/** How two answers are held against each other. */
type Comparison =
  /** Equal when numbers, addresses in memory and dates do not count. */
  | 'same'
  /** The first line is. */
  | 'first line'
  /** The words of the first line: all of HAProxy's are there, in their order. */
  | 'head'
  /** Both say something, or both say nothing. */
  | 'both speak'
  /** Names before a colon, one a line: all of HAProxy's are there, in their order. */
  | 'names'
  /** A head line of names: HAProxy's are all there, in their order; each row has as many columns as its head. */
  | 'columns'
  /** As `columns`, the separator is a blank. */
  | 'words'
  /** Lines `<object>.<place>.<name>.<n>:...`: all of HAProxy's names are there. */
  | 'typed'
  /** The same of JSON: every name of a field. */
  | 'json'
  /** As `expected` says. */
  | 'newer';

interface Row {
  readonly line: string;
  readonly as: Comparison;
  /** Names that HAProxy 2.6 has and 3.4 has not. */
  readonly dropped?: readonly string[];
  /** What 3.4 answers, where it is not what 2.6 answers. */
  readonly expected?: string;
}

const same = (...lines: readonly string[]): Row[] => lines.map(line => ({ line, as: 'same' }));
const firstLine = (...lines: readonly string[]): Row[] => lines.map(line => ({ line, as: 'first line' }));
const speaks = (...lines: readonly string[]): Row[] => lines.map(line => ({ line, as: 'both speak' }));

const ROWS: readonly Row[] = [
  ...same('show cli level', 'show cli sockets', 'show backend', 'quit', 'operator', 'user', 'user;operator'),
  ...same(
    'show env HOME',
    'show env NOT_THERE',
    'set timeout cli 30',
    'set timeout cli',
    'set timeout cli x',
    'set timeout x',
  ),
  ...same('get weight app/one', 'get weight app/nobody', 'get weight nothing/one', 'get weight app'),
  ...same(
    'set weight app/one 50%',
    'get weight app/one',
    'set weight app/one 300',
    'set weight app/one x',
    'set weight app/one',
  ),
  ...same(
    'set server app/one weight 100%',
    'set server app/one state drain',
    'set server app/one state maint',
  ),
  ...same(
    'set server app/one state ready',
    'set server app/one state x',
    'set server app/nobody state ready',
  ),
  ...same('set server app/one health up', 'set server app/one health x', 'set server app/one agent up'),
  ...same(
    'set server app/checked health down',
    'set server app/checked health up',
    'set server app/checked check-port x',
  ),
  ...same('set server app/one addr', 'set server app/one addr 127.0.0.9 port 81'),
  ...same('set server app/one addr 127.0.0.10', 'set server app/one fqdn'),
  ...same(
    'set server app/one fqdn name.example',
    'set server app/one check-addr',
    'set server app/one check-port',
  ),
  ...same('set server app/one check-port 1', 'set server app/checked check-port 65536'),
  ...same('enable server app/one', 'disable server app/one', 'enable server app/one', 'disable server app'),
  ...same(
    'enable health app/one',
    'disable health app/checked',
    'enable health app/checked',
    'enable agent app/one',
    'disable agent app/one',
  ),
  ...same('set maxconn server app/one 10', 'set maxconn server app/one', 'set maxconn server app/one x'),
  ...same(
    'set maxconn frontend web 10',
    'set maxconn frontend web',
    'set maxconn frontend nobody 1',
    'set maxconn frontend web -1',
  ),
  ...same('set maxconn global 10', 'set maxconn global', 'set maxconn global 99999999'),
  ...same(
    'set rate-limit sessions global 10',
    'set rate-limit connections global 10',
    'set rate-limit ssl-sessions global 10',
  ),
  ...same('set rate-limit sessions global', 'set rate-limit sessions global -1'),
  ...firstLine('set rate-limit x', 'set server app/one'),
  ...same(
    'disable frontend web',
    'disable frontend web',
    'enable frontend web',
    'enable frontend web',
    'disable frontend nobody',
    'disable frontend',
  ),
  ...same(
    'clear counters',
    'clear counters all',
    'show servers state nobody',
    'shutdown session x',
    'shutdown session 0x1',
  ),
  ...same(
    'shutdown sessions server app/one',
    'shutdown sessions server app/nobody',
    'shutdown sessions server app',
  ),
  ...same(
    'show sess 0x1',
    'show errors',
    'show errors nobody',
    'show peers',
    'show cache',
    'show tls-keys',
    'show table',
  ),
  ...same('show table x', 'clear table x', 'set table x key 1'),
  ...same(
    'show ssl cert x',
    'commit ssl cert x',
    'set ssl cert x',
    'set ssl ocsp-response',
    'show startup-logs',
  ),
  ...same(
    'get var',
    'get var proc.nothing',
    'show map nothing',
    'show acl nothing',
    'get map nothing x',
    'get map',
    'get acl',
  ),
  ...same(
    'add map nothing a b',
    'add map',
    'set map nothing a b',
    'set map',
    'del map nothing a',
    'del map',
    'clear map nothing',
    'clear map',
  ),
  ...same(
    'add acl nothing a',
    'add acl',
    'del acl nothing a',
    'clear acl nothing',
    'prepare map nothing',
    'commit map @1 nothing',
    'commit map x',
  ),
  ...same(
    'get map MAP /a',
    'get map MAP /nothing',
    'set map MAP /a other',
    'get map MAP /a',
    'add map MAP /new value',
    'show map MAP',
  ),
  ...same(
    'del map MAP /new',
    'del map MAP /new',
    'prepare map MAP',
    'add map @1 MAP /x y',
    'show map @1 MAP',
    'commit map @1 MAP',
    'commit map @9 MAP',
  ),
  ...same(
    'show map MAP',
    'clear map MAP',
    'show map MAP',
    'set map MAP /gone x',
    'del server app/one',
    'del server app/nobody',
    'add server app',
  ),
  ...same(
    'add server app/new 127.0.0.1:9',
    'add server app/new 127.0.0.1:9',
    'disable server app/new',
    'del server app/new',
    'add server app/new',
  ),
  ...firstLine('show servers state', 'show resolvers nobody', 'show stat nobody 1 1', 'show stat domain x'),
  ...firstLine(
    'shutdown frontend other',
    'shutdown frontend other',
    'show map',
    'show acl',
    'set severity-output',
    'expert-mode',
  ),
  ...speaks(
    'show version',
    'show sess',
    'show sess all',
    'show activity',
    'show fd',
    'show pools',
    'show threads',
    'show libs',
    'show events',
    'help',
  ),
  { line: 'set server app/one addr x', as: 'newer', expected: `Invalid addr 'x'` },
  {
    line: 'set server app/one addr 127.0.0.10 port x',
    as: 'newer',
    expected: `problem converting port 'x' to an int`,
  },
  { line: 'show info', as: 'names', dropped: ['TotalSplicdedBytesOut'] },
  { line: 'show info desc', as: 'names', dropped: ['TotalSplicdedBytesOut'] },
  { line: 'show stat', as: 'columns' },
  { line: 'show stat app 4 -1', as: 'columns' },
  { line: 'show servers state app', as: 'words' },
  { line: 'show servers conn app', as: 'head' },
  { line: 'prompt;show cli level;quit', as: 'newer', expected: '\nadmin' },
  ...same('show cli level;get weight app/one', 'add map MAP <<\n/k v\n/l w\n', 'show map MAP'),
  ...same(
    'set table tab key 1.2.3.4 data.http_req_cnt 5',
    'show table tab data.http_req_cnt gt 9',
    'show table tab key 9.9.9.9',
    'clear table tab data.http_req_cnt gt 3',
    'clear table tab key 1.2.3.4',
    'show table tab key',
    'clear table tab data.x gt 1',
  ),
  { line: 'show info typed', as: 'typed', dropped: ['TotalSplicdedBytesOut'] },
  { line: 'show info json', as: 'json', dropped: ['TotalSplicdedBytesOut'] },
  { line: 'show stat typed', as: 'typed' },
  { line: 'show stat json', as: 'json' },
];

/** Numbers, references, dates, and words for files do not count. */
function shape(text: string): string {
  return text
    .replace(/\/tmp\/[^ ']*/g, 'FILE')
    .replace(/\[\d\d\/\w{3}\/\d{4}[^\]]*\]/g, '[DATE]')
    .replace(/0x[0-9a-f]+/g, 'REF')
    .replace(/\d+/g, 'N')
    .replace(/\n+$/, '');
}

const first = (text: string): string => text.split('\n', 1)[0] as string;

/** All of `wanted` stand in `names`, in that order. */
function assertInOrder(names: readonly string[], wanted: readonly string[], line: string): void {
  let at = 0;
  for (const name of wanted) {
    const found = names.indexOf(name, at);
    assert.ok(found >= 0, `${line}: ${name} is missing, or not in its place, in ${names.join(' ')}`);
    at = found + 1;
  }
}

function assertColumns(ours: string, theirs: string, separator: string, row: Row): void {
  const heads = [ours, theirs].map(text => text.split('\n').find(line => line.startsWith('# ')) ?? '');
  const [own, other] = heads.map(head => head.slice(2).split(separator));
  const wanted = (other as string[]).filter(name => name !== '' && row.dropped?.includes(name) !== true);
  assertInOrder(own as string[], wanted, row.line);
  const rows = ours.split('\n').filter(line => line.includes(separator) && !line.startsWith('# '));
  for (const line of rows) assert.equal(line.split(separator).length, own?.length, line);
  const keys = (text: string): string[] =>
    text
      .split('\n')
      .filter(line => line.includes(separator) && !line.startsWith('# '))
      .map(line => line.split(separator).slice(0, 2).join(separator));
  assert.deepEqual(keys(ours), keys(theirs), row.line);
}

function namesOf(text: string): string[] {
  return text.split('\n').flatMap(line => /^([^:]+):/.exec(line)?.[1] ?? []);
}

function typedNames(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(/^[\w.]*?\.?\d+\.([A-Za-z_]\w*)\.\d+:[A-Z]/gm)].map(match => match[1] as string),
  );
}

function jsonNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  JSON.parse(text, (_, value: unknown) => {
    const field = value as { field?: { name?: string } } | null;
    if (typeof field?.field?.name === 'string') names.add(field.field.name);
    return value;
  });
  assert.ok(names.size > 0, text.slice(0, 200));
  return names;
}

function compare(row: Row, ours: string, theirs: string): void {
  switch (row.as) {
    case 'same':
      return assert.equal(shape(ours), shape(theirs), row.line);
    case 'first line':
      return assert.equal(shape(first(ours)), shape(first(theirs)), row.line);
    case 'head':
      return assertInOrder(first(ours).split(' '), first(theirs).split(' '), row.line);
    case 'both speak':
      return assert.equal(ours.trim() !== '', theirs.trim() !== '', row.line);
    case 'names': {
      const wanted = namesOf(theirs).filter(name => row.dropped?.includes(name) !== true);
      const own = new Set(namesOf(ours));
      return assert.deepEqual(
        wanted.filter(name => !own.has(name)),
        [],
        row.line,
      );
    }
    case 'typed':
    case 'json': {
      const names = row.as === 'typed' ? typedNames : jsonNames;
      const own = names(ours);
      const missing = [...names(theirs)].filter(
        name => !own.has(name) && row.dropped?.includes(name) !== true,
      );
      return assert.deepEqual(missing, [], row.line);
    }
    case 'columns':
      return assertColumns(ours, theirs, ',', row);
    case 'newer':
      assert.notEqual(shape(ours), shape(theirs), `${row.line}: no difference any more`);
      return assert.equal(ours.trimEnd(), row.expected, row.line);
    case 'words':
      return assertColumns(ours, theirs, ' ', row);
  }
}

async function start(t: TestContext, origin: string, program?: string): Promise<{ tell: Tell; map: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-admin-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [path, map] = [join(folder, 's'), join(folder, 'm.map')];
  writeFileSync(map, '/a first\n/b second\n');
  const [web, other] = [await freePort(), await freePort()];
  await startBalancer(
    t,
    `global
  nbthread 2
  maxconn 1000
  stats socket ${path} level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${web}
  http-request set-header x-mapped %[path,map(${map},none)]
  default_backend app
frontend other
  bind 127.0.0.1:${other}
  default_backend app
backend app
  balance roundrobin
  server one ${origin} weight 10
  server checked ${origin} check inter 60s
backend tab
  stick-table type ip size 100 store http_req_cnt
`,
    { ports: [web, other], ...(program !== undefined && { program }) },
  );
  for (let count = 0; count < 3; count++)
    await exchangeRaw(web, 'GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
  return { tell: line => ask(path, line.replaceAll('MAP', map)), map };
}

test('every command answers in the shape of the real program', async t => {
  if (!requires(t, 'haproxy')) return;
  const origin = await startHttpOrigin(t, 'origin');
  const ours = await start(t, origin.address);
  const theirs = await start(t, origin.address, 'haproxy');
  const wrong: string[] = [];
  for (const row of ROWS) {
    const answers = [await ours.tell(row.line), await theirs.tell(row.line)] as const;
    try {
      compare(row, ...answers);
    } catch (error) {
      wrong.push(`${row.line}\n${(error as Error).message}`);
    }
  }
  assert.equal(wrong.join('\n\n'), '');
});
