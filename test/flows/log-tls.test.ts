/** Log lines over TLS (RFC 5425): from rings, and to servers of backends in mode log; nothing goes to who is not trusted. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { Authority, type Certificate } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { untilMatches } from '../support/until.ts';

interface Receiver {
  readonly port: number;
  /** Connections that came to nothing. */
  failures: number;
  /** What was said over those that did. */
  text: string;
  /** Subjects of clients' certificates. */
  readonly clients: string[];
  /** What was agreed on by ALPN. */
  readonly protocols: string[];
  readonly breakOff: () => void;
}

async function receive(
  t: TestContext,
  { cert, key }: Certificate,
  more: TlsOptions = {},
  at = 0,
): Promise<Receiver> {
  let breakOff = (): void => undefined;
  const server = createServer({ cert, key, ...more }, socket => {
    t.after(() => socket.destroy());
    breakOff = () => void socket.destroy();
    receiver.protocols.push(String(socket.alpnProtocol));
    receiver.clients.push(String(socket.getPeerCertificate().subject?.CN));
    socket.on('error', () => undefined);
    socket.on('data', chunk => (receiver.text += chunk.toString('latin1')));
  });
  server.on('tlsClientError', () => receiver.failures++);
  server.listen(at, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    port,
    failures: 0,
    text: '',
    clients: [],
    protocols: [],
    breakOff: () => breakOff(),
  };
  return receiver;
}

/** Gives how to make it write a line. */
async function start(t: TestContext, target: string, sections: string): Promise<(path: string) => unknown> {
  const port = await freePort();
  await startBalancer(
    t,
    `global
  nbthread 2
defaults
  mode http
  timeout client 5s
frontend web
  bind 127.0.0.1:${port}
  log ${target} format raw local0
  log-format "%HM %HP"
  http-request return status 200
${sections}`,
    { ports: [port] },
  );
  return path => exchangeRaw(port, `GET ${path} HTTP/1.0\r\n\r\n`);
}

test('a ring tells its lines over TLS to servers it trusts, with its own certificate where it has one', async t => {
  const [own, foreign] = [new Authority(t), new Authority(t, 'Another')];
  const wishes = { name: 'logs.example', alternatives: 'DNS:logs.example' };
  const certificate = own.issue(wishes);
  const client = own.issue({ name: 'balancer.example' });
  const asking = { requestCert: true, rejectUnauthorized: true, ca: own.pem };
  const named = await receive(t, certificate, asking);
  const counted = await receive(t, certificate);
  const untrusted = await receive(t, foreign.issue(wishes));
  const renamed = await receive(t, certificate);
  const tls = `ssl verify required ca-file ${own.file}`;
  const visit = await start(
    t,
    'ring@tls',
    `ring tls
  timeout connect 5s
  server named 127.0.0.1:${named.port} ${tls} verifyhost logs.example crt ${client.file}
  server counted 127.0.0.1:${counted.port} ssl verify none log-proto octet-count
  server untrusted 127.0.0.1:${untrusted.port} ${tls}
  server renamed 127.0.0.1:${renamed.port} ${tls} verifyhost other.example
`,
  );
  await visit('/one');
  await untilMatches(async () => named.text, /^GET \/one\n$/);
  await untilMatches(async () => counted.text, /^8 GET \/one$/);
  await untilMatches(async () => String(untrusted.failures + untrusted.clients.length), /[1-9]/);
  await untilMatches(async () => String(renamed.failures + renamed.clients.length), /[1-9]/);
  await visit('/two');
  await untilMatches(async () => named.text, /^GET \/one\nGET \/two\n$/);
  assert.deepEqual(named.clients, ['balancer.example']);
  assert.deepEqual([untrusted.text, renamed.text], ['', '']);
});

test('a server of a ring that comes later, or breaks off, gets what it missed', async t => {
  const own = new Authority(t);
  const certificate = own.issue({ name: 'logs.example' });
  const port = await freePort();
  const visit = await start(
    t,
    'ring@tls',
    `ring tls\n  server late 127.0.0.1:${port} ssl verify required ca-file ${own.file} alpn syslog\n`,
  );
  await visit('/before');
  const late = await receive(t, certificate, { ALPNProtocols: ['syslog'] }, port);
  await untilMatches(async () => late.text, /^GET \/before\n$/);
  assert.deepEqual(late.protocols, ['syslog']);
  late.breakOff();
  await untilMatches(async () => String(late.clients.length), /^2$/);
  await visit('/after');
  await untilMatches(async () => late.text, /^GET \/before\nGET \/after\n$/);
});

test('servers of a backend in mode log get lines over TLS, and none before they are trusted', async t => {
  const [own, foreign] = [new Authority(t), new Authority(t, 'Another')];
  const trusted = await receive(t, own.issue({ name: 'one.example' }));
  const untrusted = await receive(t, foreign.issue({ name: 'two.example' }));
  const tls = `ssl verify required ca-file ${own.file}`;
  const visit = await start(
    t,
    'backend@logs',
    `backend logs
  mode log
  balance roundrobin
  server trusted 127.0.0.1:${trusted.port} ${tls}
  server untrusted 127.0.0.1:${untrusted.port} ${tls}
`,
  );
  for (let number = 1; number <= 4; number++) await visit(`/${number}`);
  await untilMatches(async () => trusted.text, /^(GET \/\d\n){2}$/);
  await untilMatches(async () => String(untrusted.failures + untrusted.clients.length), /[1-9]/);
  assert.equal(untrusted.text, '');
});
