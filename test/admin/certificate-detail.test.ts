import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateDetail, revocationDetail } from '../../src/admin/commands/tls/certificate-detail.ts';
import { readPem } from '../../src/net/tls/pem.ts';
import { tlsText } from '../support/tls-material.ts';

test('a certificate is described as HAProxy describes it', () => {
  const [pem = '', ...chain] = readPem(tlsText('rsa.pem')).certificates;
  assert.match(
    certificateDetail(pem, { pem: chain.join(''), from: undefined }),
    new RegExp(
      `^Serial: 1001
notBefore: Jan  1 00:00:00 2020 GMT
notAfter: Jan  1 00:00:00 2120 GMT
Subject Alternative Name: DNS:www.example, DNS:\\*\\.shop\\.example, 
Algorithm: RSA2048
SHA1 FingerPrint: [0-9A-F]{40}
Subject: /C=FR/O=Example/CN=www.example
Issuer: /C=FR/O=Example/CN=Example Authority
Chain Subject: /C=FR/O=Example/CN=Example Authority
Chain Issuer: /C=FR/O=Example/CN=Example Authority
$`,
    ),
  );
  assert.match(certificateDetail(tlsText('ecdsa.pem')), /^Algorithm: EC256$/m);
});

test('a revocation list is described as HAProxy describes it', () => {
  assert.match(
    revocationDetail(tlsText('ca.crl')),
    /^Version 2\nSignature Algorithm: sha256WithRSAEncryption\nIssuer: \/C=FR\/O=Example\/CN=Example Authority\nLast Update: Jan {2}1 00:00:00 2020 GMT\nNext Update: Jan {2}1 00:00:00 2120 GMT\nRevoked Certificates:\n {4}Serial Number: 1005\n {8}Revocation Date: [A-Z][a-z]{2} [ \d]\d [\d:]+ \d{4} GMT\n$/,
  );
});
