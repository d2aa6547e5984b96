/** Traces of a running process: orders of the admin socket, `traces` sections, `-dt`; sources session, stream, h1, h2. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { type Balancer, exchangeRaw, LB, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { ask as askHttp2, openHttp2 } from '../support/http2-client.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { untilMatches } from '../support/until.ts';

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

interface Flow {
  readonly port: number;
  /** In mode tcp. */
  readonly tcp: number;
  readonly balancer: Balancer;
  readonly tell: (line: string) => Promise<string>;
}

async function start(t: TestContext, sections = '', args: readonly string[] = []): Promise<Flow> {
  const origin = await startHttpOrigin(t, 'one');
  const port = await freePort();
  const tcp = await freePort();
  const path = join(temporaryFolder(t), 'admin.sock');
  const config = `global
  nbthread 2
  stats socket ${path} level admin
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
frontend web
  bind 127.0.0.1:${port}
  http-request deny if { path /no }
  default_backend app
backend app
  server one ${origin.address} check inter 200ms
listen bytes
  mode tcp
  bind 127.0.0.1:${tcp}
  server one ${origin.address}
${sections}`;
  const balancer = await startBalancer(t, config, { ports: [port, tcp], args });
  return { port, tcp, balancer, tell: line => ask(path, line) };
}

/** Without what differs from run to run. */
function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .filter(line => line.includes('|'))
    .map(line => line.replace(/^.*?\[\d\d\|/, '[').replaceAll(/(sess|conn|strm)=\d+/g, '$1=*'));
}

test('a request is told from its first byte to its last, wherever it is served', async t => {
  const { port, tell } = await start(t);
  assert.equal(await tell('trace h1 sink buf0 level developer verbosity advanced start now'), '\n');
  assert.equal(
    await tell('trace stream sink buf0 level user start now; trace session sink buf0 start now'),
    '\n\n',
  );
  assert.match(await exchangeRaw(port, GET('/yes?a=1')), /^HTTP\/1\.1 200/);
  const text = await untilMatches(async () => tell('show events buf0'), /sess_end/);
  const lines = linesOf(text);
  const told = lines.map(line => /^\[(\w+)\|\d\|(\w+)\]/.exec(line)?.slice(1).join(' '));
  for (const event of [
    'session sess_new',
    'h1 h1c_new',
    'h1 rx_headers',
    'stream sc_state',
    'h1 tx_headers',
    'h1 h1s_end',
    'stream strm_free',
    'h1 h1c_end',
    'session sess_end',
  ])
    assert.ok(told.includes(event), `${event} in\n${text}`);
  const request = lines.find(line => line.includes('request received')) ?? '';
  assert.match(
    request,
    /^\[h1\|1\|rx_headers\] requestArrived\(\): request received : \[F\] GET \/yes\?a=1 HTTP\/1\.1 - sess=\* conn=\* strm=\* - fe=web src=127\.0\.0\.1:\d+ - Host: x$/,
  );
  assert.match(text, /response received : \[B\] HTTP\/1\.1 200 OK - .* fe=web be=app srv=one /);
  assert.match(await tell('show trace'), /\n \[R\] h1 {9}-> buf0 \[drp 0\] /);
  assert.equal(await tell('trace 0'), 'All traces now stopped\n\n');
  const before = (await tell('show events buf0')).length;
  await exchangeRaw(port, GET('/later'));
  assert.equal((await tell('show events buf0')).length, before);
});

test('a trace that is locked on a session keeps to it, and another source follows', async t => {
  const { port, tell } = await start(t);
  await tell('trace session sink buf0 lock session start sess_new pause sess_end');
  await tell('trace h1 sink buf0 follow session');
  await exchangeRaw(port, GET('/one'));
  // the client may come again before its last session is over, and would not be told of
  await untilMatches(async () => tell('show events buf0'), /\/one[^]*sess_end/);
  await exchangeRaw(port, GET('/two'));
  const text = await untilMatches(async () => tell('show events buf0'), /\/two[^]*sess_end/);
  const told = linesOf(text).map(line => /^\[(\w+)\|/.exec(line)?.[1]);
  assert.deepEqual(told.slice(0, 2), ['session', 'h1']);
  assert.match(await tell('show trace'), /\n \[w\] session /);
  assert.match(await tell('show trace'), /\n \[\.\] h1 /);
});

test('sessions of mode tcp and checks of servers are told, too', async t => {
  const { tcp, tell } = await start(t);
  await tell('trace stream sink buf0 level state start now');
  await tell('trace check sink buf0 start now');
  await exchangeRaw(tcp, GET('/bytes'));
  const text = await untilMatches(async () => tell('show events buf0'), /strm_free[^]*hchck_succ/);
  assert.match(text, /\|stream\|3\|strm_new\] stream begins : 127\.0\.0\.1:\d+\n/);
  assert.match(text, /\|sc_state\] server is connected to : 127\.0\.0\.1:\d+\n/);
  assert.match(text, /\|strm_free\] stream is over : -- [1-9]\d*\/[1-9]\d* bytes\n/);
  assert.match(
    text,
    /\[00\|check\|1\|hchck_succ\] check has passed : check of app\/one, reason: Layer4 check passed/,
  );
});

test('-dt tells of malformed requests on standard error', async t => {
  const { port, balancer } = await start(t, '', ['-dt']);
  await exchangeRaw(port, GET('/good'));
  assert.match(await exchangeRaw(port, 'GET / HTTP/1.1\r\nbad field\r\n\r\n'), /^HTTP\/1\.1 400/);
  await untilMatches(
    () => balancer.output(),
    /\[\d\d\|h1\|0\|h1s_err\] message is malformed : \[F\] .+ - fe=web src=127\.0\.0\.1:\d+\n/,
  );
  assert.doesNotMatch(balancer.output(), /good/);
});

test('a traces section writes to a ring of the configuration from the start', async t => {
  const section = `
ring r1
  format raw
  size 65536
traces
  trace h1 sink r1 verbosity clean start now
  trace stream sink r1 event none event strm_free level user start now
`;
  const { port, tell } = await start(t, section);
  assert.match(await exchangeRaw(port, GET('/no')), /^HTTP\/1\.1 403/);
  const text = await untilMatches(async () => tell('show events r1'), /strm_free/);
  assert.deepEqual(linesOf(text), [
    '[h1|1|rx_headers] request received : [F] GET /no HTTP/1.1',
    '[stream|1|strm_free] stream is over : status 403 PR ' +
      (/\d+\/\d+ bytes/.exec(text)?.[0] ?? 'bytes expected'),
  ]);
});

test('frames of HTTP/2 are told both ways', async t => {
  const { port, tell } = await start(t);
  await tell('trace h2 sink buf0 level proto start now');
  const client = await openHttp2(t, port);
  await askHttp2(client, { ':path': '/over-h2' });
  const text = await untilMatches(async () => tell('show events buf0'), /tx_data[^]*END_STREAM/);
  assert.match(text, /\|h2\|2\|rx_settings\] frame received : \[F\] SETTINGS sid=0 len=\d+\n/);
  assert.match(text, /\|rx_hdr\] frame received : \[F\] HEADERS END_STREAM\|END_HEADERS.* sid=1 len=\d+\n/);
  assert.match(text, /\|h2\|1\|strm_new\] request received : \[F\] sid=1 GET .*\/over-h2 HTTP\/2\.0\n/);
  assert.match(text, /\|tx_hdr\] frame is sent : \[F\] HEADERS END_HEADERS sid=1 len=\d+\n/);
});

test('mistakes in a traces section and in -dt are told before anything is served', t => {
  const file = join(temporaryFolder(t), 'lb.cfg');
  const check = (lines: string, ...args: string[]): string => {
    writeFileSync(
      file,
      `frontend f\n  mode http\n  bind 127.0.0.1:1\n  timeout client 1s\ntraces\n${lines}\n`,
    );
    const { status, stderr, stdout } = spawnSync(LB, ['-c', '-f', file, ...args], { encoding: 'utf8' });
    return `${status} ${stderr}${stdout}`;
  };
  assert.match(
    check('  trace h1 levle user'),
    /^1 [^]*lb\.cfg:6\] : 'trace' : No such trace keyword 'levle', did you mean 'level'\?/,
  );
  assert.match(check('  trace quic start now'), /^0 [^]*Nothing here is traced by source 'quic'/);
  assert.match(check('  trace h1 level'), /^0 [^]*Supported trace levels for source h1/);
  assert.match(
    check('', '-dt', 'h1:help'),
    /^1 [^]*-dt: no such trace level 'help', known ones are: error, user, /,
  );
});
