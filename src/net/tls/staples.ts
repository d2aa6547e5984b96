/**
 * OCSP responses of certificates in use, for clients that ask for one to be stapled (RFC 6066, section 8). In handshakes of
 * Node's a certificate that stands beside others in a context gets none: which of them a client is shown is OpenSSL's choice,
 * and a client may refuse the response of another.
 */
import type { LoadedCertEntry, LoadedCertificate } from '../../model/tls-material.ts';

export interface StapleCounts {
  stapled(): void;
}

export class Staples {
  readonly #counts: StapleCounts;
  readonly #known = new WeakSet<LoadedCertEntry>();
  /** By the certificate's DER. */
  readonly #certificates = new Map<string, LoadedCertificate>();
  readonly #inCompany = new Set<string>();

  constructor(counts: StapleCounts) {
    this.#counts = counts;
  }

  /** Those certificates are about to be presented. */
  know(entries: readonly LoadedCertEntry[]): void {
    for (const entry of entries) {
      if (this.#known.has(entry) && entries.length === 1) continue;
      this.#known.add(entry);
      const { certificate } = entry;
      const key = derOf(certificate.certPem);
      if (entries.length > 1) this.#inCompany.add(key);
      if (certificate.ocspUntilMs === undefined) this.#certificates.delete(key);
      else this.#certificates.set(key, certificate);
    }
  }

  /** Of the one that is presented, in DER. Undefined: there is none, or it is too old. */
  responseAmong(entries: readonly LoadedCertEntry[], presented: Buffer, nowMs: number): Buffer | undefined {
    const key = presented.toString('base64');
    const found = entries.find(({ certificate }) => derOf(certificate.certPem) === key);
    const { ocsp, ocspUntilMs = 0 } = found?.certificate ?? {};
    if (ocsp === undefined || ocspUntilMs <= nowMs) return undefined;
    this.#counts.stapled();
    return Buffer.from(ocsp);
  }

  /** `null`: there is none, or it is too old. */
  responseFor(certificate: Buffer | null, nowMs: number): Buffer | null {
    const key = certificate?.toString('base64') ?? '';
    const { ocsp, ocspUntilMs = 0 } = this.#certificates.get(key) ?? {};
    if (ocsp === undefined || ocspUntilMs <= nowMs || this.#inCompany.has(key)) return null;
    this.#counts.stapled();
    return Buffer.from(ocsp);
  }
}

/** In base64, as PEM has it (RFC 7468). */
function derOf(pem: string): string {
  return /-----BEGIN [^-]+-----([^-]*)/.exec(pem)?.[1]?.replaceAll(/\s/g, '') ?? '';
}
