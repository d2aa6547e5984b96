/** OCSP responses of certificates: read, judged, exchanged, and stapled where the certificate stands alone. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { responseText } from '../../src/admin/commands/tls/ocsp-text.ts';
import { OcspBook } from '../../src/certificates/ocsp-book.ts';
import { judgeOcspResponse, readOcspResponse } from '../../src/net/tls/ocsp-response.ts';
import { Staples } from '../../src/net/tls/staples.ts';
import { ThreadCertificates } from '../../src/net/tls/thread-certificates.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { loadBind, tlsFile } from '../support/tls-material.ts';

const RESPONSE = readFileSync(tlsFile('rsa.ocsp'));
/** The response of test/cases/tls is good from the day it was made on. */
const MADE_MS = readOcspResponse(RESPONSE)?.producedMs ?? 0;
const DAY_MS = 86_400_000;

test('a response names the certificate it is about as OpenSSL does', t => {
  const folder = temporaryFolder(t);
  copyFileSync(tlsFile('rsa.pem'), `${folder}/a.pem`);
  writeFileSync(`${folder}/a.pem.ocsp`, '');
  const { store, said } = loadBind(`crt ${folder}/a.pem`);
  assert.deepEqual(said, []);
  const [entry] = new OcspBook(store).entries();
  assert.deepEqual(entry?.id, readOcspResponse(RESPONSE)?.singles[0]?.id);
  assert.match(entry?.key ?? '', /^303b300906052b0e03021a05000414[0-9a-f]{40}0414[0-9a-f]{40}02021001$/);
});

test('a response is served while it is good, for its certificate only', () => {
  const [single] = readOcspResponse(RESPONSE)?.singles ?? [];
  assert.equal(single?.status, 'good');
  const judge = (nowMs: number, id = single.id): string => {
    const judged = judgeOcspResponse(RESPONSE, id, nowMs);
    return 'error' in judged ? judged.error : 'good';
  };
  assert.equal(judge(MADE_MS + DAY_MS), 'good');
  assert.equal(judge(MADE_MS - DAY_MS), 'OCSP single response: no longer valid.');
  assert.equal(judge((single.nextUpdateMs ?? 0) + DAY_MS), 'OCSP single response: no longer valid.');
  assert.match(judge(single.nextUpdateMs ?? 0), /Must be valid during at least 300s\.$/);
  assert.match(
    judge(MADE_MS, Buffer.from('3000', 'hex')),
    /Certificate ID does not match certificate and issuer$/,
  );
  assert.deepEqual(judgeOcspResponse(Buffer.from('30', 'hex'), undefined, MADE_MS), {
    error: 'Unable to parse OCSP response',
  });
  for (let length = 0; length < RESPONSE.length; length += 7) readOcspResponse(RESPONSE.subarray(0, length));
});

test('a response is put into all certificates it is about, and stapled to them', t => {
  const folder = temporaryFolder(t);
  copyFileSync(tlsFile('rsa.pem'), `${folder}/a.pem`);
  writeFileSync(`${folder}/a.pem.ocsp`, '');
  const { store } = loadBind(`crt ${folder}/a.pem crt ${tlsFile('client.pem')}`);
  const thread = new ThreadCertificates(store.material());
  const book = new OcspBook(store);
  const now = MADE_MS + DAY_MS;
  const outcome = book.set(RESPONSE.toString('base64').replace(/.{64}/g, '$&\n'), now);
  assert.equal(outcome.text, 'OCSP Response updated!');
  for (const change of outcome.changes) thread.follow(change);
  const der = new X509Certificate(readFileSync(tlsFile('rsa.pem'))).raw;
  let stapled = 0;
  const staples = new Staples({ stapled: () => stapled++ });
  const [key = ''] = store.listeners.keys();
  staples.know(thread.listener(key)?.choose('www.example', true) ?? []);
  staples.know(thread.listener(key)?.choose('client.example', true) ?? []);
  assert.deepEqual(staples.responseFor(der, now), RESPONSE);
  assert.equal(stapled, 1);
  assert.equal(staples.responseFor(der, now + 40_000 * DAY_MS), null);
  const other = new X509Certificate(readFileSync(tlsFile('client.pem'))).raw;
  assert.equal(staples.responseFor(other, now), null);
  assert.equal(staples.responseFor(null, now), null);
  assert.equal(book.set('!', now).text, `'set ssl ocsp-response' received invalid base64 encoded response.`);
});

test('nothing is stapled where OpenSSL chooses among certificates', t => {
  const folder = temporaryFolder(t);
  copyFileSync(tlsFile('rsa.pem'), `${folder}/a.pem`);
  writeFileSync(`${folder}/a.pem.ocsp`, '');
  const { store } = loadBind(`crt ${folder}/a.pem crt ${tlsFile('ecdsa.pem')}`);
  const now = MADE_MS + DAY_MS;
  const thread = new ThreadCertificates(store.material());
  for (const change of new OcspBook(store).set(RESPONSE.toString('base64'), now).changes)
    thread.follow(change);
  const [key = ''] = store.listeners.keys();
  const der = new X509Certificate(readFileSync(tlsFile('rsa.pem'))).raw;
  const staples = new Staples({ stapled: () => undefined });
  staples.know(thread.listener(key)?.choose('www.example', true) ?? []);
  assert.equal(staples.responseFor(der, now), null);
});

test('a response without a known issuer is refused, one for another certificate is left out', t => {
  const folder = temporaryFolder(t);
  copyFileSync(tlsFile('client.pem'), `${folder}/a.pem`);
  copyFileSync(tlsFile('rsa.ocsp'), `${folder}/a.pem.ocsp`);
  assert.match(
    loadBind(`crt ${folder}/a.pem`).said[0] ?? '',
    /impossible to compute the OCSP certificate ID/,
  );
  copyFileSync(tlsFile('ca.pem'), `${folder}/a.pem.issuer`);
  assert.match(
    loadBind(`crt ${folder}/a.pem`).said[0] ?? '',
    /^warning: Loading: OCSP single response: .* Content will be ignored\.$/,
  );
  copyFileSync(tlsFile('other-ca.pem'), `${folder}/a.pem.issuer`);
  assert.match(loadBind(`crt ${folder}/a.pem`).said[0] ?? '', /a\.pem\.issuer' is not an issuer'\.$/);
});

test('a response is shown in the words of OpenSSL', () => {
  assert.match(
    responseText(RESPONSE),
    /^OCSP Response Data:\n {4}OCSP Response Status: successful \(0x0\)\n {4}Response Type: Basic OCSP Response\n {4}Version: 1 \(0x0\)\n {4}Responder Id: C = FR, O = Example, CN = Example Authority\n[^]*\n {6}Serial Number: 1001\n {4}Cert Status: good\n {4}This Update: [^]*\n {4}Signature Algorithm: sha256WithRSAEncryption\n/,
  );
});
