/** `ciphers` and `ciphersuites` as Node wants them: one list, in which the suites of TLS 1.3 are those that begin with `TLS_`. */
const SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/** Undefined: as OpenSSL has them by default. */
export function cipherList(ciphers: string | undefined, ciphersuites: string | undefined): string {
  return `${ciphersuites ?? SUITES}:${ciphers ?? 'DEFAULT'}`;
}
