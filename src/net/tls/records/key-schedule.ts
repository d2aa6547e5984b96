/** Keys of records, from the secrets a handshake has agreed on (RFC 8446, section 7; RFC 5246, sections 5 and 6.3). */
import { createHmac } from 'node:crypto';
import type { Suite } from './suites.ts';

export interface RecordKeys {
  readonly key: Buffer;
  /** The part of the nonce that all records share: 12 bytes, or 4 in front of 8 that come with each. */
  readonly iv: Buffer;
}

const NONCE_BYTES = 12;
const NOTHING = Buffer.alloc(0);

/** `secret`: of application traffic, one direction. */
export function keysOfSecret({ hash, keyBytes }: Suite, secret: Buffer): RecordKeys {
  return {
    key: expandLabel(hash, secret, 'key', keyBytes),
    iv: expandLabel(hash, secret, 'iv', NONCE_BYTES),
  };
}

/** The secret behind this one, when a KeyUpdate asks for it (RFC 8446, section 7.2). */
export function nextSecret({ hash }: Suite, secret: Buffer): Buffer {
  return expandLabel(hash, secret, 'traffic upd', secret.length);
}

/** HKDF-Expand-Label of an empty context, for no more bytes than the hash has: one round of HKDF-Expand. */
function expandLabel(hash: string, secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, 'latin1');
  const head = Buffer.from([length >> 8, length & 0xff, name.length]);
  const info = Buffer.concat([head, name, Buffer.from([0, 1])]);
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
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
function expandMaster(hash: string, secret: Buffer, seed: Buffer, length: number): Buffer {
  let block = NOTHING;
  for (let a = seed; block.length < length;) {
    a = createHmac(hash, secret).update(a).digest();
    block = Buffer.concat([block, createHmac(hash, secret).update(a).update(seed).digest()]);
  }
  return block.subarray(0, length);
}
