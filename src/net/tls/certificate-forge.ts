/**
 * Certificates of a listener that forges those it does not have (`generate-certificates`; manual, section 5.1): a client
 * that asks for another name gets one with that name, signed by the listener's authority, and with the key of the default
 * certificate. Those used last are kept (`tune.ssl.ssl-ctx-cache-size`).
 */
import { createPrivateKey } from 'node:crypto';
import type { LoadedCertEntry, LoadedCertificate, SigningAuthority } from '../../model/tls-material.ts';
import { CertificateMaker } from './forged-certificate.ts';
import type { CertificateChoice } from './thread-certificates.ts';

/** What a name may consist of to stand in a certificate. */
const NAME = /^[!-~]{1,255}$/;
/** Of no line of the configuration. */
const NO_LINE = 0;

export class CertificateForge implements CertificateChoice {
  readonly #own: CertificateChoice;
  readonly #authority: SigningAuthority;
  readonly #mostKept: number;
  /** By name, the one used last at the end. */
  readonly #kept = new Map<string, LoadedCertEntry>();
  #maker: CertificateMaker | undefined;
  /** Whose key they have. */
  #base: LoadedCertificate | undefined;

  constructor(own: CertificateChoice, authority: SigningAuthority, mostKept: number) {
    this.#own = own;
    this.#authority = authority;
    this.#mostKept = mostKept;
  }

  get trustsDiffer(): boolean {
    return this.#own.trustsDiffer;
  }

  /** See SniIndex. */
  choose(servername: string | undefined, isStrict: boolean): readonly LoadedCertEntry[] {
    const name = servername?.toLowerCase() ?? '';
    if (!NAME.test(name)) return this.#own.choose(servername, isStrict);
    const known = this.#own.choose(servername, true);
    if (known.length > 0) return known;
    const forged = this.#forgedFor(name);
    return forged === undefined ? this.#own.choose(servername, isStrict) : [forged];
  }

  #forgedFor(name: string): LoadedCertEntry | undefined {
    const base = this.#own.choose(undefined, false)[0]?.certificate;
    if (base === undefined) return undefined;
    if (base !== this.#base) this.#kept.clear();
    this.#base = base;
    const entry = this.#kept.get(name) ?? this.#forge(name, base);
    if (entry !== undefined) this.#keep(name, entry);
    return entry;
  }

  #keep(name: string, entry: LoadedCertEntry): void {
    this.#kept.delete(name);
    this.#kept.set(name, entry);
    if (this.#kept.size <= this.#mostKept) return;
    for (const oldest of this.#kept.keys()) return void this.#kept.delete(oldest);
  }

  /** Undefined: it cannot be made, and the default certificate has to do. */
  #forge(name: string, { keyPem, keyType, dhPem }: LoadedCertificate): LoadedCertEntry | undefined {
    try {
      this.#maker ??= new CertificateMaker(this.#authority);
      const certificate = {
        name,
        certPem: this.#maker.make(name, createPrivateKey(keyPem), Date.now()),
        keyPem,
        chainPem: this.#authority.certPem + this.#authority.chainPem,
        ...(dhPem !== undefined && { dhPem }),
        names: [name],
        keyType,
      };
      return { id: NO_LINE, certificate, filters: [], options: {}, isDefault: false };
    } catch {
      return undefined;
    }
  }
}
