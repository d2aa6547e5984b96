/** Files of `bind` lines: what becomes of them, and what is said of those that cannot be used. */
import assert from 'node:assert/strict';
import { getDiffieHellman } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { DER } from '../../src/net/tls/der.ts';
import { derElement, sequence } from '../../src/net/tls/der-writer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { loadBind, TLS_FOLDER, tlsFile, tlsText } from '../support/tls-material.ts';

/** A folder with copies of the files of test/cases/tls. */
function folderOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder(t);
  for (const [name, source] of Object.entries(files)) copyFileSync(tlsFile(source), `${folder}/${name}`);
  return folder;
}

type Loaded = ReturnType<typeof loadBind>;

function entriesOf({ store }: Loaded): readonly (readonly [string, boolean])[] {
  const [entries = []] = store.material().listeners.values();
  return entries.map(({ certificate, isDefault }) => [certificate.name, isDefault] as const);
}

const WHERE = `'bind 127.0.0.1:1' in section 'frontend' : `;

test('certificate, key and chain are found in one file, in any order', () => {
  const loaded = loadBind(`crt ${tlsFile('rsa.pem')} crt ${tlsFile('ecdsa.pem')}`);
  assert.deepEqual(loaded.said, []);
  const { certificates } = loaded.store.material();
  const rsa = certificates.get(tlsFile('rsa.pem'));
  assert.deepEqual(rsa?.names, ['www.example', '*.shop.example']);
  assert.equal(rsa?.keyType, 'rsa');
  assert.match(rsa?.chainPem ?? '', /^-----BEGIN CERTIFICATE-----\n[^]+-----END CERTIFICATE-----\n$/);
  assert.equal(certificates.get(tlsFile('ecdsa.pem'))?.keyType, 'ecdsa');
});

test('the first certificate is the default, and those of default-crt', () => {
  const loaded = loadBind(
    `crt ${tlsFile('rsa.pem')} crt ${tlsFile('client.pem')} default-crt ${tlsFile('ecdsa.pem')}`,
  );
  assert.deepEqual(entriesOf(loaded), [
    [tlsFile('rsa.pem'), true],
    [tlsFile('client.pem'), false],
    [tlsFile('ecdsa.pem'), true],
  ]);
});

test('a key may stand in a file beside its certificate', t => {
  const folder = folderOf(t, { 'a.crt': 'second.crt', 'a.crt.key': 'second.key' });
  assert.deepEqual(loadBind(`crt ${folder}/a.crt`).said, []);
  const none = folderOf(t, { 'a.crt': 'second.crt' });
  assert.deepEqual(loadBind(`crt ${none}/a.crt`).said, [
    `alert: ${WHERE}No Private Key found in '${none}/a.crt.key'.`,
  ]);
  assert.deepEqual(loadBind(`crt ${none}/a.crt`, 'global\n  ssl-load-extra-files none').said, [
    `alert: ${WHERE}No Private Key found in '${none}/a.crt'.`,
  ]);
});

test('with ssl-load-extra-del-ext the ending of the certificate gives way to the one of the key', t => {
  const folder = folderOf(t, { 'a.crt': 'second.crt', 'a.key': 'second.key' });
  assert.deepEqual(loadBind(`crt ${folder}/a.crt`, 'global\n  ssl-load-extra-del-ext').said, []);
});

test('what cannot be used is told as HAProxy tells it', t => {
  const folder = folderOf(t, { 'a.key': 'second.key' });
  writeFileSync(
    `${folder}/bad`,
    tlsText('second.crt') + tlsText('client.pem').replace(/^[^]*?END CERT[^\n]*\n/, ''),
  );
  writeFileSync(`${folder}/trash`, tlsText('second.crt').replace('\nM', '\n!'));
  const cases: readonly (readonly [string, string])[] = [
    ['a.key', `unable to load certificate from file '${folder}/a.key': no start line.`],
    ['bad', `inconsistencies between private key and certificate loaded '${folder}/bad'.`],
    ['trash', `unable to load certificate from file '${folder}/trash': bad base64 decode.`],
    ['none', `unable to stat SSL certificate from file '${folder}/none' : No such file or directory.`],
  ];
  for (const [name, message] of cases)
    assert.deepEqual(loadBind(`crt ${folder}/${name}`).said, [`alert: ${WHERE}${message}`]);
});

test('a file is refused from the first damaged block on, whatever it was to hold', t => {
  const folder = temporaryFolder(t);
  const [site, authority] = [tlsText('rsa.pem'), tlsText('ca.pem')];
  const list = '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n';
  const cases: readonly (readonly [option: string, text: string, reason: string])[] = [
    ['crt', site + authority.slice(0, 300), 'bad end line'],
    ['crt', site.slice(0, 300), 'bad end line'],
    ['crt', `${site}-----BEGIN ANYTHING-----\nno=base64\n-----END ANYTHING-----\n`, 'bad base64 decode'],
    ['ca-file', authority + tlsText('other-ca.pem').slice(0, 300), 'bad end line'],
    [
      'ca-file',
      `${authority}-----BEGIN ANYTHING-----\nno=base64\n-----END ANYTHING-----\n`,
      'bad base64 decode',
    ],
    ['crl-file', list, 'wrong tag'],
  ];
  for (const [index, [option, text, reason]] of cases.entries()) {
    const file = `${folder}/${index}`;
    writeFileSync(file, text);
    const crt = option === 'crt' ? '' : `crt ${tlsFile('rsa.pem')} `;
    const said = loadBind(`${crt}${option} ${file}`).said.join('\n');
    assert.ok(said.startsWith('alert: ') && said.includes(reason), `${index}: ${said}`);
  }
});

test('a byte order mark and lines that end in CRLF are passed over', t => {
  const folder = temporaryFolder(t);
  for (const [name, text] of [
    ['marked', `\u00ef\u00bb\u00bf${tlsText('rsa.pem')}`],
    ['crlf', tlsText('rsa.pem').replaceAll('\n', '\r\n')],
  ] as const) {
    writeFileSync(`${folder}/${name}`, text, 'latin1');
    assert.deepEqual(loadBind(`crt ${folder}/${name}`).said, []);
  }
});

test('an encrypted key is opened with what ssl-passphrase-cmd prints', t => {
  const file = tlsFile('encrypted.pem');
  assert.match(
    loadBind(`crt ${file}`).said[0] ?? '',
    /passphrase-protected private key without an 'ssl-passphrase-cmd'/,
  );
  const folder = temporaryFolder(t);
  writeFileSync(`${folder}/ask`, '#!/bin/sh\n[ "$2" = word ] && echo secret\n', { mode: 0o755 });
  const loaded = loadBind(`crt ${file}`, `global\n  ssl-passphrase-cmd ${folder}/ask word`);
  assert.deepEqual(loaded.said, []);
  assert.match(loaded.store.material().certificates.get(file)?.keyPem ?? '', /^-----BEGIN PRIVATE KEY-----/);
});

test('a bundle is its certificates of all key types', t => {
  const folder = folderOf(t, { 'x.pem.rsa': 'rsa.pem', 'x.pem.ecdsa': 'ecdsa.pem' });
  assert.deepEqual(entriesOf(loadBind(`crt ${folder}/x.pem`)), [
    [`${folder}/x.pem.ecdsa`, true],
    [`${folder}/x.pem.rsa`, true],
  ]);
});

test('of a folder all files are taken in the order of their names, but companions and hidden ones', t => {
  const folder = folderOf(t, {
    'b.pem': 'rsa.pem',
    'a.crt': 'second.crt',
    'a.crt.key': 'second.key',
    '.hidden': 'rsa.pem',
  });
  mkdirSync(`${folder}/sub`);
  assert.deepEqual(entriesOf(loadBind(`crt ${folder}/`)), [
    [`${folder}/a.crt`, true],
    [`${folder}/b.pem`, false],
  ]);
});

test('a listener without any certificate is refused, with strict-sni it is warned of', t => {
  const folder = temporaryFolder(t);
  const none = `Proxy 'f': no SSL certificate specified for bind '127.0.0.1:1' at [a.cfg:6]`;
  assert.deepEqual(loadBind(`crt ${folder}`).said, [`alert: ${none} (use 'crt').`]);
  assert.deepEqual(loadBind('no-strict-sni', 'global\n  ssl-default-bind-options strict-sni').said, [
    `alert: ${none.replace('6]', '7]')} (use 'crt').`,
  ]);
  assert.deepEqual(loadBind('strict-sni').said, [`warning: ${none}, ssl connections will fail (use 'crt').`]);
});

test('crt-base and ca-base stand before relative names', () => {
  const global = `global\n  crt-base ${TLS_FOLDER}\n  ca-base ${TLS_FOLDER}`;
  const loaded = loadBind('crt rsa.pem ca-file ca.pem crl-file ca.crl verify required', global);
  assert.deepEqual(loaded.said, []);
  const { certificates, authorities } = loaded.store.material();
  assert.deepEqual([...certificates.keys()], [tlsFile('rsa.pem')]);
  assert.equal(authorities.get(tlsFile('ca.pem'))?.certificates.length, 1);
  assert.equal(authorities.get(tlsFile('ca.crl'))?.revocations.length, 1);
});

test('authorities come from a file, a folder or the system', t => {
  const crt = `crt ${tlsFile('rsa.pem')}`;
  const folder = folderOf(t, { 'a.pem': 'ca.pem', 'b.crt': 'other-ca.pem', 'c.txt': 'ca.pem' });
  const { authorities } = loadBind(`${crt} ca-file ${folder} ca-verify-file @system-ca`).store.material();
  assert.equal(authorities.get(folder)?.certificates.length, 2);
  assert.ok((authorities.get('@system-ca')?.certificates.length ?? 0) > 10);
  assert.deepEqual(loadBind(`${crt} ca-file /none`).said, [
    `alert: Couldn't open the ca-file '/none' (No such file or directory).`,
    `alert: ${WHERE}'ca-file' : unable to load /none`,
  ]);
  assert.deepEqual(
    loadBind(`${crt} ca-file ${tlsFile('second.key')}`).said[0],
    `alert: Couldn't open the ca-file '${tlsFile('second.key')}' (no certificate or crl found).`,
  );
});

test('issuers-chain-path completes certificates without a chain', t => {
  const folder = folderOf(t, { 'chain.pem': 'ca.pem', 'other.pem': 'other-ca.pem' });
  const loaded = loadBind(`crt ${tlsFile('client.pem')}`, `global\n  issuers-chain-path ${folder}`);
  assert.equal(loaded.store.material().certificates.get(tlsFile('client.pem'))?.chainPem, tlsText('ca.pem'));
});

test('a crt-list gives certificates names and options of their own', t => {
  const folder = temporaryFolder(t);
  writeFileSync(
    `${folder}/list`,
    `# comment\n\n${tlsFile('rsa.pem')} [verify optional ca-file ${tlsFile('ca.pem')} alpn h2,http/1.1] Www.Example !x.y *.y\n${tlsFile('ecdsa.pem')} *\n`,
  );
  const loaded = loadBind(`crt-list ${folder}/list`);
  assert.deepEqual(loaded.said, []);
  const { listeners, authorities } = loaded.store.material();
  const [entries = []] = listeners.values();
  assert.deepEqual(
    entries.map(({ certificate, filters, options }) => [certificate.name, filters, options]),
    [
      [
        tlsFile('rsa.pem'),
        ['www.example', '!x.y', '*.y'],
        { verify: 'optional', caFile: tlsFile('ca.pem'), alpn: ['h2', 'http/1.1'] },
      ],
      [tlsFile('ecdsa.pem'), ['*'], {}],
    ],
  );
  assert.ok(authorities.has(tlsFile('ca.pem')));
});

test('mistakes of a crt-list are told with its name and line', t => {
  const folder = temporaryFolder(t);
  const rsa = tlsFile('rsa.pem');
  const cases: readonly (readonly [string, string])[] = [
    [`${rsa} [foo bar] a\n`, `alert: ${WHERE}'crt-list' : parsing [LIST:1]: unknown ssl keyword foo`],
    [`\n[alpn h2]\n`, `alert: ${WHERE}'crt-list' : parsing [LIST:2]: file must start with a cert`],
    [`${rsa} [alpn h2] [a]\n`, `alert: ${WHERE}'crt-list' : parsing [LIST:1]: too many '['`],
    [`${rsa} alpn h2]\n`, `alert: ${WHERE}'crt-list' : parsing [LIST:1]: missing '['`],
    [`${rsa} [alpn]\n`, `alert: ${WHERE}'crt-list' : parsing [LIST:1]: ssl args out of '[]' for alpn`],
    [
      rsa,
      `alert: ${WHERE}'crt-list' : parsing [LIST:1]: Missing LF on last line, file might have been truncated at position ${rsa.length + 1}.`,
    ],
    [
      '/none\n',
      `alert: ${WHERE}'crt-list' : unable to stat SSL certificate from file '/none' : No such file or directory.`,
    ],
    [
      `${rsa} !x.y\n`,
      `warning: ${WHERE}'crt-list' : parsing [LIST:1]: crt-list: negative filters on crt-list line "${rsa}" without a positive wildcard filter won't do anything!`,
    ],
  ];
  for (const [text, message] of cases) {
    writeFileSync(`${folder}/list`, text);
    assert.deepEqual(loadBind(`crt-list ${folder}/list`).said, [message.replace('LIST', `${folder}/list`)]);
  }
});

test('a crt-store names files and gives certificates other names', () => {
  const store = `crt-store web\n  crt-base ${TLS_FOLDER}\n  key-base ${TLS_FOLDER}\n  load crt second.crt key second.key alias two\n  load crt rsa.pem`;
  const loaded = loadBind('crt @web/two crt @web/rsa.pem', store);
  assert.deepEqual(loaded.said, []);
  assert.deepEqual(entriesOf(loaded), [
    ['@web/two', true],
    ['@web/rsa.pem', false],
  ]);
  assert.deepEqual(
    loadBind('crt @/x', `crt-store\n  load key x`).said[0],
    `alert: 'load' in section 'crt-store': mandatory 'crt' parameter not found.`,
  );
});

test('a certificate has the same options wherever it is used', t => {
  const folder = temporaryFolder(t);
  const file = tlsFile('second.crt');
  writeFileSync(`${folder}/list`, `${file} [key ${tlsFile('second.key')}]\n`);
  const loaded = loadBind(`crt-list ${folder}/list crt ${file}`);
  assert.match(
    loaded.said[0] ?? '',
    /Can't use the certificate previously defined with keywords without these keywords:\n- different parameter 'key' : previously '.*second\.key' vs '\(null\)'/,
  );
});

test('ssl-f-use gives all listeners of a frontend a list, the last line first', () => {
  const loaded = loadBind(
    '',
    '',
    `  ssl-f-use crt ${tlsFile('rsa.pem')} alpn h2\n  ssl-f-use crt ${tlsFile('second.crt')} key ${tlsFile('second.key')}`,
  );
  assert.deepEqual(loaded.said, []);
  assert.deepEqual(entriesOf(loaded), [
    [tlsFile('second.crt'), true],
    [tlsFile('rsa.pem'), false],
  ]);
  assert.deepEqual([...loaded.store.crtLists.keys()], ['@f']);
});

test('a crt-store that comes after a use of its file finds the name taken', () => {
  const file = tlsFile('rsa.pem');
  const loaded = loadBind(`crt ${file}`, '', `crt-store\n  load crt ${file}`);
  assert.deepEqual(loaded.said, [
    `alert: 'load' in section 'crt-store': store '${file}' was already defined.`,
  ]);
});

test('with ssl-skip-self-issued-ca roots are not sent', () => {
  const loaded = loadBind(`crt ${tlsFile('rsa.pem')}`, 'global\n  ssl-skip-self-issued-ca');
  assert.equal(loaded.store.material().certificates.get(tlsFile('rsa.pem'))?.chainPem, '');
});

test('an authority that is to sign forged certificates is loaded with its key, or told of', t => {
  const own = `crt ${tlsFile('rsa.pem')} generate-certificates`;
  const loaded = loadBind(`${own} ca-sign-file ${tlsFile('encrypted.pem')} ca-sign-pass secret`);
  assert.deepEqual(loaded.said, []);
  assert.match(
    [...loaded.store.signingAuthorities.values()][0]?.keyPem ?? '',
    /^-----BEGIN PRIVATE KEY-----/,
  );
  const folder = folderOf(t, { 'a.crt': 'second.crt', 'a.crt.key': 'second.key' });
  assert.deepEqual(loadBind(`${own} ca-sign-file ${folder}/a.crt`).said, []);
  const saidOf = (file: string, why: string): string =>
    `alert: Proxy 'f': Failed to read CA certificate file '${file}' at [a.cfg:6]. Chain loading failed: ${why}`;
  const encrypted = tlsFile('encrypted.pem');
  for (const [file, more, why] of [
    ['/none.pem', '', `cannot open the file '/none.pem'.`],
    [tlsFile('ca.pem'), '', `No Private Key found in '${tlsFile('ca.pem')}.key'.`],
    [encrypted, '', `the private key is encrypted, and 'ca-sign-pass' does not fit.`],
    [encrypted, ' ca-sign-pass wrong', `the private key is encrypted, and 'ca-sign-pass' does not fit.`],
  ] as const)
    assert.deepEqual(loadBind(`${own} ca-sign-file ${file}${more}`).said, [saidOf(file, why)]);
  assert.deepEqual(loadBind(own).said, [
    `alert: Proxy 'f': cannot enable certificate generation, no CA certificate File configured at [a.cfg:6].`,
  ]);
});

test('Diffie-Hellman parameters for all listeners are read from their file, or told of', t => {
  const folder = temporaryFolder(t);
  const load = (content: string | undefined): Loaded => {
    if (content !== undefined) writeFileSync(`${folder}/dh.pem`, content);
    return loadBind(`crt ${tlsFile('rsa.pem')}`, `global\n  ssl-dh-param-file ${folder}/dh.pem`);
  };
  const block = (base64: string): string =>
    `-----BEGIN DH PARAMETERS-----\n${base64}\n-----END DH PARAMETERS-----\n`;
  const refused = (why: string): readonly string[] => [
    `alert: 'ssl-dh-param-file' : unable to load DH parameters from file <${folder}/dh.pem>: ${why}.`,
  ];
  assert.deepEqual(load(undefined).said, refused('No such file or directory'));
  assert.deepEqual(load('text').said, refused('there are none'));
  assert.deepEqual(load(block('AAAA')).said, refused('they cannot be read'));
  const { prime, generator } = { prime: getDiffieHellman('modp14').getPrime(), generator: Buffer.from([2]) };
  const parameters = (bits: number): string => {
    const shortened = Buffer.concat([Buffer.from([0]), prime.subarray(-bits / 8)]);
    const numbers = [shortened, generator].map(number => derElement(DER.INTEGER, number));
    return block(sequence(...numbers).toString('base64'));
  };
  assert.deepEqual(load(parameters(512)).said, refused('DH parameter is less than 1024 bits'));
  const loaded = load(parameters(2048));
  assert.deepEqual(loaded.said, []);
  assert.equal(loaded.store.material().dhPem, parameters(2048));
});

test('a certificate has its OCSP response updated wherever it is used, or nowhere', t => {
  const folder = temporaryFolder(t);
  const file = tlsFile('rsa.pem');
  const saidOf = (update: string, mode: string): readonly string[] => {
    writeFileSync(`${folder}/list`, `${file} [ocsp-update ${update}]\n`);
    return [
      ...loadBind(`crt ${file} crt-list ${folder}/list`, `global\n  ocsp-update.mode ${mode}`).said,
      ...loadBind(`crt-list ${folder}/list crt ${file}`, `global\n  ocsp-update.mode ${mode}`).said,
    ];
  };
  assert.deepEqual(saidOf('on', 'on'), []);
  assert.deepEqual(saidOf('off', 'off'), []);
  const [inList, onLine, ...more] = saidOf('on', 'off');
  assert.match(
    inList ?? '',
    /^alert: [^]* without any keyword with these keywords:\n- different parameter 'ocsp-update' : previously 'default' \(ocsp-update\.mode off\) vs 'on'$/m,
  );
  assert.match(
    onLine ?? '',
    /^alert: [^]* with keywords without these keywords:\n- different parameter 'ocsp-update' : previously 'on' vs 'default' \(ocsp-update\.mode off\)$/m,
  );
  assert.deepEqual(more, []);
  assert.equal(saidOf('off', 'on').length, 2);
});
