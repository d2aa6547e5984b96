/** `namespace` of bind and server lines, `namespace_list`, and `tcp-md5sig`: sockets that only the kernel can tell apart. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, LB, startBalancer } from '../support/balancer.ts';
import { freePort, freePorts } from '../support/free-port.ts';
import { Lab } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const SUPPORT = new URL('../support/', import.meta.url).pathname;
const DEFAULTS = `defaults
  mode tcp
  timeout connect 1s
  timeout client 5s
  timeout server 5s
`;

/** Nodes whose port 8000 answers with their name. */
async function labOf(t: TestContext, ...nodes: string[]): Promise<Lab> {
  const lab = Lab.create(t, nodes);
  await Promise.all(nodes.map(node => lab.responder(node)));
  return lab;
}

/** Who answers at that port of this host, or of a node's own. */
async function answerAt(lab: Lab, port: number, node?: string): Promise<string> {
  if (node === undefined) return text(connect(port, '127.0.0.1'));
  const words = [join(SUPPORT, 'answer-counter.js'), 'tcp', '127.0.0.1', String(port), '1'];
  const line = await lab.start(node, process.execPath, words).line(/^\{/);
  return Object.keys(JSON.parse(line) as object).join();
}

/** A PROXY header, version 2, of a client on this host that came in by that namespace. */
function headerNaming(namespace: string): Buffer {
  const field = Buffer.concat([Buffer.from([0x30, 0, namespace.length]), Buffer.from(namespace)]);
  const addresses = Buffer.from([127, 0, 0, 1, 127, 0, 0, 1, 0x30, 0x39, 0, 80]);
  const start = Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\0', 'latin1');
  start.writeUInt16BE(addresses.length + field.length, 14);
  return Buffer.concat([start, addresses, field]);
}

async function answerBehind(header: Buffer, port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(header);
  return text(socket);
}

test('listeners and servers, with their checks, are where their lines put them', async t => {
  if (!requires(t, 'root', 'ip')) return;
  const lab = await labOf(t, 'a', 'b');
  const [a, b] = [`${lab.prefix}a`, `${lab.prefix}b`];
  const [port, headed, client] = (await freePorts(3)) as [number, number, number];
  const admin = join(temporaryFolder(t), 'admin.sock');
  await startBalancer(
    t,
    `global
  stats socket ${admin} level admin
namespace_list
  namespace ${a} ${b}
${DEFAULTS}
listen to-b
  bind 127.0.0.1:${port} namespace ${a}
  server s 127.0.0.1:8000 namespace ${b} check inter 50ms
  server gone 127.0.0.1:8001 namespace ${b} check inter 50ms
listen headed
  bind 127.0.0.1:${headed} accept-proxy
  server s 127.0.0.1:8000 namespace *
listen of-client
  bind 127.0.0.1:${client} namespace ${a}
  server s 127.0.0.1:8000 namespace *
`,
    { ports: [headed] },
  );
  const state = async (server: string): Promise<string> =>
    (await ask(admin, 'show stat')).split('\n').find(line => line.startsWith(`to-b,${server},`)) ?? '';
  await until('both servers are checked', async () => {
    return (await state('s')).includes(',L4OK,') && (await state('gone')).includes(',DOWN,');
  });

  assert.equal(await answerAt(lab, port, 'a'), 'b');
  await assert.rejects(answerAt(lab, port), /ECONNREFUSED/);
  assert.equal(await answerAt(lab, client, 'a'), 'a');
  assert.equal(await answerBehind(headerNaming(a), headed), 'a');
  assert.equal(await answerBehind(headerNaming(b), headed), 'b');
  // this host's own: nobody listens there
  assert.equal(await answerBehind(headerNaming('lb-nowhere'), headed), '');
});

/** Asked by HTTP/2 behind such a header. */
async function statusBehind(header: Buffer, port: number): Promise<unknown> {
  const createConnection = (): Socket => {
    const socket = connect(port, '127.0.0.1');
    socket.write(header);
    return socket;
  };
  const session = connectHttp2(`http://127.0.0.1:${port}`, { createConnection });
  const [head] = (await once(session.request(), 'response')) as [IncomingHttpHeaders];
  session.close();
  return head[':status'];
}

test('requests by HTTP/2 go to the namespace their connection has come by', async t => {
  if (!requires(t, 'root', 'ip')) return;
  const lab = await labOf(t, 'a');
  const port = await freePort();
  await startBalancer(
    t,
    `namespace_list
  namespace ${lab.prefix}a
${DEFAULTS}
listen l
  mode http
  bind 127.0.0.1:${port} accept-proxy proto h2
  server s 127.0.0.1:8000 namespace *
`,
    { ports: [port] },
  );
  // who answers there does not speak HTTP
  assert.equal(await statusBehind(headerNaming(`${lab.prefix}a`), port), 502);
  assert.equal(await statusBehind(headerNaming('lb-nowhere'), port), 503);
});

test('a process that takes over gets the sockets of each namespace', async t => {
  if (!requires(t, 'root', 'ip')) return;
  const lab = await labOf(t, 'a', 'b');
  const port = await freePort();
  const admin = join(temporaryFolder(t), 'admin.sock');
  const config = (here: string, there: string): string => `global
  stats socket ${admin} level admin expose-fd listeners
${DEFAULTS}
listen here
  bind 127.0.0.1:${port}
  server s 127.0.0.1:8000 namespace ${lab.prefix}${here}
listen there
  bind 127.0.0.1:${port} namespace ${lab.prefix}a
  server s 127.0.0.1:8000 namespace ${lab.prefix}${there}
`;
  const first = await startBalancer(t, config('a', 'b'));
  assert.deepEqual([await answerAt(lab, port), await answerAt(lab, port, 'a')], ['a', 'b']);
  await startBalancer(t, config('b', 'a'), { args: ['-x', admin, '-sf', String(first.pid)] });
  await first.ended;
  assert.deepEqual([await answerAt(lab, port), await answerAt(lab, port, 'a')], ['b', 'a']);
});

test('a namespace that cannot be opened is told at its place', t => {
  const path = join(temporaryFolder(t), 'haproxy.cfg');
  writeFileSync(
    path,
    `namespace_list
  namespace lb-nowhere
${DEFAULTS}
listen l
  bind 127.0.0.1:1 namespace ../netns
  server s 127.0.0.1:8000 namespace lb-missing
peers p
  peer here 127.0.0.1:2
  peer there 127.0.0.1:3 namespace lb-elsewhere
resolvers r
  nameserver n tcp@127.0.0.1:53 namespace lb-unnamed
`,
  );
  const { status, stderr } = spawnSync(LB, ['-L', 'here', '-c', '-f', path], { encoding: 'utf8' });
  assert.equal(status, 1);
  for (const [line, name] of [
    [2, 'lb-nowhere'],
    [10, '../netns'],
    [11, 'lb-missing'],
    [14, 'lb-elsewhere'],
    [16, 'lb-unnamed'],
  ] as const)
    assert.match(
      stderr,
      new RegExp(`haproxy.cfg:${line}\\] : 'namespace' : Cannot open namespace '${name}'`),
    );
});

test('a user behind a chroot enters the namespace of a server by the right that setcap keeps; that it is missing is told', async t => {
  if (!requires(t, 'root', 'ip')) return;
  const lab = await labOf(t, 'a');
  const port = await freePort();
  const config = (words: string): string => `global
  uid 65534
  ${words}
${DEFAULTS}
listen l
  bind 127.0.0.1:${port}
  server s 127.0.0.1:8000 namespace ${lab.prefix}a check inter 50ms
`;
  const path = join(lab.folder, 'haproxy.cfg');
  writeFileSync(path, config('gid 65534'));
  const { status, stderr } = spawnSync(LB, ['-c', '-f', path], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.match(stderr, /haproxy.cfg:12\] : 'namespace' : .* takes cap_sys_admin, .*: see 'setcap'/);

  const balancer = await startBalancer(t, config(`setcap cap_sys_admin\n  chroot ${lab.folder}`));
  assert.equal(await answerAt(lab, port), 'a');
  assert.doesNotMatch(balancer.output(), /namespace|DOWN/);
});

test('tcp-md5sig: who signs with the same password is served, others reach nobody', async t => {
  if (!requires(t, 'root')) return;
  const [signed, front, stranger, unsigned] = (await freePorts(4)) as [number, number, number, number];
  await startBalancer(
    t,
    `${DEFAULTS}  mode http
  retries 0
listen signed
  bind 127.0.0.1:${signed} tcp-md5sig sesame
  http-request return status 200 content-type text/plain string open
listen front
  bind 127.0.0.1:${front}
  server s 127.0.0.1:${signed} tcp-md5sig sesame
listen stranger
  bind 127.0.0.1:${stranger}
  timeout connect 300ms
  server s 127.0.0.1:${signed} tcp-md5sig wrong
listen unsigned
  bind 127.0.0.1:${unsigned}
  timeout connect 300ms
  server s 127.0.0.1:${signed}
`,
  );
  const get = (port: number): Promise<string> =>
    exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 10_000);
  assert.match(await get(front), /^HTTP\/1.1 200 [^]*open$/);
  assert.match(await get(stranger), /^HTTP\/1.1 503 /);
  assert.match(await get(unsigned), /^HTTP\/1.1 503 /);
});
