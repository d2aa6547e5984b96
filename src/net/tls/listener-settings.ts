/**
 * What a `bind` line and the `global` section say of handshakes, put together (manual, sections 3.1 and 5.1): ciphers and
 * curves of `ssl-default-bind-*` are the line's by then.
 */
import { createHash } from 'node:crypto';
import type { Bind, TlsLineOptions } from '../../model/bind.ts';
import type { Global } from '../../model/global.ts';

export interface ListenerSettings {
  /** Lines of a crt-list may say otherwise. */
  readonly line: TlsLineOptions;
  readonly alpn: readonly string[];
  readonly strictSni: boolean;
  readonly noTickets: boolean;
  readonly prefersClientCiphers: boolean;
  /** `no-tlsv12` and its kind, as the versions they name. */
  readonly without: readonly string[];
  readonly securityLevel: string | undefined;
  readonly sessionLifetimeS: number;
  /** Sessions are only resumed where this is the same. */
  readonly sessionContext: string;
  /** `crt-ignore-err`, `ca-ignore-err` */
  readonly ignoredLeafErrors: readonly string[];
  readonly ignoredChainErrors: readonly string[];
  /** `tune.ssl.maxrecord`, `tune.ssl.hard-maxrecord`; 0: as large as TLS allows. */
  readonly maxRecordBytes: number;
  /** `ca-base` */
  readonly caBase: string | undefined;
  /** `tune.ssl.keylog` */
  readonly keepsSecrets: boolean;
  /** `tune.ssl.capture-buffer-size` */
  readonly captureBytes: number;
  /** `tune.ssl.cachesize`: sessions kept for those who have no ticket. */
  readonly cacheSize: number;
  /** `tune.ssl.ssl-ctx-cache-size`: forged certificates kept. */
  readonly mostForged: number;
  /** `ssl-dh-param-file`: where a certificate has none. */
  readonly dhPem: string | undefined;
}

/** `<word> -> <version>` of `no-sslv3`, `no-tlsv10`... */
const SWITCHED_OFF: ReadonlyMap<string, string> = new Map([
  ['no-sslv3', 'SSLv3'],
  ['no-tlsv10', 'TLSv1.0'],
  ['no-tlsv11', 'TLSv1.1'],
  ['no-tlsv12', 'TLSv1.2'],
  ['no-tlsv13', 'TLSv1.3'],
]);
const FORCED: ReadonlyMap<string, string> = new Map(
  [...SWITCHED_OFF].map(([word, version]) => [word.replace('no-', 'force-'), version]),
);

const DEFAULT_LIFETIME_S = 300;
const DEFAULT_CACHE_SIZE = 20_000;
const DEFAULT_FORGED = 1000;

/** `ssl-default-bind-options` */
interface DefaultOptions {
  minVersion?: string;
  maxVersion?: string;
  readonly flags: Set<string>;
}

function defaultOptions(words: readonly string[]): DefaultOptions {
  const options: DefaultOptions = { flags: new Set() };
  for (const [index, word] of words.entries()) {
    const forced = FORCED.get(word);
    if (forced !== undefined) options.minVersion = options.maxVersion = forced;
    else if (word === 'ssl-min-ver') options.minVersion = words[index + 1] ?? '';
    else if (word === 'ssl-max-ver') options.maxVersion = words[index + 1] ?? '';
    else options.flags.add(word);
  }
  return options;
}

function numberOf(ssl: Global['ssl'], name: string, missing: number): number {
  const value = ssl.get(name)?.[0];
  return value === undefined ? missing : Number.parseInt(value, 10);
}

/** `tune.ssl.cachesize` */
export function mostCachedSessions(ssl: Global['ssl']): number {
  return numberOf(ssl, 'tune.ssl.cachesize', DEFAULT_CACHE_SIZE);
}

/** Undefined: the line has no `ssl`. */
export function listenerSettings(
  bind: Bind,
  { ssl, caBase }: Global,
  mode = 'tcp',
  dhPem?: string,
): ListenerSettings | undefined {
  const { ssl: tls, otherOptions, alpn, proto } = bind;
  if (tls === undefined) return undefined;
  const { minVersion, maxVersion, flags } = defaultOptions(ssl.get('ssl-default-bind-options') ?? []);
  const { certificates: _c, folder: _f, strictSni, noTickets, ...line } = tls;
  const isOn = (word: string): boolean => flags.has(word) || otherOptions.has(word);
  const isLimited = (line.minVersion ?? line.maxVersion ?? minVersion ?? maxVersion) !== undefined;
  const ignoredLeafErrors = wordsOf(otherOptions.get('crt-ignore-err'));
  const ignoredChainErrors = wordsOf(otherOptions.get('ca-ignore-err'));
  // a session tells its last error only, not where it was: it could not be judged again
  const ignoresErrors = ignoredLeafErrors.length + ignoredChainErrors.length > 0;
  const records = [numberOf(ssl, 'tune.ssl.maxrecord', 0), numberOf(ssl, 'tune.ssl.hard-maxrecord', 0)];
  return {
    line: {
      ...(minVersion === undefined ? {} : { minVersion }),
      ...(maxVersion === undefined ? {} : { maxVersion }),
      ...line,
    },
    alpn: alpn ?? (mode === 'http' && proto === undefined ? ['h2', 'http/1.1'] : []),
    strictSni: strictSni ?? flags.has('strict-sni'),
    noTickets: ignoresErrors || (noTickets ?? flags.has('no-tls-tickets')),
    prefersClientCiphers: isOn('prefer-client-ciphers'),
    // where limits are said these are ignored
    without: isLimited ? [] : [...SWITCHED_OFF].filter(([word]) => isOn(word)).map(([, version]) => version),
    securityLevel: ssl.get('ssl-security-level')?.[0],
    sessionLifetimeS: numberOf(ssl, 'tune.ssl.lifetime', DEFAULT_LIFETIME_S),
    sessionContext: digest([bind.written, tls.verify, tls.caFile, tls.caVerifyFile, tls.crlFile]),
    ignoredLeafErrors,
    ignoredChainErrors,
    maxRecordBytes: Math.min(...records.filter(bytes => bytes > 0), MOST_RECORD_BYTES) % MOST_RECORD_BYTES,
    caBase,
    keepsSecrets: ssl.get('tune.ssl.keylog')?.[0] === 'on',
    captureBytes: numberOf(
      ssl,
      'tune.ssl.capture-buffer-size',
      numberOf(ssl, 'tune.ssl.capture-cipherlist-size', 0),
    ),
    cacheSize: ignoresErrors ? 0 : mostCachedSessions(ssl),
    mostForged: numberOf(ssl, 'tune.ssl.ssl-ctx-cache-size', DEFAULT_FORGED),
    dhPem,
  };
}

/** OpenSSL takes 32 bytes. */
function digest(words: readonly (string | undefined)[]): string {
  return createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 32);
}

/** RFC 8446, section 5.1. */
const MOST_RECORD_BYTES = 16_384;

function wordsOf(list: readonly string[] | undefined): readonly string[] {
  return list?.[0]?.split(',') ?? [];
}
