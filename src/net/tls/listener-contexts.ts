/**
 * OpenSSL's contexts of one listener: one that handshakes begin with, and one for each certificate, made when a client
 * first asks for it and kept as long as the certificate is in use. What a line of a crt-list says otherwise than its
 * `bind` line is looked at as far as it can be once a handshake has begun: certificate and authorities.
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
import { suitesOf } from './cipher-list.ts';
import { limitClientSignatures } from './client-signatures.ts';
import { announceAuthorities, keepChain } from './context-details.ts';
import type { ListenerSettings } from './listener-settings.ts';
import type { TicketKeys } from './ticket-keys.ts';

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

interface Versions {
  readonly lowest: number;
  readonly highest: number;
}

/** Undefined: not a single version is left. */
export function versionsOf({ line, without }: ListenerSettings): Versions | undefined {
  const number = (name: string | undefined): number => VERSIONS.findIndex(version => version === name);
  // the library has no SSLv3
  const isOff = (version: number): boolean => version === 0 || without.includes(VERSIONS[version] as string);
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
  const suites = ciphersuites === undefined || ciphersuites === '' ? DEFAULT_SUITES : suitesOf(ciphersuites);
  return `${suites}:${ciphers}${level === undefined ? '' : `:@SECLEVEL=${level}`}`;
}

function limitsOf(versions: Versions): Pick<SecureContextOptions, 'minVersion' | 'maxVersion'> {
  return { minVersion: secureVersion(versions.lowest), maxVersion: secureVersion(versions.highest) };
}

/** What Node makes its contexts of. */
interface NativeContext {
  setCert(pem: string): void;
}

/** Node's handshakes give tickets to clients before they are judged: those open nothing where nobody judges again. */
const OF_VERIFIED = 'verified';
/** OpenSSL's limit. */
const MOST_SESSION_CONTEXT = 32;

export class ListenerContexts {
  readonly #settings: ListenerSettings;
  readonly #authorities: FindAuthorities;
  readonly #ticketKeys: TicketKeys;
  readonly #lines: { readonly trustsDiffer: boolean };
  readonly #made = new WeakMap<LoadedCertEntry, SecureContext>();
  /** By what makes them differ. */
  readonly #tried = new Map<string, SecureContext>();
  readonly #trusted = new WeakMap<AuthorityFile, readonly X509Certificate[]>();

  /** `lines`: where they differ in whom they trust, no sessions are kept. */
  constructor(
    settings: ListenerSettings,
    authorities: FindAuthorities,
    ticketKeys: TicketKeys,
    lines: { readonly trustsDiffer: boolean } = { trustsDiffer: false },
  ) {
    this.#lines = lines;
    this.#ticketKeys = ticketKeys;
    this.#settings = settings;
    this.#authorities = authorities;
  }

  /**
   * What handshakes begin with: as the first of the defaults says, and without a certificate. Those of the name come when
   * it is known: what stands here would be offered beside them, and OpenSSL takes it where the client prefers its kind.
   * Throws OpenSSL's error.
   */
  contextBefore(defaults: readonly LoadedCertEntry[]): SecureContext {
    const line = { ...this.#settings.line, ...defaults[0]?.options };
    const context = this.#detailed(this.#create(this.#optionsOf(defaults)), line);
    return limitClientSignatures(context, line.clientSigalgs);
  }

  /** Of one certificate, for Node to take it out. Throws OpenSSL's error. */
  contextOf(entry: LoadedCertEntry): SecureContext {
    const known = this.#made.get(entry);
    if (known !== undefined) return known;
    const { certPem, chainPem, keyPem } = entry.certificate;
    const context = this.#create({
      ...this.#optionsOf([entry]),
      cert: certPem + chainPem,
      key: keyPem,
    });
    this.#made.set(entry, context);
    return context;
  }

  /**
   * Throws OpenSSL's error where it takes no context with this certificate, whose key is known to fit. Quicker than
   * contextOf(): those that say the same of all else are tried in one context, in which nothing is served.
   */
  tryCertificate(entry: LoadedCertEntry): void {
    const { certPem, chainPem, dhPem } = entry.certificate;
    const alike = JSON.stringify([entry.options, dhPem]);
    const context = this.#tried.get(alike) ?? createSecureContext(this.#optionsOf([entry]));
    this.#tried.set(alike, context);
    (context.context as NativeContext).setCert(certPem + chainPem);
  }

  /**
   * With all that a handshake needs, for those whose certificates are known when they begin: one of each kind of key, whom to
   * trust and which versions as the first of them says, and all else as the first of the defaults does. Its tickets are sealed
   * with one key. Throws OpenSSL's error.
   */
  wholeContext(entries: readonly LoadedCertEntry[], defaults: readonly LoadedCertEntry[]): SecureContext {
    const certificates = entries.map(({ certificate }) => certificate);
    const line = { ...this.#settings.line, ...entries[0]?.options };
    const versions = versionsOf({ ...this.#settings, line });
    if (versions === undefined) throw new Error('no version of TLS is left');
    const { clientSigalgs } = { ...this.#settings.line, ...defaults[0]?.options };
    const context = createSecureContext({
      ...this.#optionsOf(defaults),
      ...this.#trust(line),
      ...limitsOf(versions),
      sessionIdContext: this.#sessionContext(OF_VERIFIED),
      cert: certificates.map(({ certPem, chainPem }) => certPem + chainPem),
      key: certificates.map(({ keyPem }) => keyPem),
    });
    return limitClientSignatures(this.#detailed(context, line), clientSigalgs);
  }

  #detailed(context: SecureContext, { caFile, caVerifyFile, noCaNames }: TlsLineOptions): SecureContext {
    keepChain(context);
    if (noCaNames !== true && caVerifyFile === undefined) return context;
    const announced = noCaNames === true || caFile === undefined ? undefined : this.#fileNamed(caFile);
    return announceAuthorities(context, announced?.certificates ?? []);
  }

  /** Asked for each ticket, where there are several. */
  get ticketKeys(): TicketKeys {
    return this.#ticketKeys;
  }

  #create(options: SecureContextOptions): SecureContext {
    const context = createSecureContext(options);
    this.#ticketKeys.serve(context);
    return context;
  }

  #optionsOf(entries: readonly LoadedCertEntry[]): SecureContextOptions {
    const settings = this.#settings;
    const line = { ...settings.line, ...entries[0]?.options };
    const curves = line.curves ?? line.ecdhe;
    return {
      ...this.#trust(line),
      ciphers: cipherText(line, settings.securityLevel),
      ...(curves === undefined ? {} : { ecdhCurve: curves }),
      ...(line.sigalgs === undefined ? {} : { sigalgs: line.sigalgs }),
      dhparam:
        entries.find(({ certificate }) => certificate.dhPem !== undefined)?.certificate.dhPem ??
        settings.dhPem ??
        'auto',
      ...limitsOf(versionsOf(settings) ?? { lowest: DEFAULT_LOWEST, highest: HIGHEST }),
      honorCipherOrder: !settings.prefersClientCiphers,
      secureOptions: secureOptions(settings, settings.noTickets || this.#lines.trustsDiffer),
      sessionIdContext: this.#sessionContext(),
      sessionTimeout: settings.sessionLifetimeS,
      ticketKeys: this.#ticketKeys.first,
    };
  }

  /**
   * One for all contexts of the listener, as OpenSSL looks for sessions before it knows the name a client asks for.
   * Another one when authorities or revocation lists were exchanged: who resumes a session is not verified again.
   */
  #sessionContext(kind = ''): string {
    const { ca, crl = [] } = this.#trust(this.#settings.line);
    const digest = createHash('sha256').update(this.#settings.sessionContext).update(kind);
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
