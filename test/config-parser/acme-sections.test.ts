/** `acme` sections: what they mean, and what is wrong with them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acmeSections, checkAcmeSections } from '../../src/config-parser/acme-sections.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { AcmeSection } from '../../src/model/acme.ts';
import type { Config } from '../../src/model/config.ts';

function configOf(lines: string, global = ''): Config {
  const text = `global\n  expose-experimental-directives\n${global}acme LE\n${lines}`;
  const { config, diagnostics } = parseConfig([{ path: '/etc/lb/a.cfg', text }], {
    environment: {},
    readFile: () => ({ error: 'none' }),
  });
  assert.ok(config !== undefined, diagnostics.map(({ message }) => message).join('\n'));
  return config;
}

function sectionOf(lines: string, global = ''): AcmeSection {
  return acmeSections(configOf(lines, global)).get('LE') as AcmeSection;
}

test('what is not said is as the manual has it', () => {
  const section = sectionOf('  directory https://ca.example/\n');
  const { position: _position, ...rest } = section;
  assert.deepEqual(rest, {
    name: 'LE',
    directory: 'https://ca.example/',
    accountKey: 'LE.account.key',
    contact: undefined,
    challenge: 'http-01',
    ready: new Set(),
    dnsDelayMs: 30_000,
    dnsTimeoutMs: 600_000,
    key: { type: 'ec', curve: 'secp384r1' },
    reuseKey: false,
    map: undefined,
    profile: undefined,
    providerName: undefined,
    variables: undefined,
    externalAccount: undefined,
  });
  assert.deepEqual(sectionOf('  challenge dns-01\n').ready, new Set(['cli']));
  assert.deepEqual(sectionOf('  challenge dns-persist-01\n').ready, new Set(['dns', 'delay']));
  const dns = sectionOf('  challenge dns-01\n  challenge-ready none\n  dns-delay 5m\n  dns-timeout 7\n');
  assert.deepEqual([dns.ready.size, dns.dnsDelayMs, dns.dnsTimeoutMs], [0, 300_000, 7000]);
  assert.deepEqual(sectionOf('  keytype RSA\n  curves P-256\n').key, { type: 'rsa', bits: 2048 });
});

test('files are where default-path says', () => {
  const files = '  account-key a.key\n  eab-key-id id\n  eab-mac-key /mac\n  eab-mac-alg HS384\n';
  const { accountKey, externalAccount } = sectionOf(files, '  default-path config\n');
  assert.equal(accountKey, '/etc/lb/a.key');
  assert.deepEqual(externalAccount, { keyIdFile: '/etc/lb/id', macKeyFile: '/mac', algorithm: 'HS384' });
});

const DIRECTORY = '  directory https://ca.example/\n';
const MISTAKES: readonly (readonly [lines: string, words: string, line: number])[] = [
  ['  contact a@b\n', `no 'directory' : the URL of the authority's directory is needed.`, 3],
  ['  directory ca.example\n', `'directory' expects a URL with http:// or https://, found 'ca.example'.`, 4],
  [
    `${DIRECTORY}  challenge dns-01\n  challenge-ready cli,none\n`,
    `'challenge-ready' expects 'none', or some of 'cli', 'delay', 'dns' with commas between them, found 'cli,none'.`,
    6,
  ],
  [
    `${DIRECTORY}  challenge-ready dns\n`,
    `'challenge-ready' needs the challenge 'dns-01' or 'dns-persist-01'.`,
    5,
  ],
  [`${DIRECTORY}  curves P-1\n`, `'curves' expects P-256, P-384 or P-521, found 'P-1'.`, 5],
  [`${DIRECTORY}  eab-mac-key a\n`, `'eab-mac-key' needs 'eab-key-id'.`, 5],
  [`${DIRECTORY}  eab-key-id a\n`, `'eab-key-id' needs 'eab-mac-key'.`, 5],
];

test('mistakes are said at their lines', () => {
  for (const [lines, words, line] of MISTAKES) {
    const found = checkAcmeSections(configOf(lines));
    assert.deepEqual(
      found.map(({ message, position }) => [message, position.line]),
      [[`acme 'LE' : ${words}`, line]],
    );
  }
  assert.deepEqual(checkAcmeSections(configOf(DIRECTORY)), []);
});
