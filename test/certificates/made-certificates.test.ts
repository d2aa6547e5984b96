/** Certificates that are made here, and what may be said of certificates that an authority is to issue. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { loadBind, tlsText } from '../support/tls-material.ts';

const ALLOWED = 'global\n  expose-experimental-directives\n';
const SECTION = 'acme LE\n  directory https://ca.example/\n';

function loadStore(load: string, section = SECTION, global = ALLOWED): ReturnType<typeof loadBind> {
  return loadBind('crt /none/a.pem', `${global}${section}crt-store\n  load crt /none/a.pem ${load}\n`);
}

function x509Of({ store, said }: ReturnType<typeof loadBind>): X509Certificate {
  assert.deepEqual(said, []);
  return new X509Certificate(store.certificates.get('/none/a.pem')?.loaded?.certPem ?? '');
}

test('who is not there yet has a stand-in that has ended, for all names, with the kind of key that is wanted', () => {
  const x509 = x509Of(loadStore('acme LE domains "WWW.example,b.example" ips "192.0.2.1,2001:db8::1"'));
  assert.equal(x509.subject, 'CN=www.example');
  assert.equal(
    x509.subjectAltName,
    'DNS:www.example, DNS:b.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1',
  );
  assert.equal(x509.publicKey.asymmetricKeyDetails?.namedCurve, 'secp384r1');
  assert.ok(x509.verify(x509.publicKey));
  assert.ok(Date.parse(x509.validTo) <= Date.now());
  const rsa = x509Of(loadStore('acme LE ips 192.0.2.1', `${SECTION}  keytype RSA\n  bits 8192\n`));
  assert.equal(rsa.subject, undefined);
  assert.equal(rsa.publicKey.asymmetricKeyDetails?.modulusLength, 2048, 'nobody keeps it');
});

test('generate-dummy makes one without a file, in lists too', t => {
  const x509 = x509Of(loadStore('generate-dummy on keytype ECDSA curves P-256'));
  assert.equal(x509.subject, 'CN=localhost');
  assert.equal(x509.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  assert.ok(Date.parse(x509.validTo) > Date.now());
  const list = `${temporaryFolder(t)}/list`;
  writeFileSync(list, '/none/a.pem [generate-dummy on]\n');
  const listed = x509Of(loadBind(`crt-list ${list}`));
  assert.equal(listed.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
});

test('a file that is there is used, and a list wants it', t => {
  const folder = temporaryFolder(t);
  writeFileSync(`${folder}/a.pem`, tlsText('rsa.pem'));
  const store = `${ALLOWED}${SECTION}crt-store\n  load crt ${folder}/a.pem acme LE domains a.example\n`;
  const { store: loaded, said } = loadBind(`crt ${folder}/a.pem`, store);
  assert.deepEqual(said, []);
  assert.ok(loaded.certificates.get(`${folder}/a.pem`)?.loaded?.names.includes('www.example'));
  writeFileSync(`${folder}/list`, `${folder}/b.pem [acme LE domains b.example]\n`);
  assert.match(
    loadBind(`crt-list ${folder}/list`, `${ALLOWED}${SECTION}`).said.join(),
    /unable to stat SSL certificate from file '\S+\/b\.pem' : No such file or directory/,
  );
});

const DNS = `${SECTION}  challenge dns-01\n`;
const MISTAKES: readonly (readonly [load: string, words: string, section?: string, global?: string])[] = [
  ['domains a.example', `'domains' needs 'acme'.`],
  ['ips ::1', `'ips' needs 'acme'.`],
  ['acme LE', `'acme LE' needs 'domains' or 'ips'.`],
  ['acme LE domains ,', `'acme LE' needs 'domains' or 'ips'.`],
  ['acme X domains a.example', `'acme X' : there is no section 'acme X'.`],
  ['acme LE domains a_b.example,é.example', `'domains' : 'é.example' is no host name in ASCII.`],
  ['acme LE domains a..b', `'domains' : 'a..b' is no host name in ASCII.`],
  ['acme LE ips 192.0.2.256', `'ips' : '192.0.2.256' is no IP address.`],
  [
    'acme LE domains *.a.example',
    `'domains' : '*.a.example' cannot be validated by http-01, acme 'LE' needs 'challenge dns-01'.`,
  ],
  [
    'acme LE ips ::1',
    `'ips' : addresses cannot be validated by dns-01, acme 'LE' needs 'challenge http-01'.`,
    DNS,
  ],
  ['acme LE domains a generate-dummy on', `'acme' and 'generate-dummy on' exclude each other.`],
  ['generate-dummy on keytype DSA', `'keytype' expects 'RSA' or 'ECDSA', found 'DSA'.`],
  ['generate-dummy on bits 12', `'bits' expects a number between 1024 and 16384, found '12'.`],
  ['generate-dummy on keytype ECDSA curves P-1', `'curves' expects P-256, P-384 or P-521, found 'P-1'.`],
  ['generate-dummy maybe', `cannot parse 'generate-dummy' value 'maybe', 'on' or 'off' is expected.`],
];

test('what cannot be ordered or made is refused with its reason', () => {
  for (const [load, words, section] of MISTAKES)
    assert.equal(loadStore(load, section).said[0], `alert: ${words}`, load);
  const { said } = loadStore('generate-dummy off acme LE domains a.example', '', 'global\n');
  assert.equal(
    said[0],
    `alert: 'acme' is experimental, must be allowed via a global 'expose-experimental-directives'.`,
  );
});
