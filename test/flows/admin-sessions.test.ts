/** Streams as the admin socket shows and ends them: requests that wait for their server, and TCP sessions. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { untilMatches } from '../support/until.ts';

interface Started {
  readonly web: number;
  readonly tcp: number;
  readonly tell: (line: string) => Promise<string>;
  /** Asks until the answer matches. */
  readonly until: (line: string, wanted: RegExp) => Promise<string>;
}

async function start(t: TestContext): Promise<Started> {
  const path = join(temporaryFolder(t), 'admin.sock');
  const silent = await startRawOrigin(t, socket => socket.resume());
  const [web, tcp] = [await freePort(), await freePort()];
  await startBalancer(
    t,
    `global
  nbthread 2
  stats socket ${path} level admin
defaults
  timeout connect 1s
  timeout client 20s
  timeout http-keep-alive 100ms
  timeout server 20s
frontend web
  mode http
  bind 127.0.0.1:${web}
  default_backend app
  use_backend full if { path_beg /full }
  use_backend body if { path_beg /body }
backend app
  mode http
  server one ${silent.address}
backend full
  mode http
  timeout queue 15m
  server one ${silent.address} maxconn 1
backend body
  mode http
  http-request wait-for-body time 2h
  server one ${silent.address}
listen plain
  mode tcp
  bind 127.0.0.1:${tcp}
  server two ${silent.address}
`,
    { ports: [web, tcp] },
  );
  const tell = (line: string): Promise<string> => ask(path, line);
  const until = (line: string, wanted: RegExp): Promise<string> => untilMatches(() => tell(line), wanted);
  return { web, tcp, tell, until };
}

async function open(t: TestContext, port: number, bytes: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

test('a request that waits for its server is listed with its client and its way', async t => {
  const { web, until, tell } = await start(t);
  const client = await open(t, web, 'GET /slow?x=1 HTTP/1.1\r\nHost: t\r\n\r\n');
  const { port } = client.address() as AddressInfo;
  const line = await until('show sess show-uri', /srv=one .*scb=\[8/);
  assert.match(
    line,
    new RegExp(
      `^0x[0-9a-f]+: proto=tcpv4 src=127\\.0\\.0\\.1:${port} fe=web be=app srv=one ts=00 .*age=\\ds .*uri="GET /slow\\?x=1"$`,
      'm',
    ),
  );
  assert.match(line, /^0x1: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> /m);
  assert.match(await tell('show sess frontend web'), /^0x.* fe=web /);
  assert.equal(await tell('show sess backend plain'), '\n');
  assert.match(await tell('show sess server app/one'), /srv=one/);
  assert.equal(await tell('show sess older 1h'), '\n');
  assert.equal(await tell('show sess susp'), '\n');
  assert.equal(await tell('show sess server app/one older 1h'), '\n');
  assert.match(await tell('show sess server app/one older 1us show-uri'), /^0x.* srv=one .* uri="/);
  assert.equal(await tell('show sess server app/nobody'), 'No such server.\n\n');
  assert.equal(
    await tell('show sess nonsense'),
    `Unsupported option 'nonsense', try 'help' for more info.\n\n`,
  );
});

test('what streams wait for has an end that is told', async t => {
  const { web, tcp, until } = await start(t);
  await open(t, web, 'GET / HTTP/1.1\r\nHost: t\r\n\r\n');
  await until(
    'show sess backend app',
    /scf=\[8,0h,fd=\d+,rex=,wex=\] scb=\[8,.*,rex=1?\ds,wex=\] exp=1?\ds /,
  );
  await open(t, tcp, 'hello');
  const both = /scf=\[8,0h,fd=\d+,rex=1?\ds,wex=\] scb=\[8,0h,fd=\d+,rex=1?\ds,wex=\] exp=1?\ds /;
  await until('show sess backend plain', both);
  await open(t, web, 'POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nhello');
  await until('show sess backend body', /rq\[f=000000h,i=0,an=00h,ax=1h59m\] .* exp=1?\ds /);
  await open(t, web, 'GET /full HTTP/1.1\r\nHost: t\r\n\r\n');
  await until('show sess backend full', /scb=\[8,/);
  await open(t, web, 'GET /full HTTP/1.1\r\nHost: t\r\n\r\n');
  await until('show sess backend full', /scb=\[2,0h,fd=-1,rex=,wex=\] exp=14m\d+s rc=0 c_exp=14m\d+s/);
});

test('streams older than said are shown in detail, with addresses and sides', async t => {
  const { web, until } = await start(t);
  await open(t, web, 'GET /slow?x=1 HTTP/1.1\r\nHost: t\r\n\r\n');
  await until('show sess', /srv=one .*scb=\[8.* exp=1?\ds /);
  const text = await until(
    'show sess older 1us show-uri',
    /\n {2}server=one \(id=1\) addr=127\.0\.0\.1:\d+\n/,
  );
  assert.match(
    text,
    /\n {2}task=0x\w+ \(state=0x00 nice=0 calls=0 rate=0 exp=1?\ds tid=[01]\(1\/[01]\) age=/,
  );
  assert.match(text, / meth=1 status=-1 req\.st=MSG_DONE rsp\.st=MSG_RPBEFORE .* uri="GET \/slow\?x=1"\n/);
  assert.match(text, /\n {2}scf=\S+ .* ioto=20s state=EST endp=CONN,.* in=35 out=0 rex=<NEVER> wex=<NEVER> /);
  assert.match(text, /\n {6}co0=\(nil\) ctrl=tcpv4 xprt=RAW mux=H1 target=LISTENER:/);
  assert.match(text, /\n {2}scb=\S+ .* ioto=20s state=EST endp=CONN,.* in=0 out=35 rex=1?\ds wex=<NEVER> /);
});

test('one stream is shown in detail', async t => {
  const { tcp, until, tell } = await start(t);
  const client = await open(t, tcp, 'hello');
  const { port } = client.address() as AddressInfo;
  const [, id] =
    /(0x[0-9a-f]+): .* fe=plain be=plain srv=two/.exec(await until('show sess', /srv=two .*scb=\[8/)) ?? [];
  const detail = await tell(`show sess ${id}`);
  assert.match(
    detail,
    new RegExp(`^${id}: \\[\\d\\d/\\w{3}/\\d{4}:.*\\] id=\\d+ proto=tcpv4 source=127\\.0\\.0\\.1:${port}\n`),
  );
  assert.match(detail, /\n {2}frontend=plain \(id=\d+ mode=tcp\), listener=\? \(id=1\) addr=127\.0\.0\.1:/);
  assert.match(detail, /\n {2}backend=plain \(id=\d+ mode=tcp\) addr=127\.0\.0\.1:/);
  assert.match(detail, /\n {2}server=two \(id=1\) addr=127\.0\.0\.1:/);
  assert.equal(await tell('show sess 0xfffffff'), 'Session not found.\n\n');
});

test('a stream that is shut down is cut, and leaves the list', async t => {
  const { web, tcp, until, tell } = await start(t);
  const clients = [await open(t, web, 'GET / HTTP/1.1\r\nHost: t\r\n\r\n'), await open(t, tcp, 'x')];
  const closed = clients.map(client => once(client.resume(), 'close'));
  let answered = false;
  clients[0]?.once('data', () => (answered = true));
  await until('show sess', /srv=one .*scb=\[8[^]*srv=two .*scb=\[8|srv=two .*scb=\[8[^]*srv=one .*scb=\[8/);
  for (const name of ['one', 'two']) {
    const [, id] = new RegExp(`(0x[0-9a-f]+): .* srv=${name} `).exec(await tell('show sess')) ?? [];
    assert.equal(await tell(`shutdown session ${id}`), '\n');
    // it may be there for as long as its last bytes need to leave
    await until(`shutdown session ${id}`, /^No such session \(use 'show sess'\)\.\n\n$/);
  }
  await Promise.all(closed);
  assert.ok(!answered);
  assert.doesNotMatch(await tell('show sess'), /srv=(one|two)/);
  assert.match(await tell('show stat app 4 1'), /^app,one,0,0,0,(.*?,){8}0,0,0,/m);
  assert.match(await tell('show stat plain 4 1'), /^plain,two,0,0,0,(.*?,){8}0,0,0,/m);
});

test('all streams of a server are shut down at once', async t => {
  const { web, until, tell } = await start(t);
  const clients: Socket[] = [];
  for (let count = 0; count < 6; count++)
    clients.push(await open(t, web, 'GET / HTTP/1.1\r\nHost: t\r\n\r\n'));
  const closed = clients.map(client => once(client.resume(), 'close'));
  await until('show stat app 4 1', /^app,one,0,0,6,/m);
  assert.equal(await tell('shutdown sessions server app/one'), '\n');
  await Promise.all(closed);
  await until('show stat app 4 1', /^app,one,0,0,0,/m);
  assert.equal(await tell('shutdown sessions server app/nobody'), 'No such server.\n\n');
});
