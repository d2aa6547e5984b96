/** Encrypted JSON Web Tokens: published examples, one token of each algorithm made here, and tokens that were changed. */
import assert from 'node:assert/strict';
import {
  constants,
  createCipheriv,
  createHash,
  createHmac,
  diffieHellman,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { test } from 'node:test';
import { decryptToken, keyOfJwk } from '../../src/acl/converters/jwe.ts';
import type { TokenCertificate, TokenCertificates } from '../../src/acl/environment.ts';
import { allowedOf, TOKEN_ENCRYPTIONS, TOKEN_KEY_ALGORITHMS } from '../../src/model/token-algorithms.ts';
import { testEnvironment } from './compile-environment.ts';
import { complaint, exampleContext, textOf } from './evaluate.ts';

const part = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64url');

interface Sealing {
  readonly alg: string;
  readonly contentKey: Buffer;
  readonly encryptedKey?: Buffer;
  readonly more?: object;
}

const HASHES: Readonly<Record<number, string>> = { 16: 'sha256', 24: 'sha384', 32: 'sha512' };

/** A token around `plain`, its content key given. */
function seal(plain: string, enc: string, { alg, contentKey, encryptedKey, more }: Sealing): string {
  const head = part(JSON.stringify({ alg, enc, ...more }));
  const key = encryptedKey === undefined ? '' : part(encryptedKey);
  if (enc.endsWith('GCM')) {
    const iv = randomBytes(12);
    const cipher = createCipheriv(`aes-${contentKey.length * 8}-gcm` as 'aes-256-gcm', contentKey, iv);
    cipher.setAAD(Buffer.from(head));
    const text = Buffer.concat([cipher.update(plain), cipher.final()]);
    return [head, key, part(iv), part(text), part(cipher.getAuthTag())].join('.');
  }
  const half = contentKey.length / 2;
  const iv = randomBytes(16);
  const cipher = createCipheriv(`aes-${half * 8}-cbc`, contentKey.subarray(half), iv);
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  const length = Buffer.alloc(8);
  length.writeUInt32BE(head.length * 8, 4);
  const mac = createHmac(HASHES[half] as string, contentKey.subarray(0, half));
  const tag = mac.update(head).update(iv).update(text).update(length).digest().subarray(0, half);
  return [head, key, part(iv), part(text), part(tag)].join('.');
}

function wrap(bits: number, secret: Buffer, key: Buffer): Buffer {
  const cipher = createCipheriv(`id-aes${bits}-wrap`, secret, Buffer.alloc(8, 0xa6));
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

test('the example of RFC 7516 appendix A.3 opens with its key', () => {
  const token =
    'eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.' +
    '6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.' +
    'AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ';
  const jwk = '{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"}';
  assert.equal(decryptToken(token, keyOfJwk(jwk) as Buffer), 'Live long and prosper.');
  assert.equal(textOf(`str(${token}),jwt_decrypt_secret(GawgguFyGrWKav7AX4VKUg)`), 'Live long and prosper.');
  assert.equal(textOf(`str(${token}),jwt_decrypt_secret(AAwgguFyGrWKav7AX4VKUg)`), undefined);
});

test('every content encryption opens, and no changed token does', () => {
  const sizes = {
    A128GCM: 16,
    A192GCM: 24,
    A256GCM: 32,
    'A128CBC-HS256': 32,
    'A192CBC-HS384': 48,
    'A256CBC-HS512': 64,
  };
  for (const [enc, size] of Object.entries(sizes)) {
    const contentKey = randomBytes(size);
    const token = seal('content', enc, { alg: 'dir', contentKey });
    assert.equal(decryptToken(token, contentKey), 'content', enc);
    assert.equal(decryptToken(token, randomBytes(size)), undefined, enc);
    const parts = token.split('.');
    for (const index of [0, 1, 2, 3, 4]) {
      const changed = parts.with(index, part('changed but base64')).join('.');
      assert.equal(decryptToken(changed, contentKey), undefined, `${enc}, part ${index}`);
    }
    const cutTag = parts.with(4, part(Buffer.from(parts[4] as string, 'base64url').subarray(0, 4))).join('.');
    assert.equal(decryptToken(cutTag, contentKey), undefined, `${enc}: a shortened tag`);
  }
});

test('wrapped content keys open with the secret that wraps them', () => {
  const contentKey = randomBytes(32);
  for (const bits of [128, 192, 256]) {
    const secret = randomBytes(bits / 8);
    const wrapped = { alg: `A${bits}KW`, contentKey, encryptedKey: wrap(bits, secret, contentKey) };
    assert.equal(decryptToken(seal('x', 'A256GCM', wrapped), secret), 'x');
    const iv = randomBytes(12);
    const cipher = createCipheriv(`aes-${bits}-gcm` as 'aes-256-gcm', secret, iv);
    const encryptedKey = Buffer.concat([cipher.update(contentKey), cipher.final()]);
    const more = { iv: part(iv), tag: part(cipher.getAuthTag()) };
    const sealed = seal('y', 'A256GCM', { alg: `A${bits}GCMKW`, contentKey, encryptedKey, more });
    assert.equal(decryptToken(sealed, secret), 'y');
    assert.equal(decryptToken(sealed, randomBytes(bits / 8)), undefined);
  }
});

test('RSA and EC keys open tokens, as JSON Web Key from a variable and from a file', () => {
  const contentKey = randomBytes(16);
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keyPem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const env = testEnvironment({ files: { 'key.pem': keyPem } });
  const certificates = new Map<string, TokenCertificate | 'unavailable'>([
    ['@web/good', { certPem: '', keyPem }],
    ['@web/off', 'unavailable'],
  ]);
  const tokenCertificates: TokenCertificates = {
    refer: () => undefined,
    find: name => certificates.get(name),
  };
  for (const [alg, oaepHash] of [
    ['RSA-OAEP', 'sha1'],
    ['RSA-OAEP-256', 'sha256'],
  ] as const) {
    const key = { key: rsa.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
    const token = seal('r', 'A128GCM', { alg, contentKey, encryptedKey: publicEncrypt(key, contentKey) });
    assert.equal(textOf(`str(${token}),jwt_decrypt_cert(key.pem)`, exampleContext(), env), 'r');
    for (const [name, opened] of [
      ['good', 'r'],
      ['off', undefined],
      ['none', undefined],
    ] as const) {
      const named = { ...testEnvironment(), tokenCertificates };
      assert.equal(textOf(`str(${token}),jwt_decrypt_cert(@web/${name})`, exampleContext(), named), opened);
    }
  }
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ephemeral = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: ec.publicKey });
  const word = (value: number): Buffer => Buffer.from([0, 0, 0, value]);
  const info = [word(7), Buffer.from('A128GCM'), word(0), word(1), Buffer.from('v'), word(128)];
  const agreed = createHash('sha256')
    .update(Buffer.concat([word(1), shared, ...info]))
    .digest()
    .subarray(0, 16);
  const more = { epk: ephemeral.publicKey.export({ format: 'jwk' }), apv: part('v') };
  const token = seal('e', 'A128GCM', { alg: 'ECDH-ES', contentKey: agreed, more });
  const jwk = JSON.stringify(ec.privateKey.export({ format: 'jwk' }));
  assert.equal(decryptToken(token, keyOfJwk(jwk) as Buffer), 'e');
});

test('keys that are none are refused at load', () => {
  assert.match(complaint('str(x),jwt_decrypt_secret(=%)'), /failed to parse secret: invalid base64/);
  assert.match(complaint("str(x),jwt_decrypt_jwk('{}')"), /failed to parse JSON Web Key/);
  assert.match(complaint('str(x),jwt_decrypt_cert(none.pem)'), /no such file/);
});

test('what the lists do not allow is not opened', () => {
  const secret = randomBytes(16);
  const token = seal('inside', 'A128GCM', { alg: 'dir', contentKey: secret });
  const allowed = (list: string, all: readonly string[]): ReadonlySet<string> => {
    const found = allowedOf(list, all);
    assert.ok(typeof found === 'object', list);
    return found;
  };
  const keys = (list: string): string | undefined =>
    decryptToken(token, secret, { keys: allowed(list, TOKEN_KEY_ALGORITHMS) });
  const contents = (list: string): string | undefined =>
    decryptToken(token, secret, { contents: allowed(list, TOKEN_ENCRYPTIONS) });
  for (const list of ['ALL', 'dir', 'A128KW:dir', 'ALL:!A128KW', '!A128KW:ALL'])
    assert.equal(keys(list), 'inside', list);
  for (const list of ['A128KW', 'ALL:!dir', '!dir:ALL', 'dir:!dir', '!A128KW'])
    assert.equal(keys(list), undefined, list);
  assert.equal(contents('A128GCM'), 'inside');
  assert.equal(contents('A256GCM'), undefined);
  assert.equal(allowedOf('ALL:dirr', TOKEN_KEY_ALGORITHMS), 'dirr');
});
