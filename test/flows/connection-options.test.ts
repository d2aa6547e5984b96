/** Options about connections: keep-alive probes, closing hard, pretended keep-alive, limited reuse. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort, freePorts } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startRawOrigin, type Origin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

const DEFAULTS = `defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
`;
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** Answers each request with the number of its connection, and keeps every head it saw. */
async function startNumberedOrigin(t: TestContext, heads: string[]): Promise<Origin> {
  let connections = 0;
  return startRawOrigin(t, socket => {
    const body = String(++connections);
    socket.on('data', chunk => {
      heads.push(chunk.toString('latin1'));
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    socket.on('end', () => socket.end());
  });
}

/** Which connection to the server each of `count` requests over one client connection took. */
async function connectionsUsed(port: number, count: number): Promise<string> {
  const client = await KeepAliveClient.open(port);
  const used: string[] = [];
  for (let index = 0; index < count; index++) used.push((await client.request(GET)).body.toString());
  client.close();
  return used.join(' ');
}

test('max-reuse counts what a server connection may carry after its first request', async t => {
  const origin = await startNumberedOrigin(t, []);
  const port = await freePort();
  await startBalancer(
    t,
    `global\n    nbthread 1\n${DEFAULTS}listen l\n    bind 127.0.0.1:${port}\n    server s ${origin.address} max-reuse 2\n`,
  );
  assert.equal(await connectionsUsed(port, 7), '1 1 1 2 2 2 3');
});

test('http-pretend-keepalive hides from the server that its connection is closed after the answer', async t => {
  const heads: string[] = [];
  const origin = await startNumberedOrigin(t, heads);
  const [plain, pretending] = (await freePorts(2)) as [number, number];
  await startBalancer(
    t,
    `global\n    nbthread 1\n${DEFAULTS}    option http-server-close
listen plain
    bind 127.0.0.1:${plain}
    server s ${origin.address}
listen pretending
    bind 127.0.0.1:${pretending}
    option http-pretend-keepalive
    server s ${origin.address}
`,
  );
  assert.equal(await connectionsUsed(plain, 2), '1 2');
  assert.equal(heads.filter(head => /^connection: close\r$/im.test(head)).length, 2);
  heads.length = 0;
  assert.equal(await connectionsUsed(pretending, 2), '3 4');
  assert.equal(heads.filter(head => /^connection:/im.test(head)).length, 0);
});

test('TCP keep-alive probes are set on the side whose option asks for them', async t => {
  if (!requires(t, 'ss')) return;
  const origin = await startRawOrigin(t, socket => socket.resume().on('end', () => socket.end()));
  const [clientSide, serverSide] = (await freePorts(2)) as [number, number];
  const balancer = await startBalancer(
    t,
    `defaults
    timeout connect 5s
    timeout client 50s
    timeout server 50s
listen c
    bind 127.0.0.1:${clientSide}
    option clitcpka
    clitcpka-idle 1000s
    server s ${origin.address}
listen s
    bind 127.0.0.1:${serverSide}
    option srvtcpka
    srvtcpka-idle 2000s
    srvtcpka-cnt 4
    server s ${origin.address}
`,
  );
  const probes = async (port: number): Promise<{ client: string; server: string }> => {
    const seen = origin.count;
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    while (origin.count === seen) await new Promise(resolve => setImmediate(resolve));
    const own = execFileSync('ss', ['-tnopH', 'state', 'established']).toString().split('\n');
    const ofBalancer = own.filter(line => line.includes(`pid=${balancer.pid},`));
    const find = (end: string): string => ofBalancer.find(line => line.includes(end)) ?? '';
    const answer = { client: find(`:${socket.localPort} `), server: find(`${origin.address} `) };
    socket.destroy();
    return answer;
  };
  const first = await probes(clientSide);
  assert.match(first.client, /timer:\(keepalive,16min/);
  assert.doesNotMatch(first.server, /keepalive/);
  const second = await probes(serverSide);
  assert.doesNotMatch(second.client, /keepalive/);
  assert.match(second.server, /timer:\(keepalive,33min/);
});

test('With nolinger a connection ends in a reset', async t => {
  const origin = await startRawOrigin(t, socket => socket.resume());
  const [hard, soft] = (await freePorts(2)) as [number, number];
  await startBalancer(
    t,
    `defaults
    timeout connect 5s
    timeout client 5s
    timeout server 300ms
listen hard
    bind 127.0.0.1:${hard}
    option nolinger
    server s ${origin.address}
listen soft
    bind 127.0.0.1:${soft}
    server s ${origin.address}
`,
  );
  const ending = async (port: number): Promise<string | undefined> => {
    const socket = connect(port, '127.0.0.1');
    socket.resume();
    return new Promise(resolve => {
      socket.on('error', error => resolve((error as NodeJS.ErrnoException).code));
      socket.on('end', () => resolve('end'));
    });
  };
  assert.equal(await ending(hard), 'ECONNRESET');
  assert.equal(await ending(soft), 'end');
});
