/**
 * Cipher suites whose records are made here: those of TLS 1.3, and of TLS 1.2 the ones with the same ciphers (RFC 8446,
 * RFC 5288, RFC 7905). Every other one is left to OpenSSL.
 */
import type { CipherName } from './openssl.ts';

type Version = 'TLSv1.2' | 'TLSv1.3';

export interface Suite {
  readonly version: Version;
  readonly cipher: CipherName;
  readonly keyBytes: 16 | 32;
  /** Of the key schedule. */
  readonly hash: 'sha256' | 'sha384';
  /** What of the nonce comes with each record; the rest of its 12 bytes is the key's. */
  readonly explicitBytes: 0 | 8;
}

const TLS13 = { version: 'TLSv1.3', explicitBytes: 0 } as const;
const TLS12 = { version: 'TLSv1.2', explicitBytes: 8 } as const;
const AES_128 = { cipher: 'aes-128-gcm', keyBytes: 16, hash: 'sha256' } as const;
const AES_256 = { cipher: 'aes-256-gcm', keyBytes: 32, hash: 'sha384' } as const;
const CHACHA = { cipher: 'chacha20-poly1305', keyBytes: 32, hash: 'sha256' } as const;

const OF_TLS13: ReadonlyMap<string, Suite> = new Map<string, Suite>([
  ['TLS_AES_128_GCM_SHA256', { ...AES_128, ...TLS13 }],
  ['TLS_AES_256_GCM_SHA384', { ...AES_256, ...TLS13 }],
  ['TLS_CHACHA20_POLY1305_SHA256', { ...CHACHA, ...TLS13 }],
]);
/** By how their names end. */
const OF_TLS12: readonly (readonly [string, Suite])[] = [
  ['AES128-GCM-SHA256', { ...AES_128, ...TLS12 }],
  ['AES256-GCM-SHA384', { ...AES_256, ...TLS12 }],
  ['CHACHA20-POLY1305', { ...CHACHA, ...TLS12, explicitBytes: 0 }],
];

/** `cipher`: by OpenSSL's name. */
export function suiteOf(protocol: string | null | undefined, cipher: string | undefined): Suite | undefined {
  if (cipher === undefined) return undefined;
  if (protocol === 'TLSv1.3') return OF_TLS13.get(cipher);
  return protocol === 'TLSv1.2' ? OF_TLS12.find(([end]) => cipher.endsWith(end))?.[1] : undefined;
}
