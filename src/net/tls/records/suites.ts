/**
 * Cipher suites whose records are made here: those of TLS 1.3, and of TLS 1.2 the ones with the same ciphers (RFC 8446,
 * RFC 5288, RFC 7905). Every other one is left to OpenSSL.
 */
import type { CipherName } from './openssl.ts';

export type Version = 'TLSv1.2' | 'TLSv1.3';

export interface Suite {
  readonly version: Version;
  readonly cipher: CipherName;
  readonly keyBytes: 16 | 32;
  /** Of the key schedule. */
  readonly hash: 'sha256' | 'sha384';
  /** What of the nonce comes with each record; the rest of its 12 bytes is the key's. */
  readonly explicitBytes: 0 | 8;
}

const AES_128 = { cipher: 'aes-128-gcm', keyBytes: 16, hash: 'sha256' } as const;
const AES_256 = { cipher: 'aes-256-gcm', keyBytes: 32, hash: 'sha384' } as const;
const CHACHA = { cipher: 'chacha20-poly1305', keyBytes: 32, hash: 'sha256' } as const;

const TLS13: ReadonlyMap<string, typeof AES_128 | typeof AES_256 | typeof CHACHA> = new Map<
  string,
  typeof AES_128 | typeof AES_256 | typeof CHACHA
>([
  ['TLS_AES_128_GCM_SHA256', AES_128],
  ['TLS_AES_256_GCM_SHA384', AES_256],
  ['TLS_CHACHA20_POLY1305_SHA256', CHACHA],
]);

/** `cipher`: by OpenSSL's name. */
export function suiteOf(protocol: string | null | undefined, cipher: string | undefined): Suite | undefined {
  if (cipher === undefined) return undefined;
  if (protocol === 'TLSv1.3') {
    const suite = TLS13.get(cipher);
    return suite && { ...suite, version: 'TLSv1.3', explicitBytes: 0 };
  }
  if (protocol !== 'TLSv1.2') return undefined;
  if (cipher.endsWith('AES128-GCM-SHA256')) return { ...AES_128, version: 'TLSv1.2', explicitBytes: 8 };
  if (cipher.endsWith('AES256-GCM-SHA384')) return { ...AES_256, version: 'TLSv1.2', explicitBytes: 8 };
  if (cipher.endsWith('CHACHA20-POLY1305')) return { ...CHACHA, version: 'TLSv1.2', explicitBytes: 0 };
  return undefined;
}
