/** `client-sigalgs` on both sides of a handshake: what certificates of clients may be signed with. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectPlain, createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect, createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { canLimitSignatures, limitClientSignatures } from '../../../src/net/tls/client-signatures.ts';
import { tlsText } from '../../support/tls-material.ts';

const SITE = { cert: tlsText('rsa.pem'), key: tlsText('rsa.pem'), ca: tlsText('ca.pem') };
const CLIENT = { cert: tlsText('client.pem'), key: tlsText('client.pem') };

/** The name of the client that a server with that context sees; undefined: it showed no certificate. */
async function seen(t: TestContext, site: SecureContext, client: SecureContext): Promise<string | undefined> {
  const names: (string | undefined)[] = [];
  const server = createServer(raw => {
    const options = { isServer: true, requestCert: true, rejectUnauthorized: false };
    const socket = new TLSSocket(raw, { ...options, secureContext: site });
    socket.on('error', () => undefined);
    socket.on('secure', () => {
      names.push(socket.getPeerX509Certificate()?.subject);
      socket.end('x');
    });
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const raw = connectPlain({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const socket = connect({ socket: raw, secureContext: client, rejectUnauthorized: false });
  socket.on('error', () => undefined).resume();
  await once(socket, 'close', { signal: AbortSignal.timeout(20_000) });
  return names[0];
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`a certificate is only shown where its key can sign as is asked, ${maxVersion}`, async t => {
    const site = (list?: string): SecureContext =>
      limitClientSignatures(createSecureContext({ ...SITE, maxVersion }), list);
    const client = (list?: string): SecureContext =>
      limitClientSignatures(createSecureContext({ ...CLIENT, maxVersion }), list);
    const name = 'C=FR\nO=Example\nCN=client';
    const rsa = 'rsa_pss_rsae_sha256:RSA+SHA256';
    const ecdsa = 'ecdsa_secp256r1_sha256';
    assert.equal(await seen(t, site(), client()), name);
    assert.equal(await seen(t, site(rsa), client()), name);
    assert.equal(await seen(t, site(ecdsa), client()), undefined);
    assert.equal(await seen(t, site(rsa), client(rsa)), name);
    assert.equal(await seen(t, site(rsa), client('rsa_pss_rsae_sha512')), undefined);
  });

test('a list that OpenSSL does not know is told of', () => {
  const context = createSecureContext({ ca: [] });
  assert.ok(canLimitSignatures());
  assert.throws(
    () => limitClientSignatures(context, 'RSA+NONSENSE'),
    /does not know all of .* 'RSA\+NONSENSE'/,
  );
});
