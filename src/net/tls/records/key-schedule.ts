/** Keys of records, from the secrets a handshake has agreed on (RFC 8446, section 7; RFC 5246, sections 5 and 6.3). */
import { hmac } from './hmac.ts';
import type { Suite } from './suites.ts';

export interface RecordKeys {
  readonly key: Buffer;
  /** The part of the nonce that all records share: 12 bytes, or 4 in front of 8 that come with each. */
  readonly iv: Buffer;
}

const NONCE_BYTES = 12;
const NOTHING = Buffer.alloc(0);
const KEY_INFO = { 16: labelInfo('key', 16), 32: labelInfo('key', 32) } as const;
const IV_INFO = labelInfo('iv', NONCE_BYTES);

/** `secret`: of application traffic, one direction. */
export function keysOfSecret({ hash, keyBytes }: Suite, secret: Buffer): RecordKeys {
  return {
    key: hmac(hash, secret, KEY_INFO[keyBytes]).subarray(0, keyBytes),
    iv: hmac(hash, secret, IV_INFO).subarray(0, NONCE_BYTES),
  };
}

/** The secret behind this one, when a KeyUpdate asks for it (RFC 8446, section 7.2). */
export function nextSecret({ hash }: Suite, secret: Buffer): Buffer {
  return hmac(hash, secret, labelInfo('traffic upd', secret.length));
}

/**
 * What HKDF-Expand-Label hashes for an empty context (RFC 8446, section 7.1): for no more bytes than the hash has, one round
 * of HKDF-Expand is all of it.
 */
function labelInfo(label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, 'latin1');
  const head = Buffer.from([length >> 8, length & 0xff, name.length]);
  return Buffer.concat([head, name, Buffer.from([0, 1])]);
}

export interface MasterSecret {
  readonly secret: Buffer;
  readonly clientRandom: Buffer;
  readonly serverRandom: Buffer;
}

/** TLS 1.2: those of what the client writes, and of what the server writes. */
export function keysOfMaster(
  suite: Suite,
  { secret, clientRandom, serverRandom }: MasterSecret,
): [RecordKeys, RecordKeys] {
  const { hash, keyBytes, explicitBytes } = suite;
  const ivBytes = NONCE_BYTES - explicitBytes;
  const seed = Buffer.concat([Buffer.from('key expansion', 'latin1'), serverRandom, clientRandom]);
  const block = expandMaster(hash, secret, seed, 2 * (keyBytes + ivBytes));
  const ivs = 2 * keyBytes;
  return [
    { key: block.subarray(0, keyBytes), iv: block.subarray(ivs, ivs + ivBytes) },
    { key: block.subarray(keyBytes, ivs), iv: block.subarray(ivs + ivBytes) },
  ];
}

/** P_hash: each round over the one before. */
function expandMaster(hash: Suite['hash'], secret: Buffer, seed: Buffer, length: number): Buffer {
  let block = NOTHING;
  for (let a = seed; block.length < length;) {
    a = hmac(hash, secret, a);
    block = Buffer.concat([block, hmac(hash, secret, Buffer.concat([a, seed]))]);
  }
  return block.subarray(0, length);
}
