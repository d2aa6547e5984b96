/** `ciphers` and `ciphersuites` as Node wants them: one list, in which the suites of TLS 1.3 are those that begin with `TLS_`. */
const SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/** Undefined: as OpenSSL has them by default. */
export function cipherList(ciphers: string | undefined, ciphersuites: string | undefined): string {
  return `${ciphersuites === undefined ? SUITES : suitesOf(ciphersuites)}:${ciphers ?? 'DEFAULT'}`;
}

/** No suite: OpenSSL refuses it. */
const NONE = 'TLS_NONE';

/** Without names that are none of TLS 1.3: OpenSSL passes over them where others are left, Node takes them for other ciphers. */
export function suitesOf(ciphersuites: string): string {
  const suites = ciphersuites.split(':').filter(name => name.startsWith('TLS_'));
  return suites.length === 0 ? NONE : suites.join(':');
}
