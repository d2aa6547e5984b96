/** Exchanges of certificates, authorities and lines of crt-lists: the words for who gives the command, what threads hear. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { CertificateDesk } from '../../src/certificates/certificate-desk.ts';
import type { Outcome } from '../../src/certificates/outcome.ts';
import { ThreadCertificates } from '../../src/net/tls/thread-certificates.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { loadBind, tlsFile, tlsText } from '../support/tls-material.ts';

const RSA = tlsFile('rsa.pem');
const CA = tlsFile('ca.pem');
const NEW = '/run/new.pem';
const KEY_OF = /-----BEGIN PRIVATE KEY-----[^]*?-----END PRIVATE KEY-----/;

/** A desk, and a thread that follows it. */
function open(options: string, before = '') {
  const { store, said } = loadBind(options, before);
  assert.deepEqual(said, []);
  const thread = new ThreadCertificates(store.material());
  const desk = new CertificateDesk({
    store,
    global: { ssl: new Map() } as never,
    servers: () => [],
    publish: async changes => {
      for (const change of structuredClone(changes)) thread.follow(change);
    },
    ask: () => assert.fail('no responder is asked here'),
    refusalOf: (_, { options }) => (options.ciphers === undefined ? undefined : 'no such ciphers'),
    log: () => undefined,
  });
  const tell = async (outcome: Outcome): Promise<string> => (await desk.carryOut(outcome)).text;
  const chosen = (name: string | undefined, isStrict = false): readonly string[] =>
    [...store.listeners.keys()].flatMap(key =>
      (thread.listener(key)?.choose(name, isStrict) ?? []).map(({ certificate }) => certificate.certPem),
    );
  return { desk, tell, chosen, thread };
}

const certOf = (name: string): string =>
  /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----\n/.exec(tlsText(name))?.[0] ?? '';

test('a certificate is staged, committed, and in use in all threads then', async () => {
  const { desk, tell, chosen } = open(`crt ${RSA}`);
  const { certificates } = desk;
  assert.equal(
    await tell(certificates.set(RSA, tlsText('client.pem'))),
    `Transaction created for certificate ${RSA}!`,
  );
  assert.deepEqual(chosen('client.example', true), []);
  assert.equal(
    await tell(certificates.set(RSA, tlsText('ecdsa.pem'))),
    `Transaction updated for certificate ${RSA}!`,
  );
  assert.equal(await tell(certificates.commit(RSA)), `Committing ${RSA}.\nSuccess!`);
  assert.deepEqual(chosen('www.example', true), [certOf('ecdsa.pem')]);
  assert.equal(await tell(certificates.commit(RSA)), `No ongoing transaction! !\nCan't commit ${RSA}!`);
});

test('an exchange can be dropped, and there is one at a time', async () => {
  const { desk, tell, chosen } = open(`crt ${RSA} crt ${tlsFile('ecdsa.pem')}`);
  const { certificates } = desk;
  certificates.set(RSA, tlsText('client.pem'));
  assert.equal(
    await tell(certificates.set(tlsFile('ecdsa.pem'), tlsText('client.pem'))),
    `The ongoing transaction is about '${RSA}' but you are trying to set '${tlsFile('ecdsa.pem')}'\nCan't update ${tlsFile('ecdsa.pem')}!`,
  );
  assert.match(
    await tell(certificates.abort('x')),
    /^The ongoing transaction is about .* but you are trying to abort/,
  );
  assert.equal(
    await tell(certificates.remove(RSA)),
    `Can't remove the certificate: ongoing transaction for the certificate '${RSA}'`,
  );
  assert.equal(await tell(certificates.abort(RSA)), `Transaction aborted for certificate '${RSA}'!`);
  assert.equal(await tell(certificates.abort(RSA)), 'No ongoing transaction!');
  assert.deepEqual(chosen('client.example', true), []);
});

test('what cannot be used is refused and nothing changes', async () => {
  const { desk, tell, chosen } = open(`crt ${RSA}`);
  const { certificates } = desk;
  assert.equal(
    await tell(certificates.set('/none', tlsText('client.pem'))),
    `Can't replace a certificate which is not referenced by the configuration!\nCan't update /none!`,
  );
  assert.equal(
    await tell(certificates.set(RSA, 'nothing')),
    `unable to load certificate from file '${RSA}': no start line.\nCan't load the payload\nCan't update ${RSA}!`,
  );
  const other = KEY_OF.exec(tlsText('client.pem'))?.[0] ?? '';
  certificates.set(RSA, certOf('rsa.pem') + other);
  assert.equal(
    await tell(certificates.commit(RSA)),
    `inconsistencies between private key and certificate loaded '${RSA}'.\nCan't commit ${RSA}!`,
  );
  certificates.abort(RSA);
  certificates.set(RSA, certOf('client.pem'));
  assert.match(
    await tell(certificates.commit(RSA)),
    /\nunable to load SSL private key into SSL Context .*\nFailed!$/,
  );
  assert.deepEqual(chosen('www.example', true), [certOf('rsa.pem')]);
});

test('a certificate that was issued is in use at once, whatever was staged; one that does not fit is not', async () => {
  const { desk, tell, chosen } = open(`crt ${RSA}`);
  const { certificates } = desk;
  let changes = 0;
  desk.changed = () => changes++;
  certificates.create(NEW);
  certificates.set(NEW, tlsText('client.pem'));
  assert.equal(await tell(certificates.install(RSA, tlsText('ecdsa.pem'))), '');
  assert.deepEqual(chosen('www.example', true), [certOf('ecdsa.pem')]);
  assert.equal(certificates.pending?.name, NEW);
  const foreign = certOf('client.pem') + (KEY_OF.exec(tlsText('rsa.pem'))?.[0] ?? '');
  for (const [name, pem, words] of [
    [RSA, foreign, 'its key is not the one of the certificate'],
    [RSA, 'none', `unable to load certificate from file '${RSA}': no start line.`],
    ['/none', foreign, `certificate '/none' doesn't exist!`],
  ] as const) {
    const outcome = certificates.install(name, pem);
    assert.deepEqual([outcome.isDone, await tell(outcome)], [false, words]);
  }
  assert.deepEqual(chosen('www.example', true), [certOf('ecdsa.pem')]);
  assert.equal(changes, 1);
});

test('a key can be set under a name of its own', async () => {
  const { desk, tell, chosen } = open(`crt ${RSA}`);
  const { certificates } = desk;
  certificates.set(RSA, tlsText('second.crt'));
  assert.equal(
    await tell(certificates.set(`${RSA}.key`, tlsText('second.key'))),
    `Transaction updated for certificate ${RSA}!`,
  );
  assert.equal(await tell(certificates.commit(RSA)), `Committing ${RSA}.\nSuccess!`);
  assert.deepEqual(chosen('second.example', true), [certOf('second.crt')]);
});

function listFile(t: TestContext, text: string): string {
  const path = `${temporaryFolder(t)}/list`;
  writeFileSync(path, text);
  return path;
}

test('a new certificate is served once a crt-list has a line for it, and gone with the line', async t => {
  const list = listFile(t, `${RSA}\n`);
  const { desk, tell, chosen } = open(`crt-list ${list}`);
  const { certificates, lists } = desk;
  assert.equal(await tell(certificates.create(NEW)), `New empty certificate store '${NEW}'!`);
  assert.equal(await tell(lists.add(list, NEW)), `Can't edit the crt-list: certificate '${NEW}' is empty!`);
  certificates.set(NEW, tlsText('client.pem'));
  assert.equal(await tell(certificates.commit(NEW)), `Committing ${NEW}\nSuccess!`);
  assert.equal(
    await tell(lists.add(`${list}/`, `${NEW} [alpn h2] other.example`)),
    `Inserting certificate '${NEW}' in crt-list '${list}'.\nSuccess!`,
  );
  assert.deepEqual(chosen('other.example', true), [certOf('client.pem')]);
  assert.deepEqual(chosen('client.example', true), []);
  assert.equal(
    await tell(certificates.remove(NEW)),
    `Can't remove the certificate: certificate '${NEW}' in use, can't be deleted!`,
  );
  assert.equal(await tell(lists.remove(list, `${NEW}:2`)), `Entry '${NEW}' deleted in crtlist '${list}'!`);
  assert.deepEqual(chosen('other.example', true), []);
  assert.equal(await tell(certificates.remove(NEW)), `Certificate '${NEW}' deleted!`);
});

test('mistakes in lines of a crt-list are told, and its default stays', async t => {
  const list = listFile(t, `${RSA}\n${RSA} x\n`);
  const { desk, tell } = open(`crt-list ${list}`);
  const { lists } = desk;
  const cases: readonly (readonly [Outcome, string])[] = [
    [lists.add('/none', RSA), `Can't edit the crt-list: crt-list '/none' does not exist!`],
    [lists.add(list, '/none'), `Can't edit the crt-list: certificate '/none' does not exist!`],
    [
      lists.add(list, `${RSA} [ciphers NONE]`),
      `Inserting certificate '${RSA}' in crt-list '${list}'.\nno such ciphers\nFailed!`,
    ],
    [lists.add(list, `${RSA} [ca-file /none]`), `Can't edit the crt-list: 'ca-file' : unable to load /none`],
    [
      lists.add(list, `${RSA} [acme LE domains a.example]`),
      `Can't edit the crt-list: 'acme' can only be said where the certificate is loaded`,
    ],
    [lists.add(list, `${RSA} [foo]`), `Can't edit the crt-list: parsing [CLI:1]: unknown ssl keyword foo`],
    [
      lists.remove(list, RSA),
      `Can't delete the entry: found the certificate '${RSA}' in several entries, please specify a line number preceded by colons (1, 2)!`,
    ],
    [
      lists.remove(list, `${RSA}:9`),
      `Can't delete the entry: found a certificate '${RSA}' but the line number is incorrect, please specify a correct line number preceded by colons (1, 2)!`,
    ],
    [lists.remove(list, `${RSA}:x`), `Can't delete the entry: wrong line number after colons in '${RSA}:x'!`],
    [
      lists.remove(list, `${RSA}:1`),
      `Can't delete the entry: certificate '${RSA}' cannot be deleted, it is used as default certificate by the following frontends:\n\t- a.cfg:6\n`,
    ],
    [lists.remove(list, `${RSA}:2`), `Entry '${RSA}' deleted in crtlist '${list}'!`],
  ];
  for (const [outcome, text] of cases) assert.equal(await tell(outcome), text);
});

test('authorities are exchanged and added to; files in use stay', async () => {
  const { desk, tell, thread } = open(`crt ${RSA} ca-file ${CA} verify required`);
  const { authorities, revocations } = desk;
  assert.equal(
    await tell(authorities.set(CA, tlsText('other-ca.pem'), false)),
    `transaction created for CA ${CA}!`,
  );
  assert.equal(await tell(authorities.set(CA, tlsText('ca.pem'), true)), `transaction updated for CA ${CA}!`);
  assert.equal(await tell(authorities.set(CA, 'x', true)), `Invalid payload\nCan't update ${CA}!`);
  const cutOff = tlsText('ca.pem') + tlsText('other-ca.pem').slice(0, 300);
  assert.equal(await tell(authorities.set(CA, cutOff, true)), `Invalid payload\nCan't update ${CA}!`);
  assert.equal(thread.authorities(CA)?.certificates.length, 1);
  assert.equal(await tell(authorities.commit(CA)), `Committing ${CA}.\nSuccess!`);
  assert.equal(thread.authorities(CA)?.certificates.length, 2);
  assert.equal(
    await tell(authorities.remove(CA)),
    `Can't remove the CA file: CA file '${CA}' in use, can't be deleted!`,
  );
  assert.equal(
    await tell(revocations.remove(CA)),
    `Can't remove the CRL file: 'del ssl crl-file' does not work on CA files!`,
  );
  assert.equal(await tell(authorities.create('@system-ca')), `CA file '@system-ca' already exists!`);
  assert.equal(await tell(revocations.create('/run/crl')), `New CRL file created '/run/crl'!`);
  assert.equal(
    await tell(revocations.set('/run/crl', tlsText('ca.crl'), false)),
    'transaction created for CRL /run/crl!',
  );
  assert.equal(await tell(revocations.commit('/run/crl')), 'Committing /run/crl\nSuccess!');
  assert.equal(thread.authorities('/run/crl')?.revocations.length, 1);
  assert.equal(await tell(revocations.remove('/run/crl')), `CRL file '/run/crl' deleted!`);
  assert.equal(thread.authorities('/run/crl'), undefined);
});
