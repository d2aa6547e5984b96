/**
 * OpenSSL's contexts for the certificates of one listener: made when a client first asks for them, kept as long as those
 * certificates are in use. What a crt-list says otherwise than its `bind` line is in them, as far as OpenSSL looks at a
 * context once a handshake has begun: certificates, authorities, ciphers of TLS 1.2 and signature algorithms.
 */
import { createHash, constants, X509Certificate } from 'node:crypto';
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
} from 'node:tls';
import type { TlsLineOptions } from '../../model/bind.ts';
import type { AuthorityFile, LoadedCertEntry } from '../../model/tls-material.ts';
import type { ListenerSettings } from './listener-settings.ts';

/** As OpenSSL would offer them, for who only names those of TLS 1.2. */
const DEFAULT_SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';
const DEFAULT_CIPHERS = 'DEFAULT';

const VERSIONS = ['SSLv3', 'TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
const DEFAULT_LOWEST = 3;
const HIGHEST = 4;

const OFF: Readonly<Record<(typeof VERSIONS)[number], number>> = {
  SSLv3: constants.SSL_OP_NO_SSLv3,
  'TLSv1.0': constants.SSL_OP_NO_TLSv1,
  'TLSv1.1': constants.SSL_OP_NO_TLSv1_1,
  'TLSv1.2': constants.SSL_OP_NO_TLSv1_2,
  'TLSv1.3': constants.SSL_OP_NO_TLSv1_3,
};

/** Finds authorities and revocation lists by their names. */
export type FindAuthorities = (name: string) => AuthorityFile | undefined;

interface Made {
  readonly entries: readonly LoadedCertEntry[];
  readonly context: SecureContext;
}

/** Undefined: not a single version is left. */
export function versionsOf({
  line,
  without,
}: ListenerSettings): { lowest: number; highest: number } | undefined {
  const number = (name: string | undefined): number => VERSIONS.findIndex(version => version === name);
  const isOff = (version: number): boolean => without.includes(VERSIONS[version] as string);
  let highest = line.maxVersion === undefined ? HIGHEST : number(line.maxVersion);
  let lowest = line.minVersion === undefined ? Math.min(DEFAULT_LOWEST, highest) : number(line.minVersion);
  while (highest >= lowest && isOff(highest)) highest--;
  while (highest >= lowest && isOff(lowest)) lowest++;
  return lowest > highest ? undefined : { lowest, highest };
}

/** Node begins with TLS 1.0 and calls it TLSv1. */
function secureVersion(version: number): SecureVersion {
  return version <= 1 ? 'TLSv1' : (VERSIONS[version] as SecureVersion);
}

function cipherText(
  { ciphers = DEFAULT_CIPHERS, ciphersuites }: TlsLineOptions,
  level: string | undefined,
): string {
  const suites = ciphersuites === undefined || ciphersuites === '' ? DEFAULT_SUITES : ciphersuites;
  return `${suites}:${ciphers}${level === undefined ? '' : `:@SECLEVEL=${level}`}`;
}

/** OpenSSL's limit. */
const MOST_SESSION_CONTEXT = 32;

export class ListenerContexts {
  readonly #settings: ListenerSettings;
  readonly #authorities: FindAuthorities;
  readonly #ticketKeys: Buffer;
  readonly #lines: { readonly trustsDiffer: boolean };
  readonly #made = new WeakMap<LoadedCertEntry, Made>();
  readonly #trusted = new WeakMap<AuthorityFile, readonly X509Certificate[]>();

  /** `lines`: where they differ in whom they trust, no sessions are kept. */
  constructor(
    settings: ListenerSettings,
    authorities: FindAuthorities,
    ticketKeys: Buffer,
    lines: { readonly trustsDiffer: boolean } = { trustsDiffer: false },
  ) {
    this.#lines = lines;
    this.#ticketKeys = ticketKeys;
    this.#settings = settings;
    this.#authorities = authorities;
  }

  /** Of certificates that go together, one of each kind of key. Throws OpenSSL's error. */
  contextOf(entries: readonly LoadedCertEntry[]): SecureContext {
    const [first] = entries;
    if (first === undefined) return createSecureContext(this.optionsOf([]));
    const known = this.#made.get(first);
    if (known !== undefined && isSame(known.entries, entries)) return known.context;
    const context = createSecureContext(this.optionsOf(entries));
    this.#made.set(first, { entries, context });
    return context;
  }

  /** Without a certificate OpenSSL refuses handshakes, and tells the client so. */
  optionsOf(entries: readonly LoadedCertEntry[]): SecureContextOptions {
    const settings = this.#settings;
    const line = { ...settings.line, ...entries[0]?.options };
    const versions = versionsOf(settings) ?? { lowest: DEFAULT_LOWEST, highest: HIGHEST };
    // the last one is what Node tells of as presented: the preferred
    const certificates = entries.map(({ certificate }) => certificate).toReversed();
    const curves = line.curves ?? line.ecdhe;
    return {
      cert: certificates.map(({ certPem, chainPem }) => certPem + chainPem),
      key: certificates.map(({ keyPem }) => keyPem),
      ...this.#trust(line),
      ciphers: cipherText(line, settings.securityLevel),
      ...(curves === undefined ? {} : { ecdhCurve: curves }),
      ...(line.sigalgs === undefined ? {} : { sigalgs: line.sigalgs }),
      dhparam: certificates.find(({ dhPem }) => dhPem !== undefined)?.dhPem ?? 'auto',
      minVersion: secureVersion(versions.lowest),
      maxVersion: secureVersion(versions.highest),
      honorCipherOrder: !settings.prefersClientCiphers,
      secureOptions: secureOptions(settings, settings.noTickets || this.#lines.trustsDiffer),
      sessionIdContext: this.#sessionContext(),
      sessionTimeout: settings.sessionLifetimeS,
      ticketKeys: this.#ticketKeys,
    };
  }

  /**
   * One for all contexts of the listener, as OpenSSL looks for sessions before it knows the name a client asks for.
   * Another one when authorities or revocation lists were exchanged: who resumes a session is not verified again.
   */
  #sessionContext(): string {
    const { ca, crl = [] } = this.#trust(this.#settings.line);
    const digest = createHash('sha256').update(this.#settings.sessionContext);
    for (const text of [...ca, ...crl]) digest.update(text);
    return digest.digest('hex').slice(0, MOST_SESSION_CONTEXT);
  }

  /** Never the authorities that Node brings along: what is not named is not trusted. */
  #trust(line: TlsLineOptions): { ca: string[]; crl?: string[] } {
    const files = [line.caFile, line.caVerifyFile].flatMap(name => (name === undefined ? [] : [name]));
    const ca = files.flatMap(name => this.#fileNamed(name)?.certificates ?? []);
    const crl = line.crlFile === undefined ? undefined : this.#fileNamed(line.crlFile)?.revocations;
    return { ca, ...(crl === undefined ? {} : { crl: [...crl] }) };
  }

  /** What clients of those certificates are held against. */
  authoritiesOf(entries: readonly LoadedCertEntry[]): readonly X509Certificate[] {
    const { caFile, caVerifyFile } = { ...this.#settings.line, ...entries[0]?.options };
    return [caFile, caVerifyFile].flatMap(name => {
      const file = name === undefined ? undefined : this.#fileNamed(name);
      if (file === undefined) return [];
      const known = this.#trusted.get(file) ?? file.certificates.map(pem => new X509Certificate(pem));
      this.#trusted.set(file, known);
      return known;
    });
  }

  #fileNamed(name: string): AuthorityFile | undefined {
    const { caBase } = this.#settings;
    return this.#authorities(caBase === undefined || /^[/@]/.test(name) ? name : `${caBase}/${name}`);
  }
}

function secureOptions({ without, prefersClientCiphers }: ListenerSettings, noTickets: boolean): number {
  let options = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION;
  if (!prefersClientCiphers) options |= constants.SSL_OP_CIPHER_SERVER_PREFERENCE;
  if (noTickets) options |= constants.SSL_OP_NO_TICKET;
  for (const version of without) options |= OFF[version as keyof typeof OFF];
  return options;
}

function isSame(some: readonly LoadedCertEntry[], others: readonly LoadedCertEntry[]): boolean {
  return some.length === others.length && some.every((entry, index) => entry === others[index]);
}
