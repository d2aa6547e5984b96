/** Checks over TLS: `check-ssl`, `check-sni`, `check-alpn`, `ssl` of connect rules, and how their failures are told. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { firstFinding as findingWithin } from '../support/check-runner.ts';
import { startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The first handshake of a process takes its time. */
const ENOUGH_MS = 2000;

function firstFinding(t: TestContext, rules: string, address: string, options: string): Promise<string> {
  return findingWithin(t, rules, address, options, ENOUGH_MS);
}

interface TlsOrigin {
  readonly address: string;
  /** The certificate, for `ca-file`. */
  readonly certificate: string;
  readonly names: (string | false)[];
  readonly protocols: (string | false | null)[];
}

async function startTlsOrigin(t: TestContext, serve: (socket: TLSSocket) => void): Promise<TlsOrigin> {
  const folder = temporaryFolder(t);
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=check.example', '-addext', 'subjectAltName=DNS:check.example'];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    certificate,
  ];
  assert.equal(spawnSync('openssl', [...made, ...subject]).status, 0);
  const names: (string | false)[] = [];
  const protocols: (string | false | null)[] = [];
  const options = {
    key: readFileSync(key),
    cert: readFileSync(certificate),
    ALPNProtocols: ['h2', 'http/1.1'],
  };
  const server = createServer(options, socket => {
    names.push((socket as TLSSocket & { servername: string | false }).servername);
    protocols.push(socket.alpnProtocol);
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, certificate, names, protocols };
}

const answerHttp = (socket: TLSSocket): void =>
  void socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\n'));

test('check-ssl alone asks for a handshake', async t => {
  if (!requires(t, 'openssl')) return;
  const { address } = await startTlsOrigin(t, () => undefined);
  assert.equal(
    await firstFinding(t, '', address, 'check-ssl verify none'),
    'succeeded, reason: Layer6 check passed',
  );
});

test('an HTTP check over TLS names the server as check-sni says, else by its Host', async t => {
  if (!requires(t, 'openssl')) return;
  const { address, names, protocols } = await startTlsOrigin(t, answerHttp);
  const rules = 'option httpchk GET / HTTP/1.1 check.example';
  const passed = 'succeeded, reason: Layer7 check passed, code: 200';
  assert.equal(await firstFinding(t, rules, address, 'check-ssl verify none'), passed);
  assert.equal(
    await firstFinding(
      t,
      rules,
      address,
      'check-ssl verify none check-sni other.example check-alpn http/1.1',
    ),
    passed,
  );
  assert.equal(await firstFinding(t, rules, address, 'check-ssl verify none no-check-sni-auto'), passed);
  assert.deepEqual(names, ['check.example', 'other.example', false]);
  assert.deepEqual(protocols, [false, 'http/1.1', false]);
});

test('a certificate is verified where the server line asks for it', async t => {
  if (!requires(t, 'openssl')) return;
  const { address, certificate } = await startTlsOrigin(t, answerHttp);
  const rules = 'option httpchk GET / HTTP/1.1 check.example';
  const verified = `ssl check-ssl verify required ca-file ${certificate}`;
  assert.match(await firstFinding(t, rules, address, verified), /^succeeded/);
  assert.match(
    await firstFinding(t, rules, address, `${verified} check-sni other.example`),
    /^failed, reason: Layer6 invalid response/,
  );
});

test('ssl of a connect rule speaks TLS for that connection', async t => {
  if (!requires(t, 'openssl')) return;
  const { address, names } = await startTlsOrigin(t, socket => void socket.write('hello'));
  const rules = 'option tcp-check\n tcp-check connect ssl sni rule.example\n tcp-check expect string hello';
  assert.match(
    await firstFinding(t, rules, address, 'verify none'),
    /^succeeded, reason: Layer7 check passed/,
  );
  assert.deepEqual(names, ['rule.example']);
});

test('a server that speaks no TLS, or nothing, fails at layer 6', async t => {
  const plain = await startRawOrigin(t, socket => socket.end('HTTP/1.0 400 Bad Request\r\n\r\n'));
  assert.match(
    await firstFinding(t, '', plain.address, 'check-ssl verify none'),
    /^failed, reason: Layer6 invalid response, info: "SSL handshake failure"/,
  );
  const silent = await startRawOrigin(t, () => undefined);
  assert.match(
    await firstFinding(t, '', silent.address, 'check-ssl verify none'),
    /^failed, reason: Layer6 timeout/,
  );
});
