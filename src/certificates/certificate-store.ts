/**
 * All certificates, authorities and revocation lists of the process as they are now, in the control thread. Loading the
 * configuration fills it (load-certificates.ts), commands change it; data threads have copies
 * (net/tls/thread-certificates.ts).
 */
import { X509Certificate } from 'node:crypto';
import type { CertificateLoad } from '../config-parser/haproxy/crt-load-options.ts';
import type { BindTls, TlsLineOptions } from '../model/bind.ts';
import type {
  AuthorityFile,
  LoadedCertEntry,
  LoadedCertificate,
  SigningAuthority,
  TlsMaterial,
} from '../model/tls-material.ts';
import type { CertificateParts } from './certificate-parts.ts';
import { IssuerChains } from './issuer-chains.ts';
import type { Global } from '../model/global.ts';
import { updatesAreOff } from './ocsp-settings.ts';
import { readPem } from '../net/tls/pem.ts';

export interface CertificateFileNames {
  readonly crt?: string;
  readonly key?: string;
  readonly ocsp?: string;
  readonly issuer?: string;
  readonly sctl?: string;
}

export interface StoredCertificate {
  readonly name: string;
  /** Undefined: `new ssl cert` made room for it, and nothing has come yet. */
  readonly loaded: LoadedCertificate | undefined;
  /** What gave it its options; they have to be the same wherever it is used. */
  readonly origin: 'plain' | 'crt-list' | 'crt-store';
  readonly load: CertificateLoad;
  /** Where it came from, for `show ssl cert`. */
  readonly files: CertificateFileNames;
}

export interface StoredAuthorities {
  /** Undefined: a command made room for it, and nothing has come yet. */
  readonly file: AuthorityFile | undefined;
  readonly kind: 'ca' | 'crl';
}

/** A line of a crt-list, or a file of a directory. */
export interface CrtListEntry {
  readonly line: number;
  readonly certificate: string;
  readonly options: TlsLineOptions;
  /** As written. */
  readonly filters: readonly string[];
}

export interface CrtList {
  readonly name: string;
  readonly isFolder: boolean;
  readonly entries: CrtListEntry[];
  /** Those that use it, by key. */
  readonly listeners: string[];
  lineCount: number;
}

/** A certificate in use by a `bind` line. */
export interface Instance {
  readonly id: number;
  readonly listener: string;
  readonly certificate: string;
  readonly entry: CrtListEntry | undefined;
  readonly isDefault: boolean;
}

export interface StoredListener {
  readonly key: string;
  /** Name of the frontend. */
  readonly owner: string;
  readonly tls: BindTls;
  /** `strict-sni`: nobody gets a default certificate. */
  readonly isStrict: boolean;
  readonly instances: Map<number, Instance>;
}

export class CertificateStore {
  readonly certificates = new Map<string, StoredCertificate>();
  readonly authorities = new Map<string, StoredAuthorities>();
  readonly crtLists = new Map<string, CrtList>();
  readonly listeners = new Map<string, StoredListener>();
  /** By the name that `tls-ticket-keys` gives, in the order of the configuration; the oldest key first. */
  readonly ticketKeys = new Map<string, readonly Uint8Array[]>();
  /** By the key of the listener that forges certificates. */
  readonly signingAuthorities = new Map<string, SigningAuthority>();
  readonly #global: Pick<Global, 'ssl' | 'crtBase' | 'caBase'>;
  readonly #updatesAreOff: boolean;
  /** Of `ssl-dh-param-file`. */
  dhPem: string | undefined;
  /** Chains of issuers, for certificates that come without. */
  chains = new IssuerChains();
  #lastInstance = 0;

  constructor(global: Pick<Global, 'ssl' | 'crtBase' | 'caBase'>) {
    this.#global = global;
    this.#updatesAreOff = updatesAreOff(global);
  }

  get crtBase(): string | undefined {
    return this.#global.crtBase;
  }

  get caBase(): string | undefined {
    return this.#global.caBase;
  }

  get ssl(): Global['ssl'] {
    return this.#global.ssl;
  }

  /** `ssl-load-extra-del-ext` */
  get removesExtension(): boolean {
    return this.#global.ssl.has('ssl-load-extra-del-ext');
  }

  /** Its OCSP response is fetched: it says so, or `ocsp-update.mode` where it says nothing. */
  updatesOcsp({ load, loaded }: StoredCertificate): boolean {
    if (this.#updatesAreOff) return false;
    if ((load.ocspUpdate ?? this.#global.ssl.get('ocsp-update.mode')?.[0]) !== 'on') return false;
    return loaded !== undefined && responderOf(loaded) !== undefined;
  }

  complete(parts: CertificateParts): CertificateParts {
    return parts.chainPem === '' ? { ...parts, chainPem: this.chains.chainOf(parts.x509)?.pem ?? '' } : parts;
  }

  /** Takes a certificate into use. */
  addInstance(
    listener: StoredListener,
    certificate: string,
    entry: CrtListEntry | undefined,
    isDefault: boolean,
  ): Instance {
    const id = ++this.#lastInstance;
    const instance: Instance = { id, listener: listener.key, certificate, entry, isDefault };
    listener.instances.set(id, instance);
    return instance;
  }

  *instancesOf(certificate: string): Iterable<Instance> {
    for (const { instances } of this.listeners.values())
      for (const instance of instances.values()) if (instance.certificate === certificate) yield instance;
  }

  /** As threads get it: with `ssl-skip-self-issued-ca` without roots, which clients have themselves. */
  served(certificate: LoadedCertificate): LoadedCertificate {
    if (!this.#global.ssl.has('ssl-skip-self-issued-ca')) return certificate;
    const chain = readPem(certificate.chainPem).certificates.filter(pem => !isSelfIssued(pem));
    return { ...certificate, chainPem: chain.join('') };
  }

  /** Names of those that tokens are checked and opened with. */
  *forTokens(): Iterable<string> {
    for (const { name, load } of this.certificates.values()) if (load.jwt === 'on') yield name;
  }

  /** Says so of one, or takes it back. Answers whether there is one of that name. */
  setForTokens(name: string, isUsable: boolean): boolean {
    const known = this.certificates.get(name);
    if (known === undefined) return false;
    this.certificates.set(name, { ...known, load: { ...known.load, jwt: isUsable ? 'on' : 'off' } });
    return true;
  }

  /** For a thread that starts. */
  material(): TlsMaterial {
    const certificates = new Map<string, LoadedCertificate>();
    for (const { name, loaded } of this.certificates.values())
      if (loaded !== undefined) certificates.set(name, this.served(loaded));
    const tokenCertificates = new Set(this.forTokens());
    const authorities = new Map<string, AuthorityFile>();
    for (const [name, { file }] of this.authorities) if (file !== undefined) authorities.set(name, file);
    const listeners = new Map<string, readonly LoadedCertEntry[]>();
    for (const { key, instances } of this.listeners.values())
      listeners.set(
        key,
        [...instances.values()].flatMap(instance => {
          const certificate = certificates.get(instance.certificate);
          return certificate === undefined ? [] : [{ ...entryOf(instance), certificate }];
        }),
      );
    const { crtBase, caBase } = this.#global;
    return {
      ...(this.dhPem !== undefined && { dhPem: this.dhPem }),
      crtBase,
      caBase,
      certificates,
      tokenCertificates,
      authorities,
      listeners,
      ticketKeys: this.ticketKeys,
      signingAuthorities: this.signingAuthorities,
    };
  }
}

/** What data threads know of an instance beside its certificate. */
export function entryOf({ id, entry, isDefault }: Instance): Omit<LoadedCertEntry, 'certificate'> {
  const filters = (entry?.filters ?? []).map(filter => filter.toLowerCase());
  return { id, filters, options: entry?.options ?? {}, isDefault };
}

const RESPONDERS = new WeakMap<LoadedCertificate, string>();

/** The address of the first OCSP responder that a certificate names. */
export function responderOf(certificate: LoadedCertificate): string | undefined {
  const known = RESPONDERS.get(certificate);
  if (known !== undefined) return known === '' ? undefined : known;
  const { infoAccess } = new X509Certificate(certificate.certPem);
  const responder = /^OCSP - URI:(\S+)$/m.exec(infoAccess ?? '')?.[1];
  RESPONDERS.set(certificate, responder ?? '');
  return responder;
}

function isSelfIssued(pem: string): boolean {
  const x509 = new X509Certificate(pem);
  return x509.subject === x509.issuer && x509.checkIssued(x509);
}

/** Of a process that has no TLS. */
export function noCertificates(): CertificateStore {
  return new CertificateStore({ ssl: new Map() });
}
