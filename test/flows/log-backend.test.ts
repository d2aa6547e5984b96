/** Backends in mode log: which of their servers gets a line, and how it looks in a stream. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver, type LogReceiver } from '../support/log-receiver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Logging {
  readonly balancer: Balancer;
  readonly admin: string;
  /** A request whose line is written. */
  readonly visit: (path: string) => Promise<void>;
}

async function startLogging(t: TestContext, backend: string): Promise<Logging> {
  const port = await freePort();
  const admin = join(temporaryFolder(t), 'admin');
  const balancer = await startBalancer(
    t,
    `global
  nbthread 2
  stats socket ${admin} level admin
defaults
  mode http
  timeout client 5s
frontend web
  bind 127.0.0.1:${port}
  log backend@logs local0
  log-format "%HM %HP"
  http-request return status 200
backend logs
  mode log
${backend}
`,
  );
  const visit = async (path: string): Promise<void> => {
    await exchangeRaw(port, `GET ${path} HTTP/1.0\r\n\r\n`);
  };
  return { balancer, admin, visit };
}

function pathsAt({ lines }: LogReceiver): string[] {
  return lines.map(line => /GET (\S+)\n$/.exec(line)?.[1] ?? line);
}

test('balance roundrobin shares lines by weight, whichever thread writes them', async t => {
  const [one, two] = [await startLogReceiver(t), await startLogReceiver(t)];
  const { visit } = await startLogging(
    t,
    `  balance roundrobin
  server one udp@127.0.0.1:${one.port} weight 1
  server two udp@127.0.0.1:${two.port} weight 3`,
  );
  for (let number = 1; number <= 8; number++) {
    await visit(`/${number}`);
    const pattern = new RegExp(`^<134>.* GET /${number}\n$`);
    await Promise.any([one.find(pattern), two.find(pattern)]);
  }
  assert.deepEqual([one.lines.length, two.lines.length], [2, 6]);
});

test('balance log-hash sends lines with the same key to the same server', async t => {
  const [one, two] = [await startLogReceiver(t), await startLogReceiver(t)];
  const { visit } = await startLogging(
    t,
    `  balance log-hash 'field(2,/)'
  hash-type map-based none
  server one udp@127.0.0.1:${one.port}
  server two udp@127.0.0.1:${two.port}`,
  );
  for (const path of ['/0/a', '/1/a', '/1/b', '/0/b']) await visit(path);
  await one.find(/\/0\/b\n/);
  await two.find(/\/1\/b\n/);
  await one.find(/\/0\/a\n/);
  await two.find(/\/1\/a\n/);
  // threads do not wait for each other's lines
  assert.deepEqual(pathsAt(one).toSorted(), ['/0/a', '/0/b']);
  assert.deepEqual(pathsAt(two).toSorted(), ['/1/a', '/1/b']);
});

test('balance sticky stays on a server until it goes, and takes who waits longest then', async t => {
  const receivers = [
    await startLogReceiver(t),
    await startLogReceiver(t),
    await startLogReceiver(t),
  ] as const;
  const spare = await startLogReceiver(t);
  const { admin, visit } = await startLogging(
    t,
    `  balance sticky
${receivers.map(({ port }, index) => `  server s${index + 1} udp@127.0.0.1:${port}`).join('\n')}
  server s4 udp@127.0.0.1:${spare.port} backup`,
  );
  const order = (words: string): Promise<string> => ask(admin, words);
  await visit('/first');
  await receivers[0].find(/\/first\n/);
  await order('disable server logs/s1');
  await visit('/second');
  await receivers[1].find(/\/second\n/);
  await order('disable server logs/s2');
  await order('enable server logs/s1');
  await visit('/third');
  await receivers[2].find(/\/third\n/);
  await order('disable server logs/s1');
  await order('disable server logs/s3');
  await visit('/backup');
  await spare.find(/\/backup\n/);
  await order('enable server logs/s3');
  await order('enable server logs/s2');
  await visit('/again');
  await receivers[2].find(/\/again\n/);
});

test('lines without a server are counted as lost', async t => {
  const one = await startLogReceiver(t);
  const { admin, visit } = await startLogging(t, `  server one udp@127.0.0.1:${one.port}`);
  await visit('/kept');
  await one.find(/\/kept\n/);
  await ask(admin, 'disable server logs/one');
  await visit('/lost');
  assert.match(await ask(admin, 'show info'), /^DroppedLogs: 1$/m);
  assert.equal(one.lines.length, 1);
});

test('a server follows the address it gets at run time', async t => {
  const [one, two] = [await startLogReceiver(t), await startLogReceiver(t)];
  const { admin, visit } = await startLogging(t, `  server one udp@127.0.0.1:${one.port}`);
  await visit('/before');
  await one.find(/\/before\n/);
  await ask(admin, `set server logs/one addr 127.0.0.1 port ${two.port}`);
  await visit('/after');
  await two.find(/\/after\n/);
});

for (const [framing, message] of [
  ['octet-count', /^(\d+) (<134>[^\n]* GET \/stream)$/],
  ['legacy', /^(<134>[^\n]* GET \/stream)\n$/],
] as const)
  test(`log-proto ${framing} divides the messages of a stream`, async t => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const accepted = once(server, 'connection', { signal: AbortSignal.timeout(60_000) });
    const { port } = server.address() as AddressInfo;
    const { visit } = await startLogging(t, `  server one tcp@127.0.0.1:${port} log-proto ${framing}`);
    await visit('/stream');
    const [socket] = (await accepted) as [Socket];
    t.after(() => socket.destroy());
    const [bytes] = (await once(socket, 'data', { signal: AbortSignal.timeout(60_000) })) as [Buffer];
    const match = message.exec(bytes.toString('latin1'));
    assert.ok(match, bytes.toString('latin1'));
    if (framing === 'octet-count') assert.equal(Number(match[1]), match[2]?.length);
  });
