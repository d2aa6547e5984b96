/** Options about connections: keep-alive probes, closing hard, pretended keep-alive, limited reuse. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort, freePorts } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startRawOrigin, type Origin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';

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

/** A server that asks for `challenge` with 401 when there are no credentials. */
async function startAskingOrigin(t: TestContext, challenge: string, name: string): Promise<Origin> {
  let connections = 0;
  return startRawOrigin(t, socket => {
    const body = `${name}${++connections}`;
    socket.on('data', chunk => {
      const isKnown = /^authorization:/im.test(chunk.toString('latin1'));
      const status = isKnown ? '200 OK' : `401 Unauthorized\r\nWWW-Authenticate: ${challenge}`;
      socket.write(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    socket.on('end', () => socket.end());
  });
}

test('Connections that authenticate their client stay with it, and it with their server', async t => {
  const one = await startAskingOrigin(t, 'NTLM', 'one');
  const two = await startAskingOrigin(t, 'Negotiate', 'two');
  const port = await freePort();
  await startBalancer(
    t,
    `global\n    nbthread 1\n${DEFAULTS}listen l
    bind 127.0.0.1:${port}
    http-reuse always
    balance roundrobin
    server one ${one.address}
    server two ${two.address}
`,
  );
  const known = 'GET / HTTP/1.1\r\nHost: a\r\nAuthorization: NTLM x\r\n\r\n';
  const client = await KeepAliveClient.open(port);
  const first = await client.request(GET);
  assert.equal(first.status, 401);
  for (let turn = 0; turn < 3; turn++) {
    const answer = await client.request(known);
    assert.equal(`${answer.status} ${answer.body.toString()}`, `200 ${first.body.toString()}`);
  }
  const other = await KeepAliveClient.open(port);
  for (let turn = 0; turn < 2; turn++)
    assert.notEqual((await other.request(known)).body.toString(), first.body.toString());
  client.close();
  other.close();
});

test('With http-reuse never each client keeps its own connections; prefer-last-server keeps its server too', async t => {
  const origins = [await startNamed(t, 'a'), await startNamed(t, 'b')];
  const [plain, preferring] = (await freePorts(2)) as [number, number];
  const servers = origins.map(({ address }, index) => `    server s${index} ${address}\n`).join('');
  await startBalancer(
    t,
    `global\n    nbthread 1\n${DEFAULTS}    http-reuse never\n    balance roundrobin
listen plain
    bind 127.0.0.1:${plain}
${servers}
listen preferring
    bind 127.0.0.1:${preferring}
    option prefer-last-server
${servers}`,
  );
  assert.match(await connectionsUsed(plain, 4), /^a1 b1 a1 b1$|^b1 a1 b1 a1$/);
  assert.match(await connectionsUsed(plain, 4), /^a2 b2 a2 b2$|^b2 a2 b2 a2$/);
  assert.match(await connectionsUsed(preferring, 4), /^(\w3)( \1){3}$/);
});

async function startNamed(t: TestContext, name: string): Promise<Origin> {
  let connections = 0;
  return startRawOrigin(t, socket => {
    const body = `${name}${++connections}`;
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
    socket.on('end', () => socket.end());
  });
}

test('http-send-name-header tells each server its name, also after a redispatch and in front of a body', async t => {
  const heads: string[] = [];
  const origin = await startNumberedOrigin(t, heads);
  const refused = await freePort();
  const port = await freePort();
  await startBalancer(
    t,
    `${DEFAULTS}listen l
    bind 127.0.0.1:${port}
    http-send-name-header X-Server
    balance first
    option redispatch 1
    server first-but-dead 127.0.0.1:${refused}
    server second ${origin.address}
`,
  );
  const client = await KeepAliveClient.open(port);
  const body = 'x'.repeat(3000);
  await client.request(
    `POST / HTTP/1.1\r\nHost: a\r\nX-Server: me\r\nx-server: too\r\nContent-Length: 3000\r\n\r\n${body}`,
  );
  client.close();
  assert.match(heads.join(''), /^POST \/ HTTP\/1\.1\r\n(?:[^\r]*\r\n)*x-server: second\r\n\r\nx{3000}$/);
  assert.equal(heads.join('').match(/x-server/gi)?.length, 1);
});

test('http-server-close of a frontend closes server connections too', async t => {
  const origin = await startNumberedOrigin(t, []);
  const port = await freePort();
  await startBalancer(
    t,
    `global\n    nbthread 1\n${DEFAULTS}frontend f
    bind 127.0.0.1:${port}
    option http-server-close
    default_backend b
backend b
    server s ${origin.address}
`,
  );
  assert.equal(await connectionsUsed(port, 3), '1 2 3');
});

/** Answers, ends then if it is `closing`, and tells how its connections ended: by a FIN of the balancer, or by an error. */
async function startEndsOrigin(t: TestContext, isClosing: boolean, ends: string[]): Promise<Origin> {
  return startRawOrigin(t, socket => {
    socket.on('data', () => {
      if (isClosing) socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end');
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    socket.once('end', () => ends.push('end'));
    socket.once('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? ''));
  });
}

/** Connections of this side to `port` that wait for their minute to pass (proc(5), `/proc/net/tcp`). */
function inTimeWait(port: number): number {
  const to = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1);
  const rows = lines.map(line => line.trim().split(/\s+/));
  return rows.filter(([, , remote = '', state]) => remote.endsWith(to) && state === '06').length;
}

test('no port is kept by connections to servers that are closed from here', async t => {
  const ends: string[] = [];
  const [kept, closing] = [await startEndsOrigin(t, false, ends), await startEndsOrigin(t, true, ends)];
  const [port, closingPort] = (await freePorts(2)) as [number, number];
  await startBalancer(
    t,
    `${DEFAULTS}    http-reuse never
listen kept
    bind 127.0.0.1:${port}
    server s ${kept.address}
listen closing
    bind 127.0.0.1:${closingPort}
    server s ${closing.address}
`,
  );
  for (let count = 0; count < 5; count++) await connectionsUsed(port, 2);
  await until('the ends', () => ends.length === 5);
  assert.deepEqual(new Set(ends), new Set(['ECONNRESET']));
  assert.equal(inTimeWait(kept.port), 0);
  await fetch(`http://127.0.0.1:${closingPort}/`);
  await until('the end of the one that its server has closed', () => ends.length > 5);
  assert.equal(ends[5], 'end');
});
