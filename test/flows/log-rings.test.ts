/** Rings: what is logged to one can be read on the admin socket, goes to its servers, and makes room for what comes later. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { type Balancer, exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { requires } from '../support/requirement.ts';
import { ringMessages } from '../support/ring-messages.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { untilMatches } from '../support/until.ts';

interface Ring {
  readonly socket: string;
  readonly get: (path: string) => Promise<string>;
}

async function start(t: TestContext, rings: string, logs: string, program?: string): Promise<Ring> {
  const folder = temporaryFolder(t);
  const socket = join(folder, 's');
  const port = await freePort();
  await startBalancer(
    t,
    `global
  nbthread 2
  stats socket ${socket} level admin
${rings}
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${port}
${logs}
  log-format "%HM %HU"
  http-request return status 200
`,
    { ports: [port], ...(program !== undefined && { program }) },
  );
  return {
    socket,
    get: path => exchangeRaw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
  };
}

for (const program of [undefined, 'haproxy'] as const)
  test(`show events tells the lines of a ring in its own format, by ${program ?? 'lb'}`, async t => {
    if (program !== undefined && !requires(t, 'haproxy')) return;
    const rings = 'ring one\n  description "My ring"\nring two\n  format timed\n  maxlen 43\n';
    const logs = '  log ring@one local7\n  log ring@two format rfc5424 local7\n';
    const { socket, get } = await start(t, rings, logs, program);
    await get('/first');
    await get('/second-that-is-too-long-for-forty');
    assert.equal(
      await untilMatches(() => ask(socket, 'show events one'), /second/),
      'GET /first\nGET /second-that-is-too-long-for-forty\n\n',
    );
    const lines = (await ask(socket, 'show events two')).trimEnd().split('\n');
    assert.match(lines[0] as string, /^<6>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+\d\d:\d\d GET \/f/);
    if (program === undefined) assert.equal(lines[0]?.length, 43);
    assert.equal((await ask(socket, 'show events three')).trim(), 'No such event sink');
    assert.equal((await ask(socket, 'show events one -x')).trim(), 'unknown option');
    const sinks = await ask(socket, 'show events');
    assert.match(sinks, /^ {4}one {8}: type=buffer, 0 dropped, My ring$/m);
    assert.match(sinks, /^ {4}two {8}: type=buffer, 0 dropped, two$/m);
  });

for (const program of [undefined, 'haproxy'] as const)
  test(`samples tell rings that they were seen, by ${program ?? 'lb'}`, async t => {
    if (program !== undefined && !requires(t, 'haproxy')) return;
    const rules =
      '  http-request set-var(txn.a) path,debug(pre)\n  http-request deny if { src,debug(,one) -m ip ::1 }\n';
    const { socket, get } = await start(t, 'ring one\n', rules, program);
    await get('/told');
    const standard = await untilMatches(() => ask(socket, 'show events buf0'), /told/);
    assert.match(
      standard,
      /^<0>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\S{6} \[debug\] pre: type=str <\/told>$/m,
    );
    assert.match(await ask(socket, 'show events one'), /^\[debug\] : type=ipv4 <127\.0\.0\.1>$/m);
    const sinks = await ask(socket, 'show events');
    assert.match(sinks, /^ {4}buf0 {7}: type=buffer, 0 dropped, in-memory ring buffer$/m);
  });

test('a ring forgets its oldest lines when newer ones need the room', async t => {
  const { socket, get } = await start(t, 'ring small\n  size 1024\n', '  log ring@small local7\n');
  for (let count = 0; count < 120; count++) await get(`/${String(count).padStart(3, '0')}`);
  const lines = (await untilMatches(() => ask(socket, 'show events small'), /119/)).trimEnd().split('\n');
  assert.ok(lines.length > 80 && lines.length < 110, String(lines.length));
  // lines of two threads may change places within a few milliseconds
  const kept = lines.map(line => Number(line.slice('GET /'.length)));
  assert.equal(new Set(kept).size, lines.length);
  assert.ok(Math.min(...kept) >= 120 - lines.length - 10, lines.join('|'));
});

test('who waits for new lines gets them until it says something', async t => {
  const { socket, get } = await start(t, 'ring one\n', '  log ring@one local7\n');
  await get('/before');
  await untilMatches(() => ask(socket, 'show events one'), /before/);
  const client = connect(socket);
  t.after(() => client.destroy());
  let text = '';
  client.on('data', chunk => (text += chunk.toString()));
  client.write('show events one -w\n');
  const deadline = AbortSignal.timeout(60_000);
  while (!text.includes('/before')) await once(client, 'data', { signal: deadline });
  const closed = once(client, 'close', { signal: deadline });
  await get('/after');
  while (!text.includes('/after')) await once(client, 'data', { signal: deadline });
  client.write('\n');
  await closed;
  assert.equal(text, 'GET /before\nGET /after\n');
});

test('servers of a ring get its lines, also those of the time before they were there', async t => {
  const counting = await freePort();
  const plain = await freePort();
  const servers = `  server a 127.0.0.1:${counting} log-proto octet-count\n  server b 127.0.0.1:${plain}\n`;
  const { socket, get } = await start(t, `ring one\n${servers}`, '  log ring@one local7\n');
  await get('/one');
  await untilMatches(() => ask(socket, 'show events one'), /one/);
  const received = await Promise.all([counting, plain].map(port => collect(t, port)));
  await get('/two');
  await untilMatches(async () => received[0]?.() ?? '', /two/);
  await untilMatches(async () => received[1]?.() ?? '', /two/);
  assert.equal(received[0]?.(), '8 GET /one8 GET /two');
  assert.equal(received[1]?.(), 'GET /one\nGET /two\n');
});

async function collect(t: TestContext, port: number): Promise<() => string> {
  let text = '';
  const server = createServer(socket => {
    t.after(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', chunk => (text += chunk.toString()));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  assert.equal((server.address() as AddressInfo).port, port);
  return () => text;
}

test('a ring with a backing file is in it after a crash, and in its .bak after the next start', async t => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'ring');
  // the kernel may keep the sockets of a killed process a moment longer: each has a port of its own
  const startOne = async (): Promise<{ balancer: Balancer; get: (path: string) => Promise<string> }> => {
    const port = await freePort();
    const balancer = await startBalancer(
      t,
      `ring kept
  format raw
  size 32k
  backing-file ${file}
defaults
  mode http
  timeout client 5s
frontend web
  bind 127.0.0.1:${port}
  log ring@kept len 1024 format raw local0
  log-format "%HM %HU"
  http-request return status 200
`,
      { ports: [port] },
    );
    const get = (path: string): Promise<string> =>
      exchangeRaw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    return { balancer, get };
  };
  const first = await startOne();
  await first.get('/one');
  await untilMatches(async () => ringMessages(file).join('\n'), /^GET \/one$/);
  await first.get('/two');
  await untilMatches(async () => ringMessages(file).join('\n'), /^GET \/one\nGET \/two$/);
  await first.balancer.stop('SIGKILL');
  assert.deepEqual(ringMessages(file), ['GET /one', 'GET /two']);
  const second = await startOne();
  await second.get('/three');
  await untilMatches(async () => ringMessages(file).join('\n'), /^GET \/three$/);
  assert.deepEqual(ringMessages(`${file}.bak`), ['GET /one', 'GET /two']);
});

test('a backing file that cannot be had ends the start', async t => {
  const config = `ring kept
  backing-file /nowhere/ring
frontend web
  bind 127.0.0.1:${await freePort()}
  log ring@kept local0
`;
  // its addresses are bound before
  const balancer = await startBalancer(t, config, { ports: [] });
  assert.equal(await balancer.ended, 1);
  assert.match(
    balancer.output(),
    /cannot open backing-file '\/nowhere\/ring' for ring 'kept': No such file or directory\./,
  );
});
