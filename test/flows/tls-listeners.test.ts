/** Connections over TLS on `bind` lines, with real clients, on the engine of the test run. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw } from '../support/balancer.ts';
import { helloOf } from '../support/client-hello.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { resetSocket } from '../support/reset-socket.ts';
import { statRows } from '../support/stat-rows.ts';
import { connectTls, converse, requestTls } from '../support/tls-client.ts';
import { infoOf, SITE, startTls } from '../support/tls-flow.ts';
import { tlsFile } from '../support/tls-material.ts';
import { until, untilMatches } from '../support/until.ts';

const run = promisify(execFile);

test('a request over TLS is served, and rules know that it came over TLS', async t => {
  const { port } = await startTls(t, SITE);
  assert.equal((await requestTls(port)).body, '127.0.0.1 1 TLSv1.3');
  assert.equal((await requestTls(port, { maxVersion: 'TLSv1.2' })).body, '127.0.0.1 1 TLSv1.2');
});

test('curl gets an answer, and one connection serves several requests', async t => {
  if (!requires(t, 'curl')) return;
  const { port } = await startTls(t, SITE);
  const url = `https://127.0.0.1:${port}/`;
  const { stdout } = await run('curl', ['-sk', '--max-time', '10', '-w', ' %{num_connects}\n', url, url]);
  assert.equal(stdout, '127.0.0.1 1 TLSv1.3 1\n127.0.0.1 1 TLSv1.3 0\n');
});

test('addresses of a PROXY header are those of the TLS connection behind it', async t => {
  const { port } = await startTls(t, `${SITE} accept-proxy`);
  const raw = connect(port, '127.0.0.1');
  await once(raw, 'connect');
  raw.write('PROXY TCP4 192.0.2.7 192.0.2.8 1000 443\r\n');
  const socket = await connectTls(port, { socket: raw });
  const answer = await converse(socket, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(answer, /192\.0\.2\.7 1 TLSv1\.3$/);
});

test('where Node does not show what OpenSSL has, it makes the handshakes itself', async t => {
  const env = { NODE_OPTIONS: `--require ${resolve('test/support/no-context-addresses.cjs')}` };
  const { port, balancer } = await startTls(t, SITE, undefined, '', env);
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const)
    assert.equal((await requestTls(port, { maxVersion })).body, `127.0.0.1 1 ${maxVersion}`);
  assert.match(balancer.output(), /an address was hidden/);
});

test('in mode tcp what is decrypted is relayed, FIN by FIN', async t => {
  const origin = await startRawOrigin(t, socket => {
    const chunks: Buffer[] = [];
    socket.on('data', chunk => chunks.push(chunk));
    socket.on('end', () => socket.end(`got ${Buffer.concat(chunks).toString()}`));
  });
  const { port } = await startTls(
    t,
    SITE,
    `  mode tcp\n  default_backend be\nbackend be\n  mode tcp\n  server s ${origin.address}`,
  );
  const socket = await connectTls(port, { allowHalfOpen: true } as object);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.end('all of it');
  await once(socket, 'end', { signal: AbortSignal.timeout(60_000) });
  assert.equal(Buffer.concat(chunks).toString(), 'got all of it');
  socket.destroy();
});

test('a connection that is closed after its last answer ends by close_notify, so that nobody takes it for cut off', async t => {
  if (!requires(t, 'openssl')) return;
  const { port } = await startTls(t, SITE);
  const client = execFile('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-msg', '-ign_eof']);
  client.stdin?.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const said = await text(client.stdout as Readable);
  assert.match(said, /HTTP\/1\.1 200 OK/);
  assert.match(said, /<<< TLS 1\.3, Alert \[length 0002\], warning close_notify/);
});

test('clients are shown the chain of the file alone, and the names of the authorities that are meant for them', async t => {
  if (!requires(t, 'openssl')) return;
  const [ca, other] = [tlsFile('ca.pem'), tlsFile('other-ca.pem')];
  const shown = async (words: string, version: string): Promise<{ chain: number; names: string }> => {
    const { port } = await startTls(t, `crt ${tlsFile('ecdsa.pem')} verify optional ${words}`);
    const client = execFile('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-showcerts', version]);
    client.stdin?.end();
    const said = await text(client.stdout as Readable);
    const [, names = ''] =
      /Acceptable client certificate CA names\n([^]*?)\n(?:Client|Requested)/.exec(said) ?? [];
    return { chain: said.match(/BEGIN CERTIFICATE/g)?.length ?? 0, names };
  };
  for (const version of ['-tls1_2', '-tls1_3']) {
    const both = await shown(`ca-file ${ca} ca-verify-file ${other}`, version);
    assert.equal(both.chain, 1);
    assert.match(both.names, /^[^\n]*CN ?= ?Example Authority$/);
    assert.deepEqual(await shown(`ca-file ${ca} no-ca-names`, version), { chain: 1, names: '' });
  }
});

test('a record that is longer than any may be is answered at once', async t => {
  const log = await startLogReceiver(t);
  const { port } = await startTls(
    t,
    SITE,
    '  timeout client-hs 1h\n  http-request return status 200\n  log global\n  option httplog',
    `  log 127.0.0.1:${log.port} local0\n`,
  );
  const client = connect(port, '127.0.0.1');
  client.write(Buffer.from([22, 3, 1, 0xff, 0xff, 1, 0, 0xff]));
  const [alert] = (await once(client, 'data')) as [Buffer];
  assert.deepEqual([...alert], [21, 3, 3, 0, 2, 2, 22]);
  await log.find(/SSL handshake failure \(error:0A0000C6:SSL routines::packet length too long\)/);
  client.destroy();
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
  const { port } = await startTls(t, SITE, `  default_backend be\nbackend be\n  server s ${origin.address}`);
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
  const { port, admin, balancer } = await startTls(
    t,
    `${SITE} name secure`,
    '  http-request return status 200\n  log global\n  option httplog',
    `  log 127.0.0.1:${log.port} local0\n`,
  );
  assert.equal(await exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), '');
  await log.find(
    /127\.0\.0\.1:\d+ \[.*\] fe\/secure: SSL handshake failure \(error:0A00009C:SSL routines::http request\)/,
  );
  const garbled = connect(port, '127.0.0.1');
  garbled.end(Buffer.from('\x16\x03\x01 no hello at all, but long enough for a record header', 'latin1'));
  await log.find(/fe\/secure: Connection closed during SSL handshake/);
  const silent = connect(port, '127.0.0.1');
  await once(silent, 'connect');
  silent.end();
  await until(
    'another line',
    () => log.lines.filter(line => line.includes('Connection closed')).length === 2,
  );
  const cut = connect(port, '127.0.0.1');
  await once(cut, 'connect');
  resetSocket(cut);
  assert.equal((await requestTls(port)).head.split('\r\n')[0], 'HTTP/1.1 200 OK');
  await untilMatches(() => ask(Number(admin), 'show info'), /^CurrSslConns: 0$/m);
  assert.equal(await infoOf(admin, 'CurrConns'), 0);
  const failed = statRows(await ask(Number(admin), 'show stat')).get('fe/FRONTEND');
  assert.ok(Number(failed?.['ssl_failed_handshake']) >= 3, failed?.['ssl_failed_handshake']);
  assert.equal(failed?.['ssl_sess'], '1');
  assert.equal(await balancer.stop(), 0);
});

test('of a client that leaves once it has seen the certificate, the log knows what was agreed on', async t => {
  const log = await startLogReceiver(t);
  const { port } = await startTls(
    t,
    SITE,
    '  http-request return status 200\n  log global\n  error-log-format "%[ssl_fc_sni] %sslv %sslc"',
    `  log 127.0.0.1:${log.port} local0\n`,
  );
  const client = connect(port, '127.0.0.1');
  client.write(await helloOf({ servername: 'foo.example', minVersion: 'TLSv1.3' }));
  await once(client, 'data');
  client.end();
  await log.find(/foo\.example TLSv1\.3 TLS_AES_\d+_\w+/);
});

test('what is no TLS behind a handshake is answered by an alert, and the log says what was wrong', async t => {
  const log = await startLogReceiver(t);
  const { port } = await startTls(
    t,
    SITE,
    '  http-request return status 200\n  log global\n  error-log-format "%[fc_err] %[fc_err_name] %[ssl_fc_err] %[ssl_fc_err_str]"',
    `  log 127.0.0.1:${log.port} local0\n`,
  );
  const refused = async (bytes: string): Promise<string | undefined> => {
    const raw = connect(port, '127.0.0.1');
    await once(raw, 'connect');
    // with TLS 1.3 Node is told before its Finished is under way
    const socket = await connectTls(port, { socket: raw, maxVersion: 'TLSv1.2' });
    raw.write(Buffer.from(bytes, 'latin1'));
    const [error] = (await once(socket.resume(), 'error')) as [NodeJS.ErrnoException];
    return error.code;
  };
  assert.equal(await refused('GET / HTTP/1.1\r\n\r\n'), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  await log.find(/43 SSL_FATAL 167772427 error:0A00010B:SSL routines::wrong version number/);
  assert.equal(await refused(`\x17\x03\x03\x00\x20${'x'.repeat(32)}`), 'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC');
  await log.find(/43 SSL_FATAL 167772441 error:0A000119:SSL routines::decryption failed or bad record mac/);
});

test('what the log asks of a handshake that failed at its hello harms nobody', async t => {
  const log = await startLogReceiver(t);
  const { port } = await startTls(
    t,
    `${SITE} ssl-min-ver TLSv1.3`,
    '  http-request return status 200\n  log global\n  error-log-format "<%[ssl_f_sha1,hex]> <%[ssl_fc_session_id,hex]> <%[ssl_c_sha1,hex]>"',
    `  log 127.0.0.1:${log.port} local0\n`,
  );
  for (let round = 0; round < 3; round++) await assert.rejects(connectTls(port, { maxVersion: 'TLSv1.2' }));
  await log.find(/<-> <-> <->/);
  (await connectTls(port, {})).destroy();
});

for (const [whose, more] of [
  ['OpenSSL', ''],
  ['Node', ' no-tls-tickets'],
] as const)
  test(`of a handshake by ${whose} that does not come to an end the log tells what was agreed on so far`, async t => {
    const log = await startLogReceiver(t);
    const { port } = await startTls(
      t,
      SITE + more,
      '  timeout client-hs 500ms\n  http-request return status 200\n  log global\n  error-log-format "%[fc_err] <%[ssl_fc_sni]> %sslv %sslc %[ssl_fc_err]"',
      `  log 127.0.0.1:${log.port} local0\n`,
    );
    const halfway = connect(port, '127.0.0.1').resume();
    halfway.write(await helloOf({ servername: 'foo.example', minVersion: 'TLSv1.3' }));
    await log.find(/26 <foo\.example> TLSv1\.3 TLS_AES_\d+_\w+ 0/);
    const silent = connect(port, '127.0.0.1').resume();
    await log.find(/26 <-> TLSv1\.3 \(NONE\) 0/);
    connect(port, '127.0.0.1').end();
    await log.find(/24 <-> TLSv1\.3 \(NONE\) 0/);
    halfway.destroy();
    silent.destroy();
  });

test('with option dontlognull nothing is said of clients that let the time for the handshake, or for a header, pass', async t => {
  const log = await startLogReceiver(t);
  for (const more of ['', ' accept-proxy']) {
    const { port } = await startTls(
      t,
      SITE + more,
      '  timeout client-hs 300ms\n  http-request return status 200\n  log global\n  option httplog\n  option dontlognull',
      `  log 127.0.0.1:${log.port} local0\n`,
    );
    await once(connect(port, '127.0.0.1').resume(), 'close');
    const header = more === '' ? '' : 'PROXY UNKNOWN\r\n';
    connect(port, '127.0.0.1').resume().end(`${header}GET / HTTP/1.1\r\nHost: a\r\n\r\n`);
    const known = log.lines.length;
    await until('what else goes wrong is told', () => log.lines.length > known);
  }
  assert.deepEqual(
    log.lines.map(line => /\(.*\)$/.exec(line.trim())?.[0]),
    Array(2).fill('(error:0A00009C:SSL routines::http request)'),
  );
});

test('a hello that says it is longer than any may be is answered at once', async t => {
  const { port } = await startTls(t, SITE, '  timeout client-hs 1h\n  http-request return status 200');
  const client = connect(port, '127.0.0.1');
  client.write(Buffer.from([22, 3, 1, 0, 104, 1, 0xff, 0xff, 0xff, ...Buffer.alloc(100)]));
  const [alert] = (await once(client, 'data')) as [Buffer];
  assert.deepEqual([...alert.subarray(5)], [2, 47]);
  client.destroy();
});

test('a handshake that does not come to an end is ended by timeout client-hs', async t => {
  const log = await startLogReceiver(t);
  const { port } = await startTls(
    t,
    SITE,
    '  timeout client-hs 300ms\n  http-request return status 200\n  log global\n  option httplog',
    `  log 127.0.0.1:${log.port} local0\n`,
  );
  const silent = connect(port, '127.0.0.1');
  await once(silent.resume(), 'close', { signal: AbortSignal.timeout(60_000) });
  await log.find(/fe\/1: Timeout during SSL handshake/);
});

test('alpn agrees on the first of the line that the client offers, and on none where nothing is in common', async t => {
  const agreed = async (port: number, ALPNProtocols: string[]): Promise<string | false | null> => {
    const socket = await connectTls(port, { ALPNProtocols });
    const { alpnProtocol } = socket;
    socket.destroy();
    return alpnProtocol;
  };
  const usual = await startTls(t, SITE);
  assert.equal(await agreed(usual.port, ['http/1.1', 'h2']), 'h2');
  assert.equal(await agreed(usual.port, ['acme-tls/1', 'spdy/3']), false);
  const { port } = await startTls(t, `${SITE} alpn http/1.1`);
  assert.equal(await agreed(port, ['h2', 'http/1.1']), 'http/1.1');
  assert.equal(await agreed(port, ['h2']), false);
});
