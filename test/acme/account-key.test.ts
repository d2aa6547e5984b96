/** Keys of accounts and what proves that an external account is one's own: files that are there, missing, or wrong. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { openAccountKey, readAccountKey, type AccountKey } from '../../src/acme/account-key.ts';
import { readExternalAccount } from '../../src/acme/external-account.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function keyOf(read: ReturnType<typeof readAccountKey>): AccountKey {
  assert.ok(read !== undefined && !('error' in read), JSON.stringify(read));
  return read;
}

test('a key that is missing is made for its owner alone, and read from then on', t => {
  const folder = temporaryFolder(t);
  const accountKey = `${folder}/account.key`;
  const wish = { accountKey, key: { type: 'ec', curve: 'prime256v1' } } as const;
  const made = openAccountKey(wish);
  assert.ok(!('error' in made) && made.isNew);
  assert.deepEqual(readdirSync(folder), ['account.key']);
  assert.equal(statSync(accountKey).mode & 0o777, 0o600);
  const again = openAccountKey(wish);
  assert.ok(!('error' in again) && !again.isNew);
  assert.equal(again.key.thumbprint, made.key.thumbprint);
  assert.equal(made.key.algorithm, 'ES256');
  const key = createPublicKey({ key: made.key.jwk, format: 'jwk' });
  const signature = made.key.sign('text');
  assert.ok(verify('sha256', Buffer.from('text'), { key, dsaEncoding: 'ieee-p1363' }, signature));
});

test('an RSA key signs by RS256, its members stand in the order that its thumbprint wants', t => {
  const path = `${temporaryFolder(t)}/key`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(path, privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const { jwk, algorithm } = keyOf(readAccountKey(path));
  assert.equal(algorithm, 'RS256');
  assert.deepEqual(Object.keys(jwk), ['e', 'kty', 'n']);
});

test('files that hold no key for it are told apart', t => {
  const folder = temporaryFolder(t);
  mkdirSync(`${folder}/folder`);
  writeFileSync(`${folder}/text`, 'no key');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(`${folder}/ed25519`, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  assert.equal(readAccountKey(`${folder}/none`), undefined);
  const errorOf = (name: string): unknown => readAccountKey(`${folder}/${name}`);
  assert.deepEqual(errorOf('text'), { error: `'${folder}/text' holds no private key in PEM.` });
  assert.deepEqual(errorOf('ed25519'), {
    error: `'${folder}/ed25519' is no RSA key and on no curve of NIST.`,
  });
  assert.deepEqual(errorOf('folder'), {
    error: `unable to read the account key '${folder}/folder' : Illegal operation on a directory.`,
  });
  assert.deepEqual(openAccountKey({ accountKey: `${folder}/no/key`, key: { type: 'rsa', bits: 1024 } }), {
    error: `unable to write the account key '${folder}/no/key' : No such file or directory.`,
  });
});

test('credentials of an external account are one line each; an empty file says they are not needed any more', t => {
  const folder = temporaryFolder(t);
  const read = (id: string, mac: string, algorithm: 'HS256' | 'HS512' = 'HS256'): unknown => {
    writeFileSync(`${folder}/id`, id);
    writeFileSync(`${folder}/mac`, mac);
    return readExternalAccount({ keyIdFile: `${folder}/id`, macKeyFile: `${folder}/mac`, algorithm });
  };
  const key = Buffer.alloc(32, 1);
  const mac = key.toString('base64url');
  assert.deepEqual(read('me\n', `${mac}\n`), { keyId: 'me', macKey: key, algorithm: 'HS256' });
  assert.equal(read('', mac), undefined);
  assert.equal(read('me', ''), undefined);
  assert.deepEqual(read('me', ' x'), { error: `'eab-mac-key' : '${folder}/mac' holds no key in base64url.` });
  assert.deepEqual(read('a\nb', mac), { error: `'eab-key-id' : '${folder}/id' is no line of ASCII.` });
  assert.deepEqual(read('me', mac, 'HS512'), {
    error: `'eab-mac-key' : '${folder}/mac' holds 32 bytes, HS512 needs 64.`,
  });
  assert.deepEqual(readExternalAccount({ keyIdFile: `${folder}/x`, macKeyFile: '', algorithm: 'HS256' }), {
    error: `'eab-key-id' : unable to read '${folder}/x' : No such file or directory.`,
  });
});
