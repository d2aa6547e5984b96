import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { TlsLineOptions } from '../../src/model/bind.ts';
import type { LoadedCertEntry, TlsMaterial } from '../../src/model/tls-material.ts';
import { checkTlsListeners } from '../../src/worker/start/check-tls-listeners.ts';

const MATERIAL: TlsMaterial = {
  crtBase: undefined,
  caBase: undefined,
  certificates: new Map(),
  authorities: new Map(),
  listeners: new Map(),
  ticketKeys: new Map(),
  signingAuthorities: new Map(),
  tokenCertificates: new Set(),
};

function said(options: string): readonly string[] {
  return saidOf(
    `global\n expose-experimental-directives\nfrontend f\n mode http\n timeout client 1s\n bind :443 ssl ${options}\n`,
  );
}

function saidOf(text: string, material = MATERIAL): readonly string[] {
  const { config } = parseConfig([{ path: 'a.cfg', text }], {
    environment: {},
    readFile: () => ({ error: 'No such file or directory' }),
  });
  assert.ok(config !== undefined);
  return checkTlsListeners(config, material).map(({ message }) => message);
}

const WITHOUT_EFFECT = ['allow-0rtt no-tls-tickets', 'ech /d', 'ktls on', 'npn h2', 'ca-sign-file /a.pem'];

for (const options of WITHOUT_EFFECT)
  test(`bind ... ssl ${options}: a warning says that it has no effect`, () => {
    const word = options.split(' ')[0] as string;
    const [message, ...more] = said(options);
    assert.match(message ?? '', new RegExp(`'${word}' has no effect`));
    assert.deepEqual(more, []);
  });

test('signature algorithms that OpenSSL does not know are told of', () => {
  for (const option of ['sigalgs', 'client-sigalgs'])
    assert.deepEqual(said(`${option} nonsense`), [
      `Proxy 'f': unable to set SSL Signature Algorithm list to 'nonsense' for bind ':443' at [a.cfg:6].`,
    ]);
});

test('early data is for frontends', () => {
  const [message, ...more] = saidOf('global\n stats socket 127.0.0.1:1 ssl allow-0rtt crt /a.pem\n');
  assert.match(message ?? '', /'allow-0rtt' has no effect: only frontends accept early data/);
  assert.deepEqual(more, []);
});

test('versions are switched off only where no limits are said, and a low limit wants another one', () => {
  const only = (options: string): string => {
    const [message, ...more] = said(options);
    assert.deepEqual(more, []);
    return message ?? '';
  };
  assert.match(only('force-tlsv12 no-tlsv12 no-tlsv11'), /'no-tlsv12' and 'no-tlsv11' ignored/);
  assert.match(only('ssl-max-ver TLSv1.1'), /'ssl-max-ver TLSv1.1' without 'ssl-min-ver'/);
  assert.deepEqual(said('no-tlsv11 no-tlsv12'), []);
});

test('options that do something say nothing', () => {
  assert.deepEqual(said('alpn h2,http/1.1 no-tls-tickets ssl-min-ver TLSv1.2 prefer-client-ciphers'), []);
  assert.deepEqual(said('allow-0rtt'), []);
  assert.deepEqual(said('no-ca-names'), []);
  assert.deepEqual(said('client-sigalgs rsa_pss_rsae_sha256:ECDSA+SHA256'), []);
});

test('of several certificates the one that OpenSSL refuses is named, and only that one', () => {
  const entries = [entry('fine', 2048), entry('weak', 512), entry('other', 2048)];
  const [message, ...more] = saidWith(entries);
  assert.match(
    message ?? '',
    /^Proxy 'f': the SSL context of 'weak' cannot be made for bind ':443' at \[a.cfg:4\]: .*key too small\.$/,
  );
  assert.deepEqual(more, []);
});

test('what a line of a crt-list says wrongly is told of once, whatever its certificates are', () => {
  const wrong: TlsLineOptions = { sigalgs: 'nonsense' };
  const entries = [entry('fine', 2048), entry('weak', 512, wrong), entry('other', 2048, wrong)];
  const mistakes = saidWith(entries).filter(text => !/have no effect/.test(text));
  assert.deepEqual(mistakes, [
    `Proxy 'f': unable to set SSL Signature Algorithm list to 'nonsense' for bind ':443' at [a.cfg:4].`,
  ]);
});

function saidWith(entries: readonly LoadedCertEntry[]): readonly string[] {
  const text = `frontend f\n mode http\n timeout client 1s\n bind :443 ssl crt /a.pem\n`;
  return saidOf(text, { ...MATERIAL, listeners: new Map([['a.cfg:4', entries]]) });
}

let entries = 0;

function entry(name: string, bits: number, options: TlsLineOptions = {}): LoadedCertEntry {
  const words = ['-newkey', `rsa:${bits}`, '-nodes', '-subj', `/CN=${name}`, '-keyout', '-'];
  const pem = execFileSync('openssl', ['req', '-x509', ...words], { encoding: 'latin1', stdio: 'pipe' });
  const certAt = pem.indexOf('-----BEGIN CERTIFICATE');
  const [keyPem, certPem] = [pem.slice(0, certAt), pem.slice(certAt)];
  const certificate = { name, certPem, keyPem, chainPem: '', names: [name], keyType: 'rsa' as const };
  return { id: ++entries, certificate, filters: [], options, isDefault: false };
}
