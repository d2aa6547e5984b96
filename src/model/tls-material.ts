/**
 * Certificates, authorities and revocation lists as they were read, for the threads that make handshakes: texts and names,
 * all of it can be cloned. certificates/ makes it in the control thread; net/tls/ keeps each thread's copy.
 */
import type { TlsLineOptions } from './bind.ts';

export type KeyType = 'rsa' | 'ecdsa' | 'dsa';

export interface LoadedCertificate {
  /** What configuration and commands call it: the path as written (with `crt-base`), or `@store/alias`. */
  readonly name: string;
  readonly certPem: string;
  readonly keyPem: string;
  /** Behind the certificate, in the order they are sent; empty: none. */
  readonly chainPem: string;
  /** `DH PARAMETERS` of the file. */
  readonly dhPem?: string;
  /** DER of the response to staple. */
  readonly ocsp?: Uint8Array;
  /** When it is too old; missing: there is none that could be served. */
  readonly ocspUntilMs?: number;
  /** List of signed certificate timestamps (RFC 6962, section 3.3). */
  readonly sctl?: Uint8Array;
  readonly issuerPem?: string;
  /** Lower case, SAN dNSNames, then common names; a wildcard begins with `*.`. */
  readonly names: readonly string[];
  readonly keyType: KeyType;
}

/** A certificate of a listener: `crt`, a file of a directory, or a line of a crt-list. */
export interface LoadedCertEntry {
  /** In the whole process: what changes and removals refer to. */
  readonly id: number;
  readonly certificate: LoadedCertificate;
  /** SNI filters of the line, lower case: they replace the names of the certificate. */
  readonly filters: readonly string[];
  /** Where the line says otherwise than `bind`. */
  readonly options: TlsLineOptions;
  /** Shown to who sends no SNI, or an unknown one. */
  readonly isDefault: boolean;
}

/** A `ca-file`, `ca-verify-file` or `crl-file`; each text is one PEM block. */
export interface AuthorityFile {
  /** As written, with `ca-base`; `@system-ca`. */
  readonly name: string;
  readonly certificates: readonly string[];
  readonly revocations: readonly string[];
}

/** A `ca-sign-file`: who signs forged certificates. */
export interface SigningAuthority {
  readonly certPem: string;
  /** Not encrypted. */
  readonly keyPem: string;
  /** Behind its certificate; empty: none. */
  readonly chainPem: string;
}

export interface TlsMaterial {
  /** What stands before relative names of certificates, and of authorities: `crt-base`, `ca-base`. */
  readonly crtBase: string | undefined;
  readonly caBase: string | undefined;
  /** By whole name; those of servers too. */
  readonly certificates: ReadonlyMap<string, LoadedCertificate>;
  /** Whole names of those that tokens are checked and opened with: `jwt on`. */
  readonly tokenCertificates: ReadonlySet<string>;
  /** By whole name. */
  readonly authorities: ReadonlyMap<string, AuthorityFile>;
  /** By `listenerKey` (net/tls/listener-key.ts), in the order of the configuration. */
  readonly listeners: ReadonlyMap<string, readonly LoadedCertEntry[]>;
  /** By the name that `tls-ticket-keys` gives, the oldest first: three keys of 48 or of 80 bytes. */
  readonly ticketKeys: ReadonlyMap<string, readonly Uint8Array[]>;
  /** Diffie-Hellman parameters of `ssl-dh-param-file`. */
  readonly dhPem?: string;
  /** By `listenerKey`, of lines with `generate-certificates`. */
  readonly signingAuthorities: ReadonlyMap<string, SigningAuthority>;
}

/** What a command changed of it. Open connections keep what they were made with. */
export type TlsChange =
  /** New, or in place of the one with its name. */
  | { readonly kind: 'certificate'; readonly certificate: LoadedCertificate }
  | { readonly kind: 'certificate-removed'; readonly name: string }
  | { readonly kind: 'token-certificate'; readonly name: string; readonly isUsable: boolean }
  | { readonly kind: 'authorities'; readonly file: AuthorityFile }
  | { readonly kind: 'authorities-removed'; readonly name: string }
  | {
      readonly kind: 'entry';
      readonly listener: string;
      readonly entry: Omit<LoadedCertEntry, 'certificate'> & { readonly certificateName: string };
    }
  | { readonly kind: 'entry-removed'; readonly listener: string; readonly id: number }
  | { readonly kind: 'ticket-keys'; readonly name: string; readonly secrets: readonly Uint8Array[] };
