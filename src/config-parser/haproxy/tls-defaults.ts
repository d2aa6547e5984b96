/** What `ssl-default-bind-…` and `ssl-default-server-…` say, for lines below them (manual, section 3.1). */

/** Names of the settings, and what stands behind the beginning. */
const TEXTS = [
  ['ciphers', 'ciphers'],
  ['ciphersuites', 'ciphersuites'],
  ['curves', 'curves'],
  ['sigalgs', 'sigalgs'],
  ['clientSigalgs', 'client-sigalgs'],
] as const;

type TlsDefaults = Partial<Record<(typeof TEXTS)[number][0], string>>;

/** `globalTls`: the lines of `global` so far. */
export function tlsDefaults(
  side: 'bind' | 'server',
  globalTls: ReadonlyMap<string, readonly string[]>,
): TlsDefaults {
  const defaults: TlsDefaults = {};
  for (const [name, word] of TEXTS) {
    const value = globalTls.get(`ssl-default-${side}-${word}`)?.[0];
    if (value !== undefined) defaults[name] = value;
  }
  return defaults;
}
