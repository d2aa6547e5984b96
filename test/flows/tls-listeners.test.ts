/** TLS on `bind` lines, with real clients, on the engine of the test run. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { ask } from '../support/admin-client.ts';
import { type Balancer, exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { resetSocket } from '../support/reset-socket.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { connectTls, converse, refusalOf, requestTls } from '../support/tls-client.ts';
import { tlsFile, tlsText } from '../support/tls-material.ts';
import { untilMatches } from '../support/until.ts';

const run = promisify(execFile);
const SITE = `crt ${tlsFile('rsa.pem')}`;
const CLIENT = { cert: tlsText('client.pem'), key: tlsText('client.pem') };

const DEFAULTS = `
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
`;

interface Setting {
  readonly port: number;
  readonly balancer: Balancer;
  readonly admin: string;
}

/** `bind`: what stands behind `ssl`. */
async function start(
  t: TestContext,
  bind: string,
  lines = '  http-request return status 200 content-type text/plain lf-string "%[src] %[ssl_fc] %[ssl_fc_protocol]"',
  before = '',
): Promise<Setting> {
  const [port, admin] = [await freePort(), await freePort()];
  const balancer = await startBalancer(
    t,
    `global\n  stats socket 127.0.0.1:${admin} level admin\n${before}${DEFAULTS}frontend fe\n  bind 127.0.0.1:${port} ssl ${bind}\n${lines}\n`,
    { ports: [port, admin] },
  );
  return { port, balancer, admin: String(admin) };
}

async function info(admin: string, name: string): Promise<number> {
  const found = new RegExp(`^${name}: (\\d+)`, 'm').exec(await ask(Number(admin), 'show info'));
  assert.ok(found !== null);
  return Number(found[1]);
}

test('a request over TLS is served, and rules know that it came over TLS', async t => {
  const { port } = await start(t, SITE);
  assert.equal((await requestTls(port)).body, '127.0.0.1 1 TLSv1.3');
  assert.equal((await requestTls(port, { maxVersion: 'TLSv1.2' })).body, '127.0.0.1 1 TLSv1.2');
});

test('curl gets an answer, and one connection serves several requests', async t => {
  if (!requires(t, 'curl')) return;
  const { port } = await start(t, SITE);
  const url = `https://127.0.0.1:${port}/`;
  const { stdout } = await run('curl', ['-sk', '--max-time', '10', '-w', ' %{num_connects}\n', url, url]);
  assert.equal(stdout, '127.0.0.1 1 TLSv1.3 1\n127.0.0.1 1 TLSv1.3 0\n');
});

test('the certificate is the one of the name the client asks for', async t => {
  const { port } = await start(
    t,
    `${SITE} crt ${tlsFile('second.crt')} crt ${tlsFile('ecdsa.pem')}`,
    '  http-request return status 200',
    '  ssl-load-extra-del-ext\n',
  );
  const nameFor = async (servername?: string): Promise<string | undefined> => {
    const socket = await connectTls(port, servername === undefined ? {} : { servername });
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN as string;
  };
  assert.equal(await nameFor('second.example'), 'second.example');
  assert.equal(await nameFor('WWW.example'), 'www.example');
  assert.equal(await nameFor('unknown.example'), 'www.example');
  assert.equal(await nameFor(), 'www.example');
});

test('strict-sni refuses those who ask for no known name', async t => {
  const { port } = await start(t, `${SITE} strict-sni`);
  assert.equal(await refusalOf(port, { servername: 'www.example' }), undefined);
  assert.equal(
    await refusalOf(port, { servername: 'unknown.example' }),
    'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  );
  assert.equal(await refusalOf(port), 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE');
});

/** Kind of key and subject of the certificate a client is shown; undefined: its handshake is refused. */
async function shownTo(port: number, options: ConnectionOptions): Promise<string | undefined> {
  try {
    const socket = await connectTls(port, options);
    const certificate = socket.getPeerX509Certificate();
    socket.destroy();
    return `${certificate?.publicKey.asymmetricKeyType} ${/CN=(.*)/.exec(certificate?.subject ?? '')?.[1]}`;
  } catch {
    return undefined;
  }
}

const ONLY_RSA = { sigalgs: 'rsa_pss_rsae_sha256:RSA+SHA256' };
const ONLY_ECDSA = { sigalgs: 'ECDSA+SHA256' };

for (const strict of ['', ' strict-sni'])
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
    test(`of a name's certificates a client is shown the one it understands, ECDSA first: ${maxVersion}${strict}`, async t => {
      for (const files of [
        ['rsa.pem', 'ecdsa.pem'],
        ['ecdsa.pem', 'rsa.pem'],
      ]) {
        const { port } = await start(t, `${files.map(file => `crt ${tlsFile(file)}`).join(' ')}${strict}`);
        const shown = (options: ConnectionOptions): Promise<string | undefined> =>
          shownTo(port, { maxVersion, servername: 'www.example', ...options });
        assert.equal(await shown({}), 'ec www.example');
        assert.equal(await shown(ONLY_ECDSA), 'ec www.example');
        assert.equal(await shown(ONLY_RSA), 'rsa www.example');
      }
    });

test('a client that asks for no name is shown the default of the kind of key it understands', async t => {
  const { port } = await start(t, `crt-list ${list(t, ['rsa.pem *', 'ecdsa.pem *'])}`);
  assert.equal(await shownTo(port, {}), 'ec www.example');
  assert.equal(await shownTo(port, ONLY_RSA), 'rsa www.example');
});

test('the default of another kind of key is not shown to who asks for a known name', async t => {
  const { port } = await start(
    t,
    `crt ${tlsFile('ecdsa.pem')} crt ${tlsFile('second.crt')}`,
    undefined,
    '  ssl-load-extra-del-ext\n',
  );
  assert.equal(await shownTo(port, {}), 'ec www.example');
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const named = { servername: 'second.example', maxVersion };
    assert.equal(await shownTo(port, named), 'rsa second.example');
    assert.equal(await shownTo(port, { ...named, ...ONLY_ECDSA }), undefined);
  }
});

test('a session made for one name does not spare the client certificate that another name asks for', async t => {
  const lines = [
    `rsa.pem [verify required ca-file ${tlsFile('ca.pem')}] www.example`,
    'client.pem open.example',
  ];
  const { port } = await start(t, `crt-list ${list(t, lines)}`);
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const first = await connectTls(port, { servername: 'open.example', maxVersion });
    const session = maxVersion === 'TLSv1.2' ? first.getSession() : await sessionOf(first);
    first.destroy();
    assert.ok(session !== undefined);
    const resumed = { session, maxVersion };
    assert.equal(await refusalOf(port, { ...resumed, servername: 'open.example' }), undefined);
    assert.notEqual(await refusalOf(port, { ...resumed, servername: 'www.example' }), undefined);
    assert.equal(await refusalOf(port, { ...CLIENT, servername: 'www.example', maxVersion }), undefined);
  }
});

test('a resumed session tells of the certificate of the name too', async t => {
  const { port } = await start(
    t,
    SITE,
    '  http-request return status 200 content-type text/plain lf-string "%[ssl_fc_is_resumed] %[ssl_f_key_alg] %[ssl_f_s_dn(CN)]"',
  );
  const options = { servername: 'www.example', maxVersion: 'TLSv1.2' } as const;
  const first = await connectTls(port, options);
  const session = first.getSession();
  first.destroy();
  assert.ok(session !== undefined);
  assert.equal((await requestTls(port, options)).body, '0 rsaEncryption www.example');
  assert.equal((await requestTls(port, { ...options, session })).body, '1 rsaEncryption www.example');
});

/** A crt-list of files of the test folder. */
function list(t: TestContext, lines: readonly string[]): string {
  const path = join(temporaryFolder(t), 'list');
  writeFileSync(path, lines.map(line => `${tlsFile(line)}\n`).join(''));
  return path;
}

async function sessionOf(socket: TLSSocket): Promise<Buffer> {
  const [session] = (await once(socket, 'session', { signal: AbortSignal.timeout(10_000) })) as [Buffer];
  return session;
}

test('addresses of a PROXY header are those of the TLS connection behind it', async t => {
  const { port } = await start(t, `${SITE} accept-proxy`);
  const raw = connect(port, '127.0.0.1');
  await once(raw, 'connect');
  raw.write('PROXY TCP4 192.0.2.7 192.0.2.8 1000 443\r\n');
  const socket = await connectTls(port, { socket: raw });
  const answer = await converse(socket, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(answer, /192\.0\.2\.7 1 TLSv1\.3$/);
});

test('in mode tcp what is decrypted is relayed, FIN by FIN', async t => {
  const origin = await startRawOrigin(t, socket => {
    const chunks: Buffer[] = [];
    socket.on('data', chunk => chunks.push(chunk));
    socket.on('end', () => socket.end(`got ${Buffer.concat(chunks).toString()}`));
  });
  const { port } = await start(
    t,
    SITE,
    `  mode tcp\n  default_backend be\nbackend be\n  mode tcp\n  server s ${origin.address}`,
  );
  const socket = await connectTls(port, { allowHalfOpen: true } as object);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.end('all of it');
  await once(socket, 'end', { signal: AbortSignal.timeout(10_000) });
  assert.equal(Buffer.concat(chunks).toString(), 'got all of it');
  socket.destroy();
});

test('a connection that is closed after its last answer ends by close_notify, so that nobody takes it for cut off', async t => {
  if (!requires(t, 'openssl')) return;
  const { port } = await start(t, SITE);
  const client = execFile('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-msg', '-ign_eof']);
  client.stdin?.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const said = await text(client.stdout as Readable);
  assert.match(said, /HTTP\/1\.1 200 OK/);
  assert.match(said, /<<< TLS 1\.3, Alert \[length 0002\], warning close_notify/);
});

test('large bodies pass in both directions', async t => {
  const size = 20_000_000;
  const origin = await startHttpOrigin(t, 'o', (request, response) => {
    const hash = createHash('sha256');
    request.on('data', (chunk: Buffer) => hash.update(chunk));
    request.on('end', () => {
      response.setHeader('x-hash', hash.digest('hex'));
      response.end(Buffer.alloc(size, 'abcdefghij'));
    });
  });
  const { port } = await start(t, SITE, `  default_backend be\nbackend be\n  server s ${origin.address}`);
  const body = Buffer.alloc(size, '0123456789');
  const socket = await connectTls(port);
  const answer = converse(
    socket,
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`,
  );
  socket.write(body);
  const [head = '', received = ''] = (await answer).split('\r\n\r\n');
  assert.match(head, new RegExp(`x-hash: ${createHash('sha256').update(body).digest('hex')}`, 'i'));
  assert.equal(received.length, size);
  assert.ok(Buffer.from(received, 'latin1').equals(Buffer.alloc(size, 'abcdefghij')));
});

test('who does not speak TLS, or leaves during the handshake, is logged and harms nobody', async t => {
  const log = await startLogReceiver(t);
  const { port, admin, balancer } = await start(
    t,
    `${SITE} name secure`,
    '  http-request return status 200\n  log global\n  option httplog',
    `  log 127.0.0.1:${log.port} local0\n`,
  );
  assert.equal(await exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), '');
  await log.find(
    /127\.0\.0\.1:\d+ \[.*\] fe\/secure: SSL handshake failure \(error:0A00009C:SSL routines::http request\)/,
  );
  await exchangeRaw(
    port,
    Buffer.from('\x16\x03\x01 no hello at all, but long enough for a record header', 'latin1'),
    500,
  );
  const silent = connect(port, '127.0.0.1');
  await once(silent, 'connect');
  silent.end();
  await log.find(/fe\/secure: Connection closed during SSL handshake/);
  const cut = connect(port, '127.0.0.1');
  await once(cut, 'connect');
  resetSocket(cut);
  assert.equal((await requestTls(port)).head.split('\r\n')[0], 'HTTP/1.1 200 OK');
  await untilMatches(() => ask(Number(admin), 'show info'), /^CurrSslConns: 0$/m);
  assert.equal(await info(admin, 'CurrConns'), 0);
  const failed = statRows(await ask(Number(admin), 'show stat')).get('fe/FRONTEND');
  assert.ok(Number(failed?.['ssl_failed_handshake']) >= 3, failed?.['ssl_failed_handshake']);
  assert.equal(failed?.['ssl_sess'], '1');
  assert.equal(await balancer.stop(), 0);
});

test('a handshake that does not come to an end is ended by timeout client-hs', async t => {
  const log = await startLogReceiver(t);
  const { port } = await start(
    t,
    SITE,
    '  timeout client-hs 300ms\n  http-request return status 200\n  log global\n  option httplog',
    `  log 127.0.0.1:${log.port} local0\n`,
  );
  const silent = connect(port, '127.0.0.1');
  await once(silent.resume(), 'close', { signal: AbortSignal.timeout(10_000) });
  await log.find(/fe\/1: Timeout during SSL handshake/);
});

test('verify required asks for a certificate of the ca-file, and closes when there is none or a wrong one', async t => {
  const { port } = await start(t, `${SITE} verify required ca-file ${tlsFile('ca.pem')}`);
  assert.equal(await refusalOf(port, { ...CLIENT, maxVersion: 'TLSv1.2' }), undefined);
  assert.equal(await refusalOf(port, CLIENT), undefined);
  assert.equal(await refusalOf(port, { maxVersion: 'TLSv1.2' }), 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE');
  assert.notEqual(await refusalOf(port), undefined);
  const other = await start(t, `${SITE} verify required ca-file ${tlsFile('other-ca.pem')}`);
  assert.notEqual(await refusalOf(other.port, CLIENT), undefined);
  assert.notEqual(await refusalOf(other.port, { ...CLIENT, maxVersion: 'TLSv1.2' }), undefined);
});

test('verify optional lets in who has no certificate, not who has a wrong one', async t => {
  const { port } = await start(t, `${SITE} verify optional ca-file ${tlsFile('other-ca.pem')}`);
  assert.equal(await refusalOf(port), undefined);
  assert.notEqual(await refusalOf(port, CLIENT), undefined);
  const lenient = await start(
    t,
    `${SITE} verify optional ca-file ${tlsFile('other-ca.pem')} crt-ignore-err all ca-ignore-err all`,
  );
  assert.equal(await refusalOf(lenient.port, CLIENT), undefined);
});

test('crl-file refuses certificates that were revoked', async t => {
  const { port } = await start(
    t,
    `${SITE} verify required ca-file ${tlsFile('ca.pem')} crl-file ${tlsFile('ca.crl')}`,
  );
  assert.equal(await refusalOf(port, CLIENT), undefined);
  const revoked = { cert: tlsText('revoked.pem'), key: tlsText('revoked.pem') };
  assert.notEqual(await refusalOf(port, revoked), undefined);
});

test('who was let in by one line of a crt-list resumes no session with another that trusts others', async t => {
  const folder = temporaryFolder(t);
  const line = (authority: string, name: string): string =>
    `${tlsFile('rsa.pem')} [verify required ca-file ${tlsFile(authority)}] ${name}\n`;
  const list = join(folder, 'list');
  writeFileSync(list, line('ca.pem', 'one.example') + line('other-ca.pem', 'two.example'));
  for (const options of ['', 'no-tls-tickets']) {
    const { port } = await start(t, `crt-list ${list} ${options}`);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const one = { ...CLIENT, maxVersion, servername: 'one.example' };
      const two = { ...CLIENT, maxVersion, servername: 'two.example' };
      assert.notEqual(await refusalOf(port, two), undefined);
      const socket = await connectTls(port, one);
      const sessions: Buffer[] = [];
      socket.on('session', session => sessions.push(session));
      assert.match(
        await converse(socket, 'GET / HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n'),
        /^HTTP\/1\.1 200/,
      );
      for (const session of sessions) {
        assert.notEqual(await refusalOf(port, { ...two, session }), undefined, `${options} ${maxVersion}`);
        assert.equal(await refusalOf(port, { ...one, session }), undefined, `${options} ${maxVersion}`);
      }
    }
  }
});

test('versions, ciphers and curves of the line are those that are agreed on', async t => {
  const { port } = await start(
    t,
    `${SITE} ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2 ciphers ECDHE-RSA-AES128-GCM-SHA256 curves P-384`,
  );
  assert.equal(await refusalOf(port, { minVersion: 'TLSv1.3' }), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  const socket = await connectTls(port);
  assert.equal(socket.getCipher().name, 'ECDHE-RSA-AES128-GCM-SHA256');
  assert.deepEqual(socket.getEphemeralKeyInfo(), { type: 'ECDH', name: 'secp384r1', size: 384 });
  socket.destroy();
  const suites = await start(t, `${SITE} force-tlsv13 ciphersuites TLS_CHACHA20_POLY1305_SHA256`);
  const other = await connectTls(suites.port);
  assert.equal(other.getCipher().name, 'TLS_CHACHA20_POLY1305_SHA256');
  other.destroy();
});

test('sessions are resumed, by tickets in any thread and without tickets in TLS 1.2', async t => {
  const resume = async (port: number, options: ConnectionOptions): Promise<boolean> => {
    const first = await connectTls(port, options);
    const session =
      options.maxVersion === 'TLSv1.2' ? Promise.resolve([first.getSession()]) : once(first, 'session');
    const [data] = (await session) as [Buffer];
    first.destroy();
    const again = await connectTls(port, { ...options, session: data });
    const isReused = again.isSessionReused();
    again.destroy();
    return isReused;
  };
  const tickets = await start(t, SITE, undefined, '  nbthread 2\n');
  for (let round = 0; round < 4; round++) assert.ok(await resume(tickets.port, {}));
  assert.ok(await resume(tickets.port, { maxVersion: 'TLSv1.2' }));
  const cached = await start(t, `${SITE} no-tls-tickets`, undefined, '  nbthread 1\n');
  assert.ok(await resume(cached.port, { maxVersion: 'TLSv1.2' }));
  assert.ok((await info(cached.admin, 'SslCacheLookups')) >= 1);
});

test('alpn agrees on the first of the line that the client offers, and on none where nothing is in common', async t => {
  const agreed = async (port: number, ALPNProtocols: string[]): Promise<string | false | null> => {
    const socket = await connectTls(port, { ALPNProtocols });
    const { alpnProtocol } = socket;
    socket.destroy();
    return alpnProtocol;
  };
  const usual = await start(t, SITE);
  assert.equal(await agreed(usual.port, ['http/1.1', 'h2']), 'h2');
  const { port } = await start(t, `${SITE} alpn http/1.1`);
  assert.equal(await agreed(port, ['h2', 'http/1.1']), 'http/1.1');
  assert.equal(await agreed(port, ['h2']), false);
});
