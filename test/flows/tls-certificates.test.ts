/** What `bind` lines with TLS show clients, ask of them, agree on with them and remember of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectPlainly } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { helloOf } from '../support/client-hello.ts';
import { openssl, requiresOpenssl } from '../support/openssl.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { connectTls, converse, refusalOf, requestTls } from '../support/tls-client.ts';
import { infoOf, SITE, startTls } from '../support/tls-flow.ts';
import { tlsFile, tlsText } from '../support/tls-material.ts';

/** Keys lie beside certificates. */
const DEL_EXT = '  ssl-load-extra-del-ext\n';
const CLIENT = { cert: tlsText('client.pem'), key: tlsText('client.pem') };

test('the certificate is the one of the name the client asks for', async t => {
  const { port } = await startTls(
    t,
    `${SITE} crt ${tlsFile('second.crt')} crt ${tlsFile('ecdsa.pem')}`,
    '  http-request return status 200',
    DEL_EXT,
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

test('who asks for something that is no name is refused, whoever would make the handshake', async t => {
  for (const more of ['', ' no-tls-tickets']) {
    const { port } = await startTls(t, SITE + more);
    const good = await helloOf({ servername: 'www.example' });
    const at = good.indexOf('www.example');
    for (const [place, value] of [
      [at - 3, 1],
      [at - 4, 0xff],
      [at - 1, 0xff],
    ] as const) {
      const hello = Buffer.from(good);
      hello[place] = value;
      const client = connectPlainly(port, '127.0.0.1');
      client.write(hello);
      const [alert] = (await once(client, 'data')) as [Buffer];
      assert.deepEqual([...alert.subarray(5)], [2, 112], `${more} ${place - at}`);
      client.destroy();
    }
  }
});

test('strict-sni refuses those who ask for no known name', async t => {
  const { port } = await startTls(t, `${SITE} strict-sni`);
  assert.equal(await refusalOf(port, { servername: 'www.example' }), undefined);
  assert.equal(await refusalOf(port, { servername: 'unknown.example' }), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  assert.equal(await refusalOf(port), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
});

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`with generate-certificates who asks for an unknown name gets a certificate with that name, ${maxVersion}`, async t => {
    const signer = `${tlsFile('second.crt')} ca-sign-file ${tlsFile('encrypted.pem')} ca-sign-pass secret`;
    const { port } = await startTls(
      t,
      `${SITE} generate-certificates strict-sni crt ${signer}`,
      undefined,
      DEL_EXT,
    );
    const shown = async (servername: string): Promise<string | undefined> => {
      const socket = await connectTls(port, { servername, maxVersion });
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      assert.ok(certificate?.checkHost(servername), `${certificate?.subjectAltName}`);
      return /CN=(.*)/.exec(certificate?.issuer ?? '')?.[1];
    };
    assert.equal(await shown('forged.example'), 'second.example');
    assert.equal(await shown('forged.example'), 'second.example');
    assert.equal(await shown('www.example'), 'Example Authority');
    assert.equal(await refusalOf(port), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
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
  for (const files of [
    ['rsa.pem', 'ecdsa.pem'],
    ['ecdsa.pem', 'rsa.pem'],
  ])
    test(`of a name's certificates a client is shown the one it understands, ECDSA first: ${files.join()}${strict}`, async t => {
      const { port } = await startTls(t, `${files.map(file => `crt ${tlsFile(file)}`).join(' ')}${strict}`);
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const shown = (options: ConnectionOptions): Promise<string | undefined> =>
          shownTo(port, { maxVersion, servername: 'www.example', ...options });
        assert.equal(await shown({}), 'ec www.example');
        assert.equal(await shown(ONLY_ECDSA), 'ec www.example');
        assert.equal(await shown(ONLY_RSA), 'rsa www.example');
      }
    });

test('a client that asks for no name is shown the default of the kind of key it understands', async t => {
  const { port } = await startTls(t, `crt-list ${list(t, ['rsa.pem *', 'ecdsa.pem *'])}`);
  assert.equal(await shownTo(port, {}), 'ec www.example');
  assert.equal(await shownTo(port, ONLY_RSA), 'rsa www.example');
});

test('the default of another kind of key is not shown to who asks for a known name', async t => {
  const { port } = await startTls(
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
  const { port } = await startTls(t, `crt-list ${list(t, lines)}`);
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
  const { port } = await startTls(
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
  const [session] = (await once(socket, 'session', { signal: AbortSignal.timeout(60_000) })) as [Buffer];
  return session;
}

test('verify required asks for a certificate of the ca-file, and closes when there is none or a wrong one', async t => {
  const { port } = await startTls(t, `${SITE} verify required ca-file ${tlsFile('ca.pem')}`);
  assert.equal(await refusalOf(port, { ...CLIENT, maxVersion: 'TLSv1.2' }), undefined);
  assert.equal(await refusalOf(port, CLIENT), undefined);
  assert.equal(await refusalOf(port, { maxVersion: 'TLSv1.2' }), 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE');
  assert.notEqual(await refusalOf(port), undefined);
  const other = await startTls(t, `${SITE} verify required ca-file ${tlsFile('other-ca.pem')}`);
  assert.notEqual(await refusalOf(other.port, CLIENT), undefined);
  assert.equal(
    await refusalOf(other.port, { ...CLIENT, maxVersion: 'TLSv1.2' }),
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  );
});

test('who is refused for a certificate is told why', async t => {
  const unknown = await startTls(t, `${SITE} verify required ca-file ${tlsFile('other-ca.pem')}`);
  assert.equal(await alertOf(unknown.port, CLIENT), 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA');
  const words = `${SITE} verify required ca-file ${tlsFile('ca.pem')} crl-file ${tlsFile('ca.crl')}`;
  const revoking = await startTls(t, words);
  const revoked = { cert: tlsText('revoked.pem'), key: tlsText('revoked.pem') };
  assert.equal(await alertOf(revoking.port, revoked), 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED');
  const { port } = await startTls(t, `${SITE} verify required ca-file ${tlsFile('ca.pem')}`);
  assert.equal(await alertOf(port, {}), 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
});

/** In TLS 1.3 a client is through with the handshake before it hears of its certificate. */
async function alertOf(port: number, options: ConnectionOptions): Promise<string | undefined> {
  const socket = await connectTls(port, options);
  const [error] = (await once(socket, 'error', { signal: AbortSignal.timeout(60_000) })) as [
    NodeJS.ErrnoException,
  ];
  return error.code;
}

test('verify optional lets in who has no certificate, not who has a wrong one', async t => {
  const { port } = await startTls(t, `${SITE} verify optional ca-file ${tlsFile('other-ca.pem')}`);
  assert.equal(await refusalOf(port), undefined);
  assert.notEqual(await refusalOf(port, CLIENT), undefined);
  const lenient = await startTls(
    t,
    `${SITE} verify optional ca-file ${tlsFile('other-ca.pem')} crt-ignore-err all ca-ignore-err all`,
  );
  assert.equal(await refusalOf(lenient.port, CLIENT), undefined);
});

test('crl-file refuses certificates that were revoked', async t => {
  const { port } = await startTls(
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
    const { port } = await startTls(t, `crt-list ${list} ${options}`);
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
  const { port } = await startTls(
    t,
    `${SITE} ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2 ciphers ECDHE-RSA-AES128-GCM-SHA256 curves P-384`,
  );
  assert.equal(await refusalOf(port, { minVersion: 'TLSv1.3' }), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  const socket = await connectTls(port);
  assert.equal(socket.getCipher().name, 'ECDHE-RSA-AES128-GCM-SHA256');
  assert.deepEqual(socket.getEphemeralKeyInfo(), { type: 'ECDH', name: 'secp384r1', size: 384 });
  socket.destroy();
  const suites = await startTls(t, `${SITE} force-tlsv13 ciphersuites TLS_CHACHA20_POLY1305_SHA256`);
  const other = await connectTls(suites.port);
  assert.equal(other.getCipher().name, 'TLS_CHACHA20_POLY1305_SHA256');
  other.destroy();
});

test('sessions are resumed, by tickets in any thread and without tickets in TLS 1.2', async t => {
  const resume = async (port: number, wishes: ConnectionOptions): Promise<boolean> => {
    const options = { servername: 'www.example', ...wishes };
    const first = await connectTls(port, options);
    const session =
      options.maxVersion === 'TLSv1.2' ? Promise.resolve([first.getSession()]) : once(first, 'session');
    const [data] = (await session) as [Buffer];
    first.destroy();
    const again = await connectTls(port, { ...options, session: data });
    const isReused = again.isSessionReused();
    const answer = await converse(again, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.match(answer, /www\.example true$/);
    return isReused;
  };
  const told =
    '  http-request return status 200 content-type text/plain lf-string "%[ssl_fc_sni] %[ssl_fc_is_resumed,iif(true,false)]"';
  const tickets = await startTls(t, SITE, told, '  nbthread 2\n');
  for (let round = 0; round < 4; round++) assert.ok(await resume(tickets.port, {}));
  assert.ok(await resume(tickets.port, { maxVersion: 'TLSv1.2' }));
  const cached = await startTls(t, `${SITE} no-tls-tickets`, told, '  nbthread 1\n');
  assert.ok(await resume(cached.port, { maxVersion: 'TLSv1.2' }));
  assert.ok((await infoOf(cached.admin, 'SslCacheLookups')) >= 1);
});

test('parameters of DHE are those of ssl-dh-param-file, and clients are asked for signatures of client-sigalgs', async t => {
  if (!requiresOpenssl(t)) return;
  const folder = temporaryFolder(t);
  openssl(folder, ...'genpkey -genparam -algorithm DH -pkeyopt group:ffdhe3072 -out dh.pem'.split(' '));
  const list = 'RSA+SHA384:ECDSA+SHA256';
  const { port } = await startTls(
    t,
    `${SITE} verify optional ca-file ${tlsFile('ca.pem')} client-sigalgs ${list}`,
    undefined,
    `  ssl-dh-param-file ${folder}/dh.pem\n`,
  );
  const said = (...words: readonly string[]): string =>
    openssl(folder, 's_client', '-connect', `127.0.0.1:${port}`, ...words);
  const inOldWay = said('-tls1_2', '-cipher', 'DHE');
  assert.match(inOldWay, /Server Temp Key: DH, 3072 bits/);
  for (const text of [inOldWay, said('-tls1_3')])
    assert.match(text, new RegExp(`^Requested Signature Algorithms: ${list.replaceAll('+', '\\+')}$`, 'm'));
});
