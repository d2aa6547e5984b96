/**
 * Stick tables that tell each other: two lb, and lb beside the real HAProxy, both ways; what happens when one goes away,
 * when it is replaced, and when somebody talks nonsense.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer, type Balancer } from '../support/balancer.ts';
import { Authority } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { LostTime } from '../support/lost-time.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until, untilMatches } from '../support/until.ts';

type Program = 'lb' | 'haproxy';
type Name = 'A' | 'B';

interface Ports {
  readonly peers: Record<Name, number | string>;
  readonly web: Record<Name, number>;
  readonly admin: Record<Name, number>;
}

async function freePorts(): Promise<Ports> {
  const pair = async (): Promise<Record<Name, number>> => ({ A: await freePort(), B: await freePort() });
  return { peers: await pair(), web: await pair(), admin: await pair() };
}

const STORES = {
  counters:
    'server_id,gpt0,gpc0,gpc0_rate(1h),conn_cnt,conn_rate(1h),conn_cur,sess_cnt,sess_rate(1h),http_req_cnt,http_req_rate(1h),http_err_cnt,http_err_rate(1h),bytes_in_cnt,bytes_in_rate(1h),bytes_out_cnt,bytes_out_rate(1h),gpc1,gpc1_rate(1h),http_fail_cnt,http_fail_rate(1h)',
  arrays: 'gpt(3),gpc(2),gpc_rate(2,1h)',
};

/** Words of the listener and of servers behind `ssl`. */
interface Tls {
  readonly bind: string;
  readonly server: string;
}

function plainNodes(address: (peer: Name) => string): string {
  return `peer A ${address('A')}\n  peer B ${address('B')}`;
}

function encryptedNodes(address: (peer: Name) => string, name: Name, { bind, server }: Tls): string {
  const other = name === 'A' ? 'B' : 'A';
  return `default-server ssl ${server}
  bind ${address(name)} ssl ${bind}
  server ${name}
  server ${other} ${address(other)}`;
}

function configuration({ peers, web, admin }: Ports, name: Name, more = '', tls?: Tls): string {
  const address = (peer: Name): string =>
    typeof peers[peer] === 'string' ? peers[peer] : `127.0.0.1:${peers[peer]}`;
  return `
global
  stats socket ipv4@127.0.0.1:${admin[name]} level admin
  ${more}
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
peers my
  ${tls === undefined ? plainNodes(address) : encryptedNodes(address, name, tls)}
  table paths type string len 64 size 200k expire 1h store ${STORES.counters}
  table arrays type string size 1k expire 1h store ${STORES.arrays}
frontend web
  bind 127.0.0.1:${web[name]}
  http-request track-sc0 path table my/paths
  http-request track-sc1 path table my/arrays
  http-request track-sc2 src table addresses
  http-request set-var(txn.path) path
  http-request sc-inc-gpc0(0)
  http-request sc-inc-gpc1(0)
  http-request sc-set-gpt0(0) int(7)
  http-request sc-inc-gpc(1,1)
  http-request sc-set-gpt(2,1) 42
  http-request return status 404 if { path_beg /missing }
  http-request return status 200 if !{ path_beg /served }
  default_backend servers
backend addresses
  stick-table type ip size 1k expire 1h store gpc0,http_req_cnt peers my
backend servers
  stick-table type string len 40 size 1k expire 1h peers my
  stick on var(txn.path)
  server one 127.0.0.1:${web[name]}
  server two 127.0.0.1:${web[name]}
  http-request set-path /ok
`;
}

async function start(
  t: TestContext,
  program: Program,
  ports: Ports,
  name: Name,
  { args = [], more = '', tls }: { args?: readonly string[]; more?: string; tls?: Tls } = {},
): Promise<Balancer> {
  return startBalancer(t, configuration(ports, name, more, tls), {
    args: ['-L', name, ...args],
    ports: [ports.web[name], ports.peers[name]].filter(port => typeof port === 'number'),
    ...(program === 'haproxy' && { program }),
  });
}

async function get(port: number, path: string): Promise<void> {
  const answer = await exchangeRaw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  assert.match(answer, /^HTTP\/1.1 (200|404)/);
}

/** To the end: bytes are counted and taught after the answer, and would overtake what the other one counts next. */
async function getCounted({ web, admin }: Ports, name: Name, path: string): Promise<void> {
  await get(web[name], path);
  const ended = new RegExp(`key=${path} .*conn_cur=0 `);
  await untilMatches(() => ask(admin[name], 'show table my/paths'), ended);
}

/** A session with the other one is open. */
async function connected(admin: number): Promise<void> {
  await untilMatches(() => ask(admin, 'show peers my'), /\(remote,active\).*last_status=ESTA/);
}

/** Lines of entries, without what is each program's own: references, times to live, rates that fade. */
async function entries(admin: number, table: string): Promise<string[]> {
  const text = await ask(admin, `show table ${table}`);
  return text
    .split('\n')
    .filter(line => line.startsWith('0x'))
    .map(line => line.replace(/^0x\w+: /, '').replace(/ (exp|shard|server_id|use|conn_cur)=\d+/g, ''))
    .toSorted();
}

async function agree(ports: Ports, table: string, count: number): Promise<string[]> {
  let seen: string[] = [];
  const compared = async (): Promise<string> => {
    seen = await entries(ports.admin.A, table);
    const other = await entries(ports.admin.B, table);
    const same = seen.length === count && seen.join('\n') === other.join('\n');
    return same ? 'the same' : `A:\n${seen.join('\n')}\nB:\n${other.join('\n')}`;
  };
  await untilMatches(compared, /^the same$/);
  return seen;
}

for (const other of ['lb', 'haproxy'] as const)
  test(`lb and ${other} side by side`, async t => {
    if (other === 'haproxy' && !requires(t, 'haproxy')) return;
    const ports = await freePorts();
    await start(t, 'lb', ports, 'A');
    await start(t, other, ports, 'B');
    await connected(ports.admin.A);
    await connected(ports.admin.B);
    await t.test('they teach each other everything they store, both ways', () => teachBothWays(ports));
    await t.test('servers that keys stick to come by their names', () => teachServers(ports));
    if (other === 'haproxy')
      await t.test('show peers tells the fields that HAProxy tells', () => compareFields(ports));
  });

async function teachBothWays(ports: Ports): Promise<void> {
  for (const name of ['A', 'B'] as const) {
    for (const path of [`/by-${name}`, `/missing-${name}`]) await getCounted(ports, name, path);
    // the other one goes on from what it has been taught of the address, or the two count past each other
    await agree(ports, 'addresses', 1);
  }
  const seen = await agree(ports, 'my/paths', 4);
  assert.match(seen.join('\n'), /key=\/missing-B .*gpt0=7 gpc0=1 gpc0_rate\(3600000\)=1 .*http_req_cnt=1/);
  assert.match((await agree(ports, 'my/arrays', 4)).join('\n'), /gpt2=42 .*gpc1=1 .*gpc1_rate\(3600000\)=1/);
  await agree(ports, 'addresses', 1);
  // what one counted the other one goes on counting
  await getCounted(ports, 'B', '/by-A');
  assert.match((await agree(ports, 'my/paths', 4)).join('\n'), /key=\/by-A gpt0=7 gpc0=2 /);
  await getCounted(ports, 'A', '/by-A');
  assert.match((await agree(ports, 'my/paths', 4)).join('\n'), /key=\/by-A gpt0=7 gpc0=3 /);
}

async function teachServers(ports: Ports): Promise<void> {
  for (const name of ['A', 'B'] as const)
    for (let count = 0; count < 4; count++) await get(ports.web[name], `/served/${name}${count}`);
  const seen = await agree(ports, 'servers', 8);
  for (const line of seen) assert.match(line, /server_key=(one|two)/);
  assert.match(await ask(ports.admin.A, 'show peers dict my'), /0 -> (one|two)/);
}

async function compareFields(ports: Ports): Promise<void> {
  const fields = async (admin: number): Promise<Set<string>> => {
    const text = await ask(admin, 'show peers');
    return new Set([...text.matchAll(/(\w+)[=:](?=\S)/g)].map(([, name]) => name as string));
  };
  const [mine, theirs] = [await fields(ports.admin.A), await fields(ports.admin.B)];
  const missing = [...theirs].filter(name => !mine.has(name) && !/^(0x|\d|commitupdate$)/.test(name));
  assert.deepEqual(
    missing.filter(name => name !== 'xprt' && name !== 'src'),
    [],
  );
  assert.equal(await ask(ports.admin.A, 'show peers nobody'), 'No such peers\n\n');
}

for (const [first, second] of [
  ['lb', 'haproxy'],
  ['haproxy', 'lb'],
  ['lb', 'lb'],
] as const)
  test(`${second} that comes later is taught all that ${first} knows`, async t => {
    if (!requires(t, 'haproxy')) return;
    const ports = await freePorts();
    await start(t, first, ports, 'A');
    for (let count = 0; count < 30; count++) await get(ports.web.A, `/early${count}`);
    await start(t, second, ports, 'B');
    await agree(ports, 'my/paths', 30);
    const [text] = await entries(ports.admin.B, 'my/paths');
    assert.match(text ?? '', /gpc0=1 /);
  });

for (const other of ['lb', 'haproxy'] as const)
  test(`lb and ${other} teach each other over TLS, each showing its certificate`, async t => {
    if (!requires(t, 'openssl') || (other === 'haproxy' && !requires(t, 'haproxy'))) return;
    const ports = await freePorts();
    const authority = new Authority(t);
    const { file } = authority.issue({ name: 'node', alternatives: 'DNS:node' });
    const verify = `verify required ca-file ${authority.file}`;
    const tls = { bind: `crt ${file} ${verify}`, server: `crt ${file} ${verify}` };
    await start(t, 'lb', ports, 'A', { tls });
    await start(t, other, ports, 'B', { tls });
    await connected(ports.admin.A);
    await connected(ports.admin.B);
    for (const name of ['A', 'B'] as const) await get(ports.web[name], `/by-${name}`);
    await agree(ports, 'my/paths', 2);
  });

test('a peer with a certificate of somebody else is not talked to', async t => {
  if (!requires(t, 'openssl')) return;
  const ports = await freePorts();
  const [own, foreign] = [new Authority(t), new Authority(t, 'Other Authority')];
  const settings = (authority: Authority): Tls => {
    const { file } = authority.issue({ name: 'node', alternatives: 'DNS:node' });
    const words = `crt ${file} verify required ca-file ${authority.file}`;
    return { bind: words, server: words };
  };
  const balancer = await start(t, 'lb', ports, 'A', { tls: settings(own) });
  await start(t, 'lb', ports, 'B', { tls: settings(foreign) });
  await until('a handshake that fails', () =>
    /the TLS handshake with 127.0.0.1 failed/.test(balancer.output()),
  );
  await get(ports.web.A, '/secret');
  assert.deepEqual(await entries(ports.admin.B, 'my/paths'), []);
  assert.match(await ask(ports.admin.A, 'show peers my'), /id=B\(remote,\w+\) .* last_status=CONN/);
});

test('a process is taught by the one before over TLS', async t => {
  if (!requires(t, 'openssl')) return;
  const ports = await freePorts();
  const { file } = new Authority(t).issue({ name: 'node' });
  const tls = { bind: `crt ${file}`, server: 'verify none' };
  const old = await start(t, 'lb', ports, 'A', { tls });
  for (let count = 0; count < 20; count++) await get(ports.web.A, `/kept${count}`);
  await start(t, 'lb', ports, 'A', { tls, args: ['-sf', String(old.pid)] });
  await until('the end of the old process', () => old.process.exitCode !== null);
  await until('the tables', async () => (await entries(ports.admin.A, 'my/paths')).length === 20);
});

test('a node that goes away and comes back hears of what happened meanwhile', async t => {
  const ports = await freePorts();
  await start(t, 'lb', ports, 'A');
  const gone = await start(t, 'lb', ports, 'B');
  await connected(ports.admin.A);
  await get(ports.web.A, '/before');
  await agree(ports, 'my/paths', 1);
  await gone.stop();
  await untilMatches(() => ask(ports.admin.A, 'show peers my'), /\(remote,inactive\)/);
  await get(ports.web.A, '/meanwhile');
  await start(t, 'lb', ports, 'B');
  await agree(ports, 'my/paths', 2);
});

test('what was not acknowledged is told again on the next connection', async t => {
  const ports = await freePorts();
  await start(t, 'lb', ports, 'A');
  await start(t, 'lb', ports, 'B');
  await connected(ports.admin.A);
  await connected(ports.admin.B);
  await get(ports.web.A, '/first');
  await agree(ports, 'my/paths', 1);
  // somebody else says he is B: its own session is given up for his, and then his ends
  const socket = await hello(ports.peers.A as number, 'HAProxyS 2.1\nA\nB 1 1\n');
  await get(ports.web.A, '/second');
  socket.destroy();
  await agree(ports, 'my/paths', 2);
  assert.match(await ask(ports.admin.A, 'show peers my'), / coll=[1-9]/);
});

test('the process that takes over is taught by the one before, with a master and without', async t => {
  const ports = await freePorts();
  const config = { args: ['-W'] };
  const balancer = await start(t, 'lb', ports, 'A', config);
  await until('the first worker', () => balancer.output().includes('Loading success'));
  for (let count = 0; count < 50; count++) await get(ports.web.A, `/kept${count}`);
  balancer.process.kill('SIGUSR2');
  await until('the reload', () => balancer.output().split('Loading success').length > 2);
  await until('the tables', async () => (await entries(ports.admin.A, 'my/paths')).length === 50);
  await until('the end of the old worker', () =>
    /Former worker .* exited with code 0/.test(balancer.output()),
  );
  const flags = /id=my disabled=0 flags=0x(\w+)/.exec(await ask(ports.admin.A, 'show peers my'))?.[1] ?? '0';
  // a local node that knew everything, or nearly, has taught it
  assert.notEqual(Number.parseInt(flags, 16) & 0x05000000, 0, flags);
  assert.equal(await balancer.stop(), 0);
});

test('-sf: the old process teaches the new one and ends', async t => {
  const ports = await freePorts();
  const old = await start(t, 'lb', ports, 'A');
  for (let count = 0; count < 20; count++) await get(ports.web.A, `/kept${count}`);
  await start(t, 'lb', ports, 'A', { args: ['-sf', String(old.pid)] });
  await until('the end of the old process', () => old.process.exitCode !== null);
  assert.equal(old.process.exitCode, 0);
  await until('the tables', async () => (await entries(ports.admin.A, 'my/paths')).length === 20);
});

test('a soft stop with nobody to teach ends all the same', async t => {
  const ports = await freePorts();
  const balancer = await start(t, 'lb', ports, 'A');
  await start(t, 'lb', ports, 'B');
  await connected(ports.admin.A);
  await get(ports.web.A, '/x');
  await untilMatches(() => ask(ports.admin.B, 'show info'), /\nActivePeers: 1\nConnectedPeers: 1\n/);
  assert.equal(await balancer.stop('SIGUSR1'), 0);
  await untilMatches(() => ask(ports.admin.B, 'show info'), /\nActivePeers: \d\nConnectedPeers: 0\n/);
});

test('peers meet at unix sockets', async t => {
  const ports = await freePorts();
  const folder = temporaryFolder(t);
  const at = (name: Name): string => join(folder, `${name}.sock`);
  const paths = { ...ports, peers: { A: at('A'), B: at('B') } };
  await start(t, 'lb', paths, 'A');
  await start(t, 'lb', paths, 'B');
  await connected(ports.admin.A);
  await get(ports.web.B, '/by-path');
  await agree(ports, 'my/paths', 1);
});

/** Nothing here takes that long. */
function bounded(): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(60_000) };
}

/** Connects and says hello; the socket, when the answer was 200. */
async function hello(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  const [answer] = (await once(socket, 'data', bounded())) as [Buffer];
  assert.match(answer.toString('latin1'), /^200\n/);
  return socket;
}

test('who says the wrong things is told the status of it', async t => {
  const ports = await freePorts();
  await start(t, 'lb', ports, 'A');
  const answers = await Promise.all(
    [
      'GET / HTTP/1.1\r\n\r\n',
      'HAProxyS 9.9\nA\nB 1 1\n',
      'HAProxyS 2.1\nC\nB 1 1\n',
      'HAProxyS 2.1\nA\nC 1 1\n',
    ].map(text => exchangeRaw(ports.peers.A as number, text)),
  );
  assert.deepEqual(answers, ['501\n', '502\n', '503\n', '504\n']);
});

test('a peer that talks nonsense is told so, counted and left; everything else goes on', async t => {
  const ports = await freePorts();
  const balancer = await start(t, 'lb', ports, 'A');
  await get(ports.web.A, '/kept');
  const cases: (readonly [bytes: number[], answer: number])[] = [
    [[255, 0], 0],
    [[10, 0x80, 3, 0, 0, 0], 0],
    [[10, 0x84, 1, 1], 0],
    [[10, 0x80, ...Array.from({ length: 10 }, () => 0xff)], 0],
    [[10, 0x80, 0xff, 0xff, 0xff, 0x7f], 1],
  ];
  // updates before any definition are about nobody's table, and harmless: one of ours comes first
  const define = [10, 0x82, 15, 1, 6, ...Buffer.from('/paths'), 6, 65, 4, 0, 0, 0, 0];
  for (const [bytes, answer] of cases) {
    const socket = await hello(ports.peers.A as number, 'HAProxyS 2.1\nA\nB 1 1\n');
    const chunks: Buffer[] = [];
    socket.on('data', chunk => chunks.push(chunk));
    socket.write(Buffer.from([...define, ...bytes]));
    await once(socket, 'close', bounded());
    const said = Buffer.concat(chunks);
    assert.deepEqual([...said.subarray(-2)], [1, answer], JSON.stringify(bytes));
  }
  assert.match(await ask(ports.admin.A, 'show peers my'), / proto_err=5 /);
  assert.match(balancer.output(), /peers my: peer 'B': malformed message, connection closed/);
  assert.equal((await entries(ports.admin.A, 'my/paths')).length, 1);
  await get(ports.web.A, '/still');
});

test('a silent peer is left after five seconds, and asked again', async t => {
  const ports = await freePorts();
  let connections = 0;
  const silent = createServer(socket => {
    connections++;
    socket.on('error', () => undefined);
    socket.resume();
  });
  silent.listen(ports.peers.B as number, '127.0.0.1');
  t.after(() => silent.close());
  await start(t, 'lb', ports, 'A');
  await until('the second connection', () => connections >= 2);
  const text = await ask(ports.admin.A, 'show peers my');
  assert.match(text, /id=B\(remote,\w+\) .*last_status=(HSHK|CONN)/);
  assert.match(text, / new_conn=[2-9] /);
});

test('a hundred thousand entries are taught while requests are answered', { timeout: 180_000 }, async t => {
  const ports = await freePorts();
  await start(t, 'lb', ports, 'A');
  const lines = (from: number): string =>
    Array.from(
      { length: 1000 },
      (_, at) => `set table my/paths key /k${from + at} data.gpc0 ${from + at}`,
    ).join(';');
  for (let from = 0; from < 100_000; from += 1000) {
    const text = lines(from);
    for (let at = 0; at < text.length;) {
      const end = text.length - at <= 12_000 ? text.length : text.lastIndexOf(';', at + 12_000);
      await ask(ports.admin.A, text.slice(at, end));
      at = end + 1;
    }
  }
  assert.match(await ask(ports.admin.A, 'show table'), /my\/paths, .* used:100000/);
  await start(t, 'lb', ports, 'B');
  const lost = new LostTime(t);
  let slowest = 0;
  await until('the lesson', async () => {
    const begin = performance.now();
    await get(ports.web.A, '/k5');
    slowest = Math.max(slowest, performance.now() - begin);
    return /my\/paths, .* used:100000/.test(await ask(ports.admin.B, 'show table'));
  });
  assert.match(await ask(ports.admin.B, 'show table my/paths key /k77777'), / gpc0=77777 /);
  assert.ok(slowest < 2000 + lost.totalMs, `a request took ${slowest} ms, ${lost.totalMs} ms were lost`);
});
