/**
 * Encrypted JSON Web Tokens in compact form: what is inside, given a secret, a JSON Web Key or a private key
 * (manual, section 7.3.1; RFC 7516, RFC 7518). RSA1_5 is refused, as RFC 8725 section 3.2 asks for.
 */
import {
  constants,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  privateDecrypt,
  timingSafeEqual,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { TokenAlgorithms } from '../environment.ts';

/** A secret for symmetric algorithms, a private key for the others. */
export type DecryptionKey = Buffer | KeyObject;

interface Token {
  /** The header as it was sent: authenticated with the content. */
  readonly protectedHeader: Buffer;
  readonly header: Readonly<Record<string, unknown>>;
  readonly encryptedKey: Buffer;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

const GCM_TAG_SIZE = 16;

function decodePart(part: string): Buffer | undefined {
  return /^[A-Za-z0-9_-]*$/.test(part) ? Buffer.from(part, 'base64url') : undefined;
}

function parseHeader(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function parseToken(text: string): Token | undefined {
  const parts = text.split('.');
  const [head, encryptedKey, iv, ciphertext, tag] = parts.map(decodePart);
  const header = head && parseHeader(head);
  if (parts.length !== 5 || !header || !encryptedKey || !iv || !ciphertext || !tag) return undefined;
  return { protectedHeader: Buffer.from(parts[0] as string), header, encryptedKey, iv, ciphertext, tag };
}

function headerBytes({ header }: Token, name: string): Buffer | undefined {
  const value = header[name];
  return typeof value === 'string' ? decodePart(value) : undefined;
}

/** RFC 3394: the wrapped key checks itself. */
function unwrapKey(bits: number, secret: Buffer, wrapped: Buffer): Buffer {
  const decipher = createDecipheriv(`id-aes${bits}-wrap`, secret, Buffer.alloc(8, 0xa6));
  return Buffer.concat([decipher.update(wrapped), decipher.final()]);
}

function openGcm(
  key: Buffer,
  iv: Buffer,
  ciphertext: Buffer,
  tag: Buffer,
  header?: Buffer,
): Buffer | undefined {
  if (tag.length !== GCM_TAG_SIZE) return undefined;
  const cipher = `aes-${key.length * 8}-gcm` as 'aes-256-gcm';
  const decipher = createDecipheriv(cipher, key, iv, { authTagLength: GCM_TAG_SIZE });
  decipher.setAuthTag(tag);
  if (header !== undefined) decipher.setAAD(header);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

/** RFC 7518, section 5.2: the first half of the key signs, the second one encrypts. */
function openCbc(bits: number, hash: string, key: Buffer, token: Token): Buffer | undefined {
  const half = bits / 8;
  if (key.length !== 2 * half) return undefined;
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(token.protectedHeader.length) * 8n);
  const mac = createHmac(hash, key.subarray(0, half));
  for (const part of [token.protectedHeader, token.iv, token.ciphertext, length]) mac.update(part);
  const expected = mac.digest().subarray(0, half);
  if (token.tag.length !== half || !timingSafeEqual(expected, token.tag)) return undefined;
  const decipher = createDecipheriv(`aes-${bits}-cbc`, key.subarray(half), token.iv);
  return Buffer.concat([decipher.update(token.ciphertext), decipher.final()]);
}

interface Encryption {
  readonly keyBits: number;
  readonly open: (key: Buffer, token: Token) => Buffer | undefined;
}

function gcm(bits: number): Encryption {
  return {
    keyBits: bits,
    open: (key, { iv, ciphertext, tag, protectedHeader }) =>
      key.length * 8 === bits ? openGcm(key, iv, ciphertext, tag, protectedHeader) : undefined,
  };
}

function cbc(bits: number, hash: string): Encryption {
  return { keyBits: 2 * bits, open: (key, token) => openCbc(bits, hash, key, token) };
}

/** `enc` of the header. */
const ENCRYPTIONS: ReadonlyMap<unknown, Encryption> = new Map([
  ['A128GCM', gcm(128)],
  ['A192GCM', gcm(192)],
  ['A256GCM', gcm(256)],
  ['A128CBC-HS256', cbc(128, 'sha256')],
  ['A192CBC-HS384', cbc(192, 'sha384')],
  ['A256CBC-HS512', cbc(256, 'sha512')],
]);

type KeyOf = (token: Token, key: DecryptionKey, encryption: Encryption) => Buffer | undefined;

function symmetric(open: (token: Token, secret: Buffer) => Buffer | undefined): KeyOf {
  return (token, key) => (Buffer.isBuffer(key) ? open(token, key) : undefined);
}

function keyWrap(bits: number): KeyOf {
  return symmetric(({ encryptedKey }, secret) => unwrapKey(bits, secret, encryptedKey));
}

function gcmKeyWrap(bits: number): KeyOf {
  return symmetric((token, secret) => {
    const iv = headerBytes(token, 'iv');
    const tag = headerBytes(token, 'tag');
    if (secret.length * 8 !== bits || iv === undefined || tag === undefined) return undefined;
    return openGcm(secret, iv, token.encryptedKey, tag);
  });
}

function rsaOaep(oaepHash: string): KeyOf {
  return ({ encryptedKey }, key) =>
    Buffer.isBuffer(key)
      ? undefined
      : privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, encryptedKey);
}

function sized(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function counter(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** RFC 7518, section 4.6.2. */
function concatKdf(shared: Buffer, name: string, bits: number, token: Token): Buffer {
  const none = Buffer.alloc(0);
  const [apu, apv] = [headerBytes(token, 'apu') ?? none, headerBytes(token, 'apv') ?? none];
  const info = Buffer.concat([sized(Buffer.from(name)), sized(apu), sized(apv), counter(bits)]);
  const rounds = Array.from({ length: Math.ceil(bits / 256) }, (_, index) =>
    createHash('sha256')
      .update(counter(index + 1))
      .update(shared)
      .update(info)
      .digest(),
  );
  return Buffer.concat(rounds).subarray(0, bits / 8);
}

/** The agreed key is the content's own (`bits` 0), or unwraps it. */
function ecdh(bits: number): KeyOf {
  return (token, privateKey, { keyBits }) => {
    const { epk, alg, enc } = token.header;
    if (Buffer.isBuffer(privateKey) || typeof epk !== 'object' || epk === null) return undefined;
    const publicKey = createPublicKey({ key: epk as Record<string, string>, format: 'jwk' });
    const shared = diffieHellman({ privateKey, publicKey });
    if (bits === 0) return concatKdf(shared, String(enc), keyBits, token);
    return unwrapKey(bits, concatKdf(shared, String(alg), bits, token), token.encryptedKey);
  };
}

/** `alg` of the header. */
const ALGORITHMS: ReadonlyMap<unknown, KeyOf> = new Map([
  ['dir', symmetric(({ encryptedKey }, secret) => (encryptedKey.length === 0 ? secret : undefined))],
  ['A128KW', keyWrap(128)],
  ['A192KW', keyWrap(192)],
  ['A256KW', keyWrap(256)],
  ['A128GCMKW', gcmKeyWrap(128)],
  ['A192GCMKW', gcmKeyWrap(192)],
  ['A256GCMKW', gcmKeyWrap(256)],
  ['RSA-OAEP', rsaOaep('sha1')],
  ['RSA-OAEP-256', rsaOaep('sha256')],
  ['ECDH-ES', ecdh(0)],
  ['ECDH-ES+A128KW', ecdh(128)],
  ['ECDH-ES+A192KW', ecdh(192)],
  ['ECDH-ES+A256KW', ecdh(256)],
]);

/** One char a byte; undefined: not a token, not for this key, or not what its author sent. */
export function decryptToken(
  text: string,
  key: DecryptionKey,
  { keys, contents }: TokenAlgorithms = {},
): string | undefined {
  const token = parseToken(text);
  const keyOf = token && ALGORITHMS.get(token.header['alg']);
  const encryption = token && ENCRYPTIONS.get(token.header['enc']);
  if (token === undefined || keyOf === undefined || encryption === undefined) return undefined;
  const { alg, enc } = token.header;
  if (keys?.has(String(alg)) === false || contents?.has(String(enc)) === false) return undefined;
  try {
    const contentKey = keyOf(token, key, encryption);
    return contentKey && encryption.open(contentKey, token)?.toString('latin1');
  } catch {
    // the cipher's own refusal: a wrong key, a wrong tag, a length that cannot be
    return undefined;
  }
}

/** RFC 7517: `oct` is a secret, `RSA` and `EC` are private keys. */
export function keyOfJwk(text: string): DecryptionKey | undefined {
  try {
    const jwk = JSON.parse(text) as Record<string, string>;
    if (jwk['kty'] === 'oct') return decodePart(jwk['k'] ?? '');
    return createPrivateKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

export function keyOfPem(pem: string): DecryptionKey | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
