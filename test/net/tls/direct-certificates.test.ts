/** Certificates of clients and stapled responses in handshakes that OpenSSL makes without Node, on each engine. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket, connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { randomNumbers } from '../../support/random-numbers.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { tlsFile, tlsText } from '../../support/tls-material.ts';
import { within } from '../wires.ts';
import {
  type End,
  ENGINES,
  listenerOf,
  meet,
  serve,
  type Server,
  SLOW_MS,
  testOnEngines,
} from './direct-server.ts';

const LINE = `crt ${tlsFile('rsa.pem')} ca-file ${tlsFile('ca.pem')}`;
const CLIENT = { cert: tlsText('client.pem'), key: tlsText('client.pem') };
const REVOKED = { cert: tlsText('revoked.pem'), key: tlsText('revoked.pem') };
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
const UNTRUSTED = 20;
const REVOCATION = 23;

/** What becomes of a handshake, and what the client hears that ends it. */
async function refused(server: Server, options: ConnectionOptions): Promise<readonly [End, string]> {
  const ended = server.next();
  const client = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false, ...options });
  const heard = new Promise<string>(resolve =>
    client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? '')),
  );
  return within(SLOW_MS, 'a refusal', Promise.all([ended, heard]));
}

testOnEngines('certificates of clients are asked for, judged and known', async (t, make) => {
  for (const maxVersion of VERSIONS) {
    const required = serve(t, make, listenerOf(`${LINE} verify required`));
    const { client, facts } = await meet(required, { ...CLIENT, maxVersion });
    assert.deepEqual([facts.presentedCertificate, facts.verifyResult, facts.certificateError], [true, 0, 0]);
    const der = client.getX509Certificate()?.raw.toString('latin1');
    assert.equal(facts.peerCertificate?.der, der);
    assert.notEqual(facts.rootCertificate?.der, der);
    client.destroy();
    const [[kind, failure], heard] = await refused(required, { maxVersion });
    assert.ok(kind === 'failed', kind);
    assert.match(failure.detail ?? '', /peer did not return a certificate/);
    assert.match(heard, maxVersion === 'TLSv1.3' ? /CERTIFICATE_REQUIRED/ : /HANDSHAKE_FAILURE/);
    const optional = await meet(serve(t, make, listenerOf(`${LINE} verify optional`)), { maxVersion });
    assert.deepEqual(
      [optional.facts.presentedCertificate, optional.facts.peerCertificate],
      [false, undefined],
    );
    optional.client.destroy();
  }
});

testOnEngines('a certificate is refused for the first error that is not excused', async (t, make) => {
  for (const maxVersion of VERSIONS) {
    const line = `crt ${tlsFile('rsa.pem')} ca-file ${tlsFile('other-ca.pem')} verify required`;
    const server = serve(t, make, listenerOf(line));
    const [end, heard] = await refused(server, { ...CLIENT, maxVersion });
    assert.ok(end[0] === 'failed', end[0]);
    const [, { name }, facts] = end;
    assert.deepEqual([name, facts.certificateError, facts.chainError], ['SSL_CRT_FAIL', UNTRUSTED, 0]);
    assert.equal(facts.verifyResult, UNTRUSTED);
    assert.equal(
      facts.peerCertificate?.subject?.entry('CN', 1),
      facts.peerCertificate?.subject?.entry('CN', -1),
    );
    assert.match(facts.error?.text ?? '', /certificate verify failed/);
    assert.match(heard, /UNKNOWN_CA/);
    const lenient = serve(t, make, listenerOf(`${line} crt-ignore-err all ca-ignore-err all`));
    const met = await meet(lenient, { ...CLIENT, maxVersion });
    assert.deepEqual([met.facts.certificateError, met.facts.presentedCertificate], [UNTRUSTED, true]);
    met.client.destroy();
    const revoking = serve(t, make, listenerOf(`${LINE} verify required crl-file ${tlsFile('ca.crl')}`));
    const [[, , revoked], told] = await refused(revoking, { ...REVOKED, maxVersion });
    assert.equal(revoked?.certificateError, REVOCATION);
    assert.match(told, /CERTIFICATE_REVOKED/);
  }
});

testOnEngines('a session keeps the certificate that it was made with', async (t, make) => {
  const server = serve(t, make, listenerOf(`${LINE} verify required`));
  for (const maxVersion of VERSIONS) {
    const options = {
      host: '127.0.0.1',
      port: server.port,
      rejectUnauthorized: false,
      maxVersion,
      ...CLIENT,
    };
    const first = connect(options);
    const [session] = (await within(SLOW_MS, 'a ticket', once(first, 'session'))) as [Buffer];
    first.destroy();
    const { client, facts } = await meet(server, { maxVersion, session });
    assert.deepEqual([facts.resumed, facts.presentedCertificate, facts.verifyResult], [true, false, 0]);
    assert.ok(facts.peerCertificate !== undefined);
    assert.equal(facts.rootCertificate, undefined);
    client.destroy();
  }
});

testOnEngines('of several certificates the response of the one that is shown is stapled', async (t, make) => {
  const line = `crt ${tlsFile('rsa.pem')} crt ${tlsFile('ecdsa.pem')}`;
  const having = ({ name }: { readonly name: string }): { ocsp: Buffer; ocspUntilMs: number } => ({
    ocsp: Buffer.from(name),
    ocspUntilMs: name.includes('rsa') ? Number.POSITIVE_INFINITY : 0,
  });
  const server = serve(t, make, listenerOf(line, { having }));
  const stapled = async (options: ConnectionOptions): Promise<string> => {
    const client = connect({
      host: '127.0.0.1',
      port: server.port,
      rejectUnauthorized: false,
      requestOCSP: true,
      ...options,
    } as ConnectionOptions);
    const [response] = (await within(SLOW_MS, 'a response', once(client, 'OCSPResponse'))) as [Buffer | null];
    client.destroy();
    return String(response);
  };
  for (const maxVersion of VERSIONS) {
    const asked = { maxVersion, servername: 'www.example' };
    assert.equal(await stapled({ ...asked, sigalgs: 'rsa_pss_rsae_sha256:RSA+SHA256' }), tlsFile('rsa.pem'));
    assert.equal(await stapled({ ...asked, sigalgs: 'ECDSA+SHA256' }), 'null', 'too old');
  }
});

/** A way to the server that ends behind so many bytes of the client's, each time as many as `next` says. */
async function breakingWay(t: TestContext, port: number, next: () => number): Promise<number> {
  const held = new Set<Socket>();
  const way = createServer(client => {
    const server = connectPlain(port, '127.0.0.1');
    let left = next();
    for (const socket of [client, server]) {
      held.add(socket);
      socket.on('error', () => undefined).on('close', () => held.delete(socket));
    }
    server.pipe(client);
    client.on('end', () => server.end());
    client.on('data', (chunk: Buffer) => {
      server.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left > 0) return;
      server.end(() => server.destroy());
      client.destroy();
    });
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  t.after(() => {
    for (const socket of held) socket.destroy();
    way.close();
  });
  return (way.address() as { readonly port: number }).port;
}

testOnEngines('handshakes with certificates that break off anywhere harm nobody', async (t, make) => {
  const server = serve(t, make, listenerOf(`${LINE} verify required crl-file ${tlsFile('ca.crl')}`));
  const random = randomNumbers(11);
  const port = await breakingWay(t, server.port, () => 1 + random(3000));
  for (let round = 0; round < 12; round++)
    await Promise.all(
      [CLIENT, REVOKED, {}, CLIENT].map(async (certificate, index) => {
        const maxVersion = index % 2 === 0 ? 'TLSv1.3' : 'TLSv1.2';
        const client = connect({
          host: '127.0.0.1',
          port,
          rejectUnauthorized: false,
          maxVersion,
          ...certificate,
        });
        client.on('error', () => undefined).on('secureConnect', () => client.end('hello'));
        client.resume();
        await within(SLOW_MS, 'the end', new Promise(resolve => client.once('close', resolve)));
      }),
    );
  const { client } = await meet(server, CLIENT);
  client.destroy();
});

test('lines of a crt-list say which versions they take and whom they trust, and clients agree on that', async t => {
  const [[, make]] = ENGINES as [(typeof ENGINES)[number]];
  const list = join(temporaryFolder(t), 'list');
  const line = (words: string, name: string): string => `${tlsFile('rsa.pem')} [${words}] ${name}.example\n`;
  const trusting = (authority: string): string => `verify required ca-file ${tlsFile(authority)}`;
  writeFileSync(
    list,
    line('ssl-max-ver TLSv1.2', 'old') +
      line(trusting('ca.pem'), 'one') +
      line(trusting('other-ca.pem'), 'two'),
  );
  const server = serve(t, make, listenerOf(`crt-list ${list}`));
  const old = await meet(server, { servername: 'old.example' });
  assert.equal(old.facts.protocol, 'TLSv1.2');
  old.client.destroy();
  const { client, facts } = await meet(server, { ...CLIENT, servername: 'one.example' });
  assert.deepEqual([facts.protocol, facts.verifyResult], ['TLSv1.3', 0]);
  client.destroy();
  const [[kind]] = await refused(server, { ...CLIENT, servername: 'two.example' });
  assert.equal(kind, 'failed');
});
