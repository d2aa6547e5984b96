/**
 * Stick tables in traffic: the same configuration and requests in HAProxy and in lb, the answers and what the tables
 * hold afterwards compared; and what only several threads can show.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';

interface Ports {
  readonly web: number;
  readonly tcp: number;
  readonly first: number;
  readonly second: number;
  readonly admin: number;
  readonly user: number;
}

async function freePorts(): Promise<Ports> {
  const [web, tcp, first, second, admin, user] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  return { web, tcp, first, second, admin, user };
}

function configuration({ web, tcp, first, second, admin, user }: Ports, threads = 1): string {
  return `
global
  nbthread ${threads}
  stats socket ipv4@127.0.0.1:${admin} level admin
  stats socket ipv4@127.0.0.1:${user} level user
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend web
  bind 127.0.0.1:${web}
  stick-table type ip size 1k expire 1h store conn_cnt,conn_cur,conn_rate(1h),sess_cnt,sess_rate(1h),http_req_cnt,http_req_rate(1h),http_err_cnt,http_fail_cnt,gpc0,gpc0_rate(1h),gpt0
  tcp-request connection track-sc0 src
  http-request track-sc1 path table paths
  http-request track-sc2 req.hdr(x-number) table numbers if { req.hdr(x-number) -m found }
  http-request set-var(txn.path) path
  http-request sc-inc-gpc0(0) if { path_beg /inc }
  http-request sc-set-gpt0(0) int(7) if { path_beg /tag }
  http-request sc-set-gpt(1,1) 42 if { path_beg /array }
  http-request sc-inc-gpc(2,1) if { path_beg /array }
  http-request deny if { path /deny }
  http-request set-var(txn.mine) src_inc_gpc0(mine) if { path /mine }
  http-response track-sc2 str(late) table late if { var(txn.path) -m beg /late }
  http-after-response set-header X-Seen "%[sc_http_req_cnt(0)] %[sc0_get_gpc0] %[sc_get_gpt0(0)] %[sc_get_gpt(1,1)] %[sc1_http_req_cnt] %[sc_tracked(2)] %[sc_conn_cur(0)] %[src_conn_cnt] %[src_conn_cnt(mine)] %[var(txn.path),table_http_req_cnt(paths)] %[src,in_table(mine)] %[str(none),table_http_req_cnt(paths)] %[table_cnt(paths)] %[table_avl(paths)] %[sc_get_gpc(2,1)] %[src_get_gpc0(mine)] %[sc2_http_req_rate] %[sc_bytes_in_rate(0)] %[src,table_conn_rate(web)]"
  default_backend app
frontend tcp
  mode tcp
  bind 127.0.0.1:${tcp}
  default_backend plain
frontend first
  bind 127.0.0.1:${first}
  http-request return status 404 hdr x-server first if { path_beg /missing }
  http-request return status 500 hdr x-server first if { path_beg /broken }
  http-request return status 200 hdr x-server first hdr x-id %[urlp(set)]
frontend second
  bind 127.0.0.1:${second}
  http-request return status 200 hdr x-server second hdr x-id %[urlp(set)]
backend paths
  stick-table type string len 12 size 5 store http_req_cnt,http_req_rate(1h),gpt(3),gpc(3),gpc_rate(3,1h)
backend numbers
  stick-table type integer size 10 store http_req_cnt
backend late
  stick-table type binary len 6 size 10 store http_req_cnt,http_err_cnt
backend mine
  stick-table type ip size 10 store gpc0
backend app
  balance roundrobin
  stick-table type string size 100 expire 1h
  stick match urlp(id)
  stick store-request urlp(id)
  stick store-response res.hdr(x-id) if { res.hdr(x-id) -m found }
  server first 127.0.0.1:${first}
  server second 127.0.0.1:${second}
backend plain
  mode tcp
  balance roundrobin
  stick-table type ipv6 size 100
  stick on src
  server first 127.0.0.1:${first}
  server second 127.0.0.1:${second}
`;
}

function get(path: string, header = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: example.com\r\n${header}Connection: close\r\n\r\n`;
}

const REQUESTS = [
  get('/a?id=one'),
  get('/a?id=one'),
  get('/a?id=two'),
  get('/a?id=two'),
  get('/a?set=three'),
  get('/a?id=three'),
  get('/inc'),
  get('/inc?again'),
  get('/tag'),
  get('/array'),
  get('/array'),
  get('/deny'),
  get('/missing?id=one'),
  get('/broken?id=one'),
  get('/mine'),
  get('/mine'),
  get('/late'),
  get('/late/missing'),
  get('/number', 'X-Number: 4294967297\r\n'),
  get('/number', 'X-Number: 12\r\n'),
  get('/longer/than/twelve'),
];

/** What can be compared: entries in any order, without addresses in memory and times. */
function comparable(dump: string): readonly string[] {
  return dump
    .split('\n')
    .map(line => line.replace(/^0x[0-9a-f]+/, 'entry').replace(/exp=\d+( shard=0)?/, 'exp'))
    .sort();
}

function seenIn(answer: string): string {
  const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'none';
  const seen = /\r\nx-seen: ([^\r]*)/i.exec(answer)?.[1] ?? '';
  const server = /\r\nx-server: (\w+)/i.exec(answer)?.[1] ?? '';
  return `${status} ${server} ${seen}`;
}

const TABLES = ['web', 'paths', 'numbers', 'mine', 'app', 'plain'];

async function start(t: TestContext, ports: Ports, program?: string, threads = 1): Promise<void> {
  await startBalancer(t, configuration(ports, threads), {
    ports: [ports.web, ports.tcp, ports.first, ports.second, ports.admin, ports.user],
    ...(program !== undefined && { program }),
  });
}

test('tables count and remember what they do in HAProxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const [theirs, ours] = [await freePorts(), await freePorts()];
  await start(t, theirs, 'haproxy');
  await start(t, ours);
  for (const request of REQUESTS) {
    const expected = seenIn(await exchangeRaw(theirs.web, request));
    assert.equal(seenIn(await exchangeRaw(ours.web, request)), expected, request);
  }
  // what is no request is an error of whoever sent it
  for (const { web } of [theirs, ours])
    assert.match(await exchangeRaw(web, 'nonsense\r\n\r\n'), /^HTTP\/1.1 400/);
  for (let count = 0; count < 3; count++)
    assert.equal(
      seenIn(await exchangeRaw(ours.tcp, get('/'))),
      seenIn(await exchangeRaw(theirs.tcp, get('/'))),
    );
  for (const table of TABLES) {
    const line = `show table ${table}`;
    assert.deepEqual(
      comparable(await ask(ours.admin, line)),
      comparable(await ask(theirs.admin, line)),
      line,
    );
  }
});

const COMMANDS = [
  'set table web key 10.0.0.1 data.gpc0 5 data.http_req_rate 7 data.conn_cnt 3',
  'set table web key 10.0.0.2 data.gpc0 6',
  'set table web key 10.0.0.3',
  'show table web data.gpc0 gt 5',
  'show table web data.gpc0 le 5',
  'show table web data.http_req_rate eq 7',
  'show table web data.gpc0 ge 5 data.conn_cnt lt 1',
  'show table web key 10.0.0.2',
  'show table web key 10.0.0.9',
  'show table web key',
  'show table web data.gpc0',
  'show table web data.gpc0 xx 5',
  'show table web data.gpc0 eq x',
  'show table web data.nonsense eq 1',
  'show table web data.gpc1 eq 1',
  'show table nonsense',
  'set table web key 10.0.0.1 nonsense 1',
  'set table web key 10.0.0.1 data.nonsense 1',
  'set table web key 10.0.0.1 data.gpc1 1',
  'set table web key 10.0.0.1 data.gpc0 x',
  'set table numbers key 77 data.http_req_cnt 9',
  'set table plain key 2001:db8::1',
  'set table app key some\\ text',
  'show table late key 00',
  'clear table web key 10.0.0.3',
  'clear table web key 10.0.0.9',
  'clear table web data.gpc0 eq 6',
  'show table web',
  'show table numbers',
  'show table plain',
  'show table app',
  'clear table numbers',
  'show table numbers',
  'show table',
];

/** What 3.4 says otherwise than 2.6. */
const NEWER: readonly (readonly [line: string, answer: string])[] = [
  ['show table web key nonsense', 'Invalid key'],
  [
    'show table web nonsense',
    'Optional argument only supports "data.<store_data_type>" <operator> <value> or key <key> or ptr <ptr>',
  ],
  [
    'set table web',
    'Required arguments: <table> key <key> [data.<store_data_type> <value>]* or <table> ptr <ptr> [data.<store_data_type> <value>]*',
  ],
  [
    'clear table',
    'Required arguments: <table> "data.<store_data_type>" <operator> <value> or <table> key <key> or <table> ptr <ptr>',
  ],
  [
    'set table web data.gpc0 eq 1',
    'content-based lookup is only supported with the "show" and "clear" actions',
  ],
  ['set table paths key a data.gpc[1] 4 data.gpt[2] 9', ''],
  ['set table paths key a data.gpc[3] 4', 'index out of range in this data array'],
  ['show table paths ptr', 'Pointer expected (0xffff notation)'],
  ['show table paths ptr 0xg', 'Malformed ptr.'],
  ['show table paths ptr 0x99', 'No entry can be found matching ptr.'],
  ['clear table paths ptr 0x1', ''],
];

test('tables are shown, set and cleared as in HAProxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const [theirs, ours] = [await freePorts(), await freePorts()];
  await start(t, theirs, 'haproxy');
  await start(t, ours);
  for (const line of COMMANDS)
    assert.deepEqual(
      comparable(await ask(ours.admin, line)),
      comparable(await ask(theirs.admin, line)),
      line,
    );
  for (const line of ['show table web', 'show table'])
    assert.deepEqual(
      comparable(await ask(ours.user, line)),
      comparable(await ask(theirs.user, line)),
      `user: ${line}`,
    );
  for (const line of ['clear table web', 'set table web key 10.0.0.1 data.gpc0 1'])
    assert.match(await ask(ours.user, line), /^Permission denied/, line);
});

test('tables are shown, set and cleared as HAProxy 3.4 says it', async t => {
  const ports = await freePorts();
  await start(t, ports);
  for (const [line, answer] of NEWER) assert.equal((await ask(ports.admin, line)).trim(), answer, line);
});

/** A connection that stays open after its request was answered. */
async function held(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.write('GET /held HTTP/1.1\r\nHost: example.com\r\n\r\n');
  await once(socket, 'data', { signal: AbortSignal.timeout(60_000) });
  return socket;
}

/** Of the one entry of a table. */
async function valueOf(ports: Ports, name: string): Promise<number> {
  const dump = await ask(ports.admin, 'show table web');
  return Number(new RegExp(` ${name}=(\\d+)`).exec(dump)?.[1]);
}

test('threads count together, and forget a connection when it ends', async t => {
  const ports = await freePorts();
  await start(t, ports, undefined, 2);
  const sockets = await Promise.all(Array.from({ length: 12 }, () => held(t, ports.web)));
  assert.equal(await valueOf(ports, 'conn_cur'), 12);
  assert.equal(await valueOf(ports, 'use'), 12);
  assert.equal(await valueOf(ports, 'http_req_cnt'), 12);
  assert.match(
    await ask(ports.admin, 'clear table web key 127.0.0.1'),
    /Entry currently in use, cannot remove/,
  );
  for (const socket of sockets) socket.destroy();
  await until('all connections are forgotten', async () => (await valueOf(ports, 'conn_cur')) === 0);
  assert.equal(await valueOf(ports, 'use'), 0);
  assert.equal(await valueOf(ports, 'conn_cnt'), 12);
  assert.equal((await ask(ports.admin, 'clear table web key 127.0.0.1')).trim(), '');
  assert.match(await ask(ports.admin, 'show table web'), /used:0/);
});

test('a stored server that is down is passed over, unless option persist insists', async t => {
  if (!requires(t, 'haproxy')) return;
  const statuses: string[] = [];
  for (const program of ['haproxy', undefined]) {
    const [web, alive, dead, admin] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const backend = (name: string, option: string): string => `
backend ${name}
  ${option}
  no option redispatch
  retries 0
  stick-table type ip size 10
  stick on src
  server one 127.0.0.1:${dead} disabled
  server two 127.0.0.1:${alive}`;
    const config = `
global
  stats socket ipv4@127.0.0.1:${admin} level admin
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 1s
frontend web
  bind 127.0.0.1:${web}
  use_backend insists if { path /insists }
  default_backend asks
frontend alive
  bind 127.0.0.1:${alive}
  http-request return status 200
${backend('insists', 'option persist')}
${backend('asks', 'no option persist')}
`;
    await startBalancer(t, config, { ports: [web, alive, admin], ...(program !== undefined && { program }) });
    for (const table of ['insists', 'asks'])
      await ask(admin, `set table ${table} key 127.0.0.1 data.server_id 1`);
    const answers = [await exchangeRaw(web, get('/insists')), await exchangeRaw(web, get('/asks'))];
    statuses.push(answers.map(answer => answer.slice(9, 12)).join(' '));
  }
  assert.deepEqual(statuses, ['503 200', '503 200']);
});
