/** Reading certificates, held against what the openssl program prints of the same ones, and against damaged bytes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { Certificate } from '../../../src/net/tls/certificate.ts';
import { derOf, makeCertificate, openssl, requiresOpenssl, type Subject } from '../../support/openssl.ts';
import { randomNumbers } from '../../support/random-numbers.ts';

const AUTHORITY: Subject = {
  name: 'ca',
  key: ['rsa:2048'],
  subject: '/C=FR/O=An Authority/CN=Root',
  extensions: ['basicConstraints=critical,CA:true'],
};

const SUBJECTS: readonly Subject[] = [
  { name: 'plain', subject: '/C=FR/ST=Some/O=ACME, Inc/OU=a/OU=b/CN=cl\\/ient', issuer: 'ca' },
  { name: 'together', subject: '/C=FR/OU=one+OU=two/CN=x', issuer: 'ca' },
  {
    name: 'odd',
    subject: '/CN=#é"; <tést>\\\\, /emailAddress=a@b.example/DC= x /serialNumber=7',
    issuer: 'ca',
  },
  {
    name: 'curve',
    subject: '/CN=curve',
    key: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
    options: ['-sha384'],
    issuer: 'ca',
  },
  { name: 'rsa', subject: '/CN=rsa', key: ['rsa:2048'], issuer: 'ca' },
  { name: 'edwards', subject: '/CN=ed', key: ['ed25519'] },
  {
    name: 'self-signed-curve',
    subject: '/CN=self',
    key: ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
    options: ['-set_serial', '0xFF00112233445566778899'],
  },
  {
    name: 'pss',
    subject: '/CN=pss',
    issuer: 'ca',
    options: ['-sha512', '-sigopt', 'rsa_padding_mode:pss', '-set_serial', '0', '-days', '14600'],
  },
  {
    name: 'names',
    subject: '/CN=names',
    issuer: 'ca',
    extensions: [
      'subjectAltName=@names',
      // openssl prints these names as it does for programs; those above it prints in another way.
      'crlDistributionPoints=points',
      '[points]',
      'fullname=@names',
      '[names]',
      'DNS.1=a.example',
      'DNS.2=*.b.example',
      'IP.1=192.0.2.7',
      'IP.2=2001:db8::ff00:1',
      'URI=http://c.example/d?e=f',
      'email=me@g.example',
      'RID=1.2.3.4.5',
      'dirName=directory',
      'otherName.1=1.3.6.1.4.1.311.20.2.3;UTF8:user@h.example',
      'otherName.2=1.2.3.4;UTF8:unknown',
      '[directory]',
      'C=FR',
      'O=An "odd" one, with \\; comma',
    ],
  },
];

const folder = mkdtempSync(join(tmpdir(), 'lb-test-'));
let made = false;

/** They are made by the first test that needs them. */
function prepare(t: TestContext): boolean {
  if (!requiresOpenssl(t)) return false;
  if (!made) for (const subject of [AUTHORITY, ...SUBJECTS]) makeCertificate(folder, subject);
  made = true;
  return true;
}

after(() => rmSync(folder, { recursive: true, force: true }));

/** `key=value` lines of `openssl x509`. */
function printed(name: string, ...options: string[]): string {
  return openssl(folder, 'x509', '-in', `${name}.pem`, '-noout', ...options).replace(/\n$/, '');
}

function afterEquals(line: string): string {
  return line.slice(line.indexOf('=') + 1);
}

/** `YYYY-MM-DD hh:mm:ssZ` as YYMMDDhhmmssZ. */
function compactDate(iso: string): string {
  return iso.slice(2).replace(/[-: ]/g, '');
}

test('fields of certificates are what openssl prints of them', t => {
  if (!prepare(t)) return;
  for (const { name } of [AUTHORITY, ...SUBJECTS]) {
    const certificate = new Certificate(derOf(folder, name));
    assert.equal(
      certificate.subject?.rfc2253(),
      afterEquals(printed(name, '-subject', '-nameopt', 'RFC2253')),
      name,
    );
    assert.equal(
      certificate.issuer?.rfc2253(),
      afterEquals(printed(name, '-issuer', '-nameopt', 'RFC2253')),
      name,
    );
    assert.equal(
      certificate.subject?.spaced(),
      afterEquals(printed(name, '-subject', '-nameopt', 'oneline')),
      name,
    );
    const serial = Buffer.from(certificate.serial ?? '', 'latin1')
      .toString('hex')
      .toUpperCase();
    assert.equal(serial, afterEquals(printed(name, '-serial')), name);
    const sha1 = Buffer.from(certificate.sha1, 'latin1').toString('hex').toUpperCase();
    assert.equal(sha1, afterEquals(printed(name, '-fingerprint', '-sha1')).replaceAll(':', ''), name);
    const dates = printed(name, '-dates', '-dateopt', 'iso_8601')
      .split('\n')
      .map(afterEquals)
      .map(compactDate);
    assert.deepEqual([certificate.notBefore, certificate.notAfter], dates, name);
    const [, version] = /Version: (\d)/.exec(printed(name, '-text')) ?? [];
    assert.equal(String(certificate.version), version, name);
  }
});

test('algorithms have the short names of OpenSSL', t => {
  if (!prepare(t)) return;
  const algorithms = Object.fromEntries(
    SUBJECTS.map(({ name }) => {
      const { keyAlgorithm, signatureAlgorithm } = new Certificate(derOf(folder, name));
      return [name, [keyAlgorithm, signatureAlgorithm]];
    }),
  );
  assert.deepEqual(algorithms['rsa'], ['rsaEncryption', 'RSA-SHA256']);
  assert.deepEqual(algorithms['curve'], ['id-ecPublicKey', 'RSA-SHA384']);
  assert.deepEqual(algorithms['self-signed-curve'], ['id-ecPublicKey', 'ecdsa-with-SHA256']);
  assert.deepEqual(algorithms['edwards'], ['ED25519', 'ED25519']);
  assert.deepEqual(algorithms['pss'], ['id-ecPublicKey', 'RSASSA-PSS']);
});

test('names are one line of their bytes, or one entry by its occurrence from either end', t => {
  if (!prepare(t)) return;
  const { subject } = new Certificate(derOf(folder, 'plain'));
  assert.equal(subject?.oneLine(), '/C=FR/ST=Some/O=ACME, Inc/OU=a/OU=b/CN=cl/ient');
  assert.equal(subject?.entry('OU', 1), 'a');
  assert.equal(subject?.entry('ou', 2), 'b');
  assert.equal(subject?.entry('OU', -1), 'b');
  assert.equal(subject?.entry('OU', 3), undefined);
  assert.equal(subject?.entry('OU', 0), undefined);
  assert.equal(subject?.entry('L', 1), undefined);
  const odd = new Certificate(derOf(folder, 'odd')).subject;
  assert.equal(odd?.entry('CN', 1), Buffer.from('#é"; <tést>\\, ').toString('latin1'));
});

test('alternative names are worded as openssl words them', t => {
  if (!prepare(t)) return;
  const lines = printed('names', '-ext', 'crlDistributionPoints').split('\n').slice(2);
  const text = lines
    .map(line => line.trim())
    .filter(line => line !== '')
    .join(', ');
  assert.equal(new Certificate(derOf(folder, 'names')).alternativeNames, text);
  assert.equal(new Certificate(derOf(folder, 'plain')).alternativeNames, undefined);
});

test('damaged certificates are read as far as it goes, without an exception', t => {
  if (!prepare(t)) return;
  const whole = derOf(folder, 'names');
  const random = randomNumbers(7);
  for (let round = 0; round < 2000; round++) {
    const bytes = Buffer.from(whole.subarray(0, round % 3 === 0 ? random(whole.length) : whole.length));
    for (let damage = 0; damage < 4 && bytes.length > 0; damage++)
      bytes[random(Math.min(bytes.length, 400))] = random(256);
    const certificate = new Certificate(bytes);
    const { subject, issuer, serial, version, notBefore, notAfter } = certificate;
    const texts = [
      subject?.oneLine(),
      subject?.rfc2253(),
      issuer?.entry('CN', -1),
      certificate.alternativeNames,
    ];
    for (const text of [...texts, serial, notBefore, notAfter, certificate.keyAlgorithm])
      assert.ok(text === undefined || typeof text === 'string');
    assert.ok(version === undefined || version >= 1);
  }
});
