/** Certificates made for names nobody has one for: what openssl says of them, and which are kept. */
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { LoadedCertEntry, SigningAuthority } from '../../../src/model/tls-material.ts';
import { Certificate } from '../../../src/net/tls/certificate.ts';
import { CertificateForge } from '../../../src/net/tls/certificate-forge.ts';
import { time } from '../../../src/net/tls/der-writer.ts';
import { canSign, CertificateMaker } from '../../../src/net/tls/forged-certificate.ts';
import { openssl, requiresOpenssl } from '../../support/openssl.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { tlsText } from '../../support/tls-material.ts';

const pemOf = (key: KeyObject): string => String(key.export({ type: 'pkcs8', format: 'pem' }));
const ecKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const KEYS: readonly (readonly [string, () => KeyObject])[] = [
  ['rsa', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ['ec', ecKey],
  ['ed25519', () => generateKeyPairSync('ed25519').privateKey],
];

/** An authority with that key, made by openssl. */
function authorityWith(folder: string, key: KeyObject): SigningAuthority {
  writeFileSync(`${folder}/ca.key`, pemOf(key));
  openssl(
    folder,
    ...'req -x509 -key ca.key -out ca.pem -days 30 -addext keyUsage=keyCertSign -subj'.split(' '),
    '/O=Test/CN=Own Authority',
  );
  return { certPem: readFileSync(`${folder}/ca.pem`, 'latin1'), keyPem: pemOf(key), chainPem: '' };
}

for (const [kind, make] of KEYS)
  test(`openssl takes a certificate that was signed with a key of kind ${kind}`, t => {
    if (!requiresOpenssl(t)) return;
    const folder = temporaryFolder(t);
    const maker = new CertificateMaker(authorityWith(folder, make()));
    const key = make();
    for (const name of ['a.example', `${'long.'.repeat(40)}example`]) {
      writeFileSync(`${folder}/a.pem`, maker.make(name, key, Date.now()));
      const said = openssl(
        folder,
        ...`verify -x509_strict -CAfile ca.pem -purpose sslserver -verify_hostname ${name} a.pem`.split(' '),
      );
      assert.equal(said, 'a.pem: OK\n');
    }
    const x509 = new X509Certificate(maker.make('a.example', key, Date.now()));
    assert.ok(x509.checkPrivateKey(key));
    assert.equal(x509.subject, 'O=Test\nCN=Own Authority\nCN=a.example');
    assert.equal(x509.subjectAltName, 'DNS:a.example');
    assert.equal(new Certificate(x509.raw).version, 3);
    const again = new X509Certificate(maker.make('a.example', key, Date.now()));
    assert.notEqual(again.serialNumber, x509.serialNumber);
  });

test('a key that only signs in other ways is not taken, and times past 2049 have four digits of year', () => {
  const { privateKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  assert.equal(canSign(privateKey), false);
  assert.equal(time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1'), '\x17\x0d491231235959Z');
  assert.equal(time(Date.UTC(2050, 0, 1)).toString('latin1'), '\x18\x0f20500101000000Z');
});

/** A listener with one certificate, and a forge over it. */
function open(mostKept: number, authority?: SigningAuthority) {
  const base = { name: 'base', certPem: '', keyPem: pemOf(ecKey()), chainPem: '', names: ['own.example'] };
  const entryOf = (keyPem: string): LoadedCertEntry => ({
    id: 1,
    certificate: { ...base, keyPem, keyType: 'ecdsa' },
    filters: [],
    options: {},
    isDefault: true,
  });
  const held = { entry: entryOf(base.keyPem) };
  const own = {
    trustsDiffer: false,
    choose: (name: string | undefined, isStrict: boolean) =>
      name === 'own.example' || !isStrict ? [held.entry] : [],
  };
  const [certPem] = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----\n/.exec(tlsText('ca.pem')) ?? [
    '',
  ];
  const signer = authority ?? { certPem, keyPem: pemOf(ecKey()), chainPem: '' };
  const forge = new CertificateForge(own, signer, mostKept);
  const renew = (): void => void (held.entry = entryOf(pemOf(ecKey())));
  return { forge, renew, own: () => held.entry };
}

test('only names without a certificate are forged; those used last are kept, until the key is another', () => {
  const { forge, renew, own } = open(2);
  const of = (name: string): LoadedCertEntry => forge.choose(name, true)[0] as LoadedCertEntry;
  assert.equal(of('own.example'), own());
  assert.deepEqual(forge.choose(undefined, true), []);
  assert.deepEqual(forge.choose(undefined, false), [own()]);
  assert.deepEqual(forge.choose('with a space', true), []);
  const a = of('A.example');
  const { certificate } = a;
  assert.equal(certificate.name, 'a.example');
  assert.equal(certificate.keyPem, own().certificate.keyPem);
  assert.ok(new X509Certificate(certificate.certPem).checkPrivateKey(createPrivateKey(certificate.keyPem)));
  assert.equal(of('a.example'), a);
  const b = of('b.example');
  assert.equal(of('a.example'), a, 'used again');
  of('c.example');
  assert.equal(of('a.example'), a);
  assert.notEqual(of('b.example'), b, 'was the oldest');
  renew();
  assert.notEqual(of('a.example'), a);
});

test('without a certificate that can be made the default has to do, or nothing', () => {
  const { forge, own } = open(2, { certPem: '', keyPem: '', chainPem: '' });
  assert.deepEqual(forge.choose('a.example', false), [own()]);
  assert.deepEqual(forge.choose('a.example', true), []);
  const none = open(0);
  const [one] = none.forge.choose('a.example', true);
  assert.notEqual(none.forge.choose('a.example', true)[0], one, 'nothing is kept');
});
