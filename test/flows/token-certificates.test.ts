/** Certificates that JSON Web Tokens are checked with: named, exchanged, allowed and forbidden while requests are served. */
import assert from 'node:assert/strict';
import { createHmac, createSign, type KeyLike } from 'node:crypto';
import { test } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tlsFile, tlsText } from '../support/tls-material.ts';

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function tokenOf(key: KeyLike): string {
  const signed = `${part({ alg: 'RS256' })}.${part({ sub: 'joe' })}`;
  return `${signed}.${createSign('sha256').update(signed).sign(key).toString('base64url')}`;
}

function hmacToken(secret: string): string {
  const signed = `${part({ alg: 'HS256' })}.${part({ sub: 'eve' })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const FIRST = tokenOf(tlsText('rsa.pem'));
const SECOND = tokenOf(tlsText('second.key'));

test('tokens are checked with the certificate as it is now, if it is for tokens', async t => {
  const folder = temporaryFolder(t);
  const port = await freePort();
  const admin = `${folder}/admin.sock`;
  await startBalancer(
    t,
    `global
  nbthread 2
  stats socket ${admin} level admin
crt-store web
  load crt ${tlsFile('rsa.pem')} alias first jwt on
  load crt ${tlsFile('client.pem')} alias other
defaults
  mode http
  timeout client 20s
frontend f
  bind 127.0.0.1:${port}
  http-request set-var(txn.name) req.hdr(x-name)
  http-request set-var(txn.alg) req.hdr(x-token),jwt_header_query('$.alg')
  http-request return status 200 content-type text/plain lf-string %[req.hdr(x-token),jwt_verify_cert(txn.alg,txn.name)] if { path /named }
  http-request return status 200 content-type text/plain lf-string %[req.hdr(x-token),jwt_verify_cert(RS256,@web/first)] if { path /store }
  http-request return status 200 content-type text/plain lf-string %[req.hdr(x-token),jwt_verify(txn.alg,${tlsFile('second.crt')})] if { path /file }
  http-request return status 200 content-type text/plain lf-string %[req.hdr(x-token),jwt_verify_cert(RS256,${tlsFile('second.crt')})]
`,
    { ports: [port] },
  );
  const verdict = async (path: string, token: string, name = ''): Promise<string> => {
    const headers = { 'x-token': token, 'x-name': name };
    return (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
  };
  const verdicts = (...asked: readonly [string, string, string?][]): Promise<string[]> =>
    Promise.all(asked.map(one => verdict(...one)));

  assert.deepEqual(await verdicts(['/store', FIRST], ['/store', SECOND], ['/', SECOND], ['/', FIRST]), [
    '1',
    '0',
    '1',
    '0',
  ]);
  assert.deepEqual(
    await verdicts(
      ['/named', FIRST, '@web/first'],
      ['/named', FIRST, '@web/other'],
      ['/named', FIRST, '@web/none'],
      ['/named', FIRST],
    ),
    ['1', '-7', '-5', ''],
  );
  const secret = hmacToken(tlsText('second.crt'));
  assert.deepEqual(await verdicts(['/file', SECOND], ['/file', secret]), ['1', '-2']);
  assert.equal(await verdict('/named', hmacToken(tlsText('rsa.pem')), '@web/first'), '-2');

  assert.equal(await ask(admin, 'show ssl jwt'), `# filename\n${tlsFile('second.crt')}\n@web/first\n\n`);
  assert.equal(await ask(admin, 'add ssl jwt @web/other'), '\n');
  assert.equal(await ask(admin, 'del ssl jwt @web/first'), '\n');
  assert.deepEqual(
    await verdicts(['/named', FIRST, '@web/other'], ['/named', FIRST, '@web/first'], ['/store', FIRST]),
    ['0', '-7', '-7'],
  );
  assert.equal(await ask(admin, 'add ssl jwt @web/first'), '\n');
  const second = tlsText('second.crt') + tlsText('second.key');
  assert.match(await ask(admin, `set ssl cert @web/first <<\n${second}\n`), /^Transaction created/);
  assert.match(await ask(admin, 'commit ssl cert @web/first'), /Success!/);
  assert.deepEqual(await verdicts(['/store', FIRST], ['/store', SECOND]), ['0', '1']);
  assert.match(await ask(admin, `del ssl cert ${tlsFile('second.crt')}`), /in use for JWT validation/);
  assert.equal(await ask(admin, `del ssl jwt ${tlsFile('second.crt')}`), '\n');
  assert.match(await ask(admin, `del ssl cert ${tlsFile('second.crt')}`), /deleted!/);
  assert.equal(await verdict('/', SECOND), '-5');
  assert.match(await ask(admin, 'add ssl jwt none'), /Not found or the certificate is a bundle!/);
  assert.match(await ask(admin, 'del ssl jwt'), /'del ssl cert' expects a filename/);
});
