/** Early data of clients (`allow-0rtt`): how it is served, what servers hear of it, and that nobody is served twice. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { EarlyClient, type EarlyWishes } from '../support/early-client.ts';
import { converse, earlySession, EarlyWire } from '../support/early-wire.ts';
import { freePort } from '../support/free-port.ts';
import { END_HEADERS, END_STREAM, fields, frame, GET, PREFACE, TYPE } from '../support/http2-frames.ts';
import { type Origin, startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tlsFile } from '../support/tls-material.ts';
import { until } from '../support/until.ts';

const HTTP: EarlyWishes = { servername: 'a.test', alpn: 'http/1.1' };
const CERTIFICATE = tlsFile('rsa.pem');

const request = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n${more}\r\n`;
const DEFAULTS = `
defaults
  mode http
  timeout connect 10s
  timeout client 30s
  timeout server 30s
`;

interface Visit {
  readonly client: EarlyClient;
  readonly wire: EarlyWire;
}

/** A client that has sent that ahead, and nothing more. */
async function visit(t: TestContext, port: number, ahead: string, wishes = HTTP): Promise<Visit> {
  const session = await earlySession(port, wishes);
  const [client, wire] = [new EarlyClient({ ...wishes, session }), new EarlyWire(port)];
  t.after(() => {
    wire.socket.destroy();
    client.free();
  });
  wire.socket.write(client.begin(ahead));
  return { client, wire };
}

/** Shows it what comes until it has read that; gives what it wants to say. */
async function readOnly({ client, wire }: Visit, wanted: RegExp): Promise<Buffer> {
  let said = Buffer.alloc(0);
  while (!wanted.test(client.received.toString('latin1'))) {
    assert.ok(!client.hasFailed && !wire.socket.closed, client.received.toString('latin1'));
    said = Buffer.concat([said, client.take(await wire.next())]);
  }
  return said;
}

/** Says what came of the header, and answers as the path wishes. */
function startOrigin(t: TestContext, asked: string[] = []): Promise<Origin> {
  return startHttpOrigin(t, 'o', ({ headers, url = '' }, response) => {
    asked.push(url);
    const heard = [headers['early-data'], headers['x-has-early'], headers['x-early-rcvd']];
    response.statusCode = url === '/too-early' && heard[0] === '1' ? 425 : 200;
    response.end(`${url} ${heard.map(String).join(' ')}.\n`);
  });
}

test('requests in early data are told apart, wait where a rule wants it, and are refused where a server does', async t => {
  const [port, listed, tcp] = [await freePort(), await freePort(), await freePort()];
  const origin = await startOrigin(t);
  const echo = await startRawOrigin(t, socket => void socket.on('data', data => socket.write(data)));
  const list = join(temporaryFolder(t), 'list');
  writeFileSync(list, `${CERTIFICATE} [allow-0rtt alpn http/1.1]\n`);
  await startBalancer(
    t,
    `global\n  nbthread 2${DEFAULTS}
frontend f
  bind 127.0.0.1:${port} ssl crt ${CERTIFICATE} allow-0rtt
  bind 127.0.0.1:${listed} ssl crt-list ${list}
  http-request wait-for-handshake if { path /wait }
  http-request set-header x-has-early %[ssl_fc_has_early]
  http-request set-header x-early-rcvd %[ssl_fc_early_rcvd]
  default_backend b
backend b
  server o ${origin.address}
listen t
  mode tcp
  bind 127.0.0.1:${tcp} ssl crt ${CERTIFICATE} allow-0rtt alpn http/1.1
  server e ${echo.address}
`,
  );

  for (const one of [port, listed]) {
    const early = await visit(t, one, request('/early'));
    const finished = await readOnly(early, /\/early 1 1 1\.\n/);
    early.wire.socket.write(Buffer.concat([finished, early.client.write(request('/later'))]));
    await converse(early.client, early.wire, text => text.endsWith('/later undefined 0 1.\n'));
  }

  const refused = await visit(t, port, request('/too-early'));
  const finished = await readOnly(refused, /^HTTP\/1\.1 425 [^]*\/too-early 1 1 1\.\n/);
  refused.wire.socket.write(Buffer.concat([finished, refused.client.write(request('/too-early'))]));
  await converse(refused.client, refused.wire, text => text.endsWith('/too-early undefined 0 1.\n'));

  // the same connection is closed behind the handshake, and says so
  const last = await visit(t, port, request('/last', 'Connection: close\r\n'));
  last.wire.socket.write(await readOnly(last, /\/last 1 1 1\.\n/));
  await until('the close', () => last.wire.socket.readableEnded || last.wire.socket.closed);

  const before = origin.count;
  const waiting = await visit(t, port, request('/wait'));
  let said = Buffer.alloc(0);
  while (!waiting.client.isDone) said = Buffer.concat([said, waiting.client.take(await waiting.wire.next())]);
  assert.equal(origin.count, before, 'it waits');
  waiting.wire.socket.write(said);
  await converse(waiting.client, waiting.wire, text => text.endsWith('/wait undefined 0 1.\n'));

  const h2 = { ...HTTP, alpn: 'h2' };
  const get = fields(GET.map(([name, value]) => [name, value === '/' ? '/h2' : value]));
  const opening = Buffer.concat([
    PREFACE,
    frame(TYPE.settings, 0, 0),
    frame(TYPE.headers, END_STREAM | END_HEADERS, 1, get),
  ]);
  await readOnly(await visit(t, port, opening.toString('latin1'), h2), /\/h2 1 1 1\.\n/);

  await readOnly(await visit(t, tcp, 'any bytes'), /^any bytes$/);
});

test('the same bytes reach a server once, whichever thread they come to, and not at all behind a reload', async t => {
  const port = await freePort();
  const asked: string[] = [];
  const origin = await startOrigin(t, asked);
  const balancer = await startBalancer(
    t,
    `global\n  nbthread 2${DEFAULTS}
frontend f
  bind 127.0.0.1:${port} ssl crt ${CERTIFICATE} allow-0rtt
  default_backend b
backend b
  server o ${origin.address}
`,
    { args: ['-W'] },
  );
  await until('the first worker', () => balancer.output().includes('Loading success'));
  const session = await earlySession(port, HTTP);
  const client = new EarlyClient({ ...HTTP, session });
  const hello = client.begin(request('/once'));
  const wires = Array.from({ length: 16 }, () => new EarlyWire(port));
  for (const { socket } of wires) socket.write(hello);
  await Promise.all(wires.map(wire => wire.next()));
  await until('the request', () => asked.length > 0);
  for (const { socket } of wires) socket.destroy();
  client.free();

  balancer.process.kill('SIGUSR2');
  await until('the reload', () => balancer.output().split('Loading success').length > 2);
  // the worker before may take a client as long as it has not left
  await until('another worker', async () => {
    const later = new EarlyClient({ ...HTTP, session });
    const wire = new EarlyWire(port);
    wire.socket.write(later.begin(request('/reloaded')));
    while (!later.isDone && !wire.socket.closed) wire.socket.write(later.take(await wire.next()));
    const isRefused = later.isDone && later.isResumed && !later.isAccepted;
    if (isRefused) {
      wire.socket.write(later.write(request('/again')));
      await converse(later, wire, text => text.includes('/again undefined'));
    }
    wire.socket.destroy();
    later.free();
    return isRefused;
  });
  assert.equal(asked.filter(path => path === '/once').length, 1);
});

test('requests go to servers ahead of the handshake where that is asked for, and are sent again when it was too early', async t => {
  const [plain, port, origin] = [await freePort(), await freePort(), await freePort()];
  await startBalancer(
    t,
    `global\n  nbthread 1${DEFAULTS}
frontend f
  bind 127.0.0.1:${plain}
  bind 127.0.0.1:${port} ssl crt ${CERTIFICATE} allow-0rtt
  default_backend b
backend b
  option http-server-close
  retry-on 0rtt-rejected
  http-response set-header x-resumed %[ssl_bc_is_resumed]
  server o 127.0.0.1:${origin} ssl verify none alpn http/1.1 allow-0rtt
frontend o
  bind 127.0.0.1:${origin} ssl crt ${CERTIFICATE} allow-0rtt
  http-request return status 425 if { path /too-early } { ssl_fc_has_early }
  http-request return content-type text/plain lf-string "%[ssl_fc_early_rcvd]%[req.fhdr(early-data)]"
`,
  );
  const ask = async (path: string, method = 'GET'): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${plain}${path}`, { method });
    return `${answer.status} ${answer.headers.get('x-resumed')} ${await answer.text()}`;
  };
  assert.equal(await ask('/first'), '200 0 0');
  assert.equal(await ask('/early'), '200 1 1');
  assert.equal(await ask('/unsafe', 'POST'), '200 1 0');
  assert.equal(await ask('/too-early'), '200 1 0');
  // another name: there is no session yet
  await readOnly(await visit(t, port, request('/other')), /^HTTP\/1\.1 200 [^]*\r\n\r\n01$/);
  await readOnly(await visit(t, port, request('/both')), /^HTTP\/1\.1 200 [^]*\r\n\r\n11$/);
  await readOnly(await visit(t, port, request('/too-early')), /^HTTP\/1\.1 425 /);
});
