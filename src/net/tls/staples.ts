/** OCSP responses of certificates in use, for clients that ask for one to be stapled (RFC 6066, section 8). */
import type { LoadedCertEntry } from '../../model/tls-material.ts';

export interface StapleCounts {
  stapled(): void;
}

export class Staples {
  readonly #counts: StapleCounts;
  readonly #known = new WeakSet<LoadedCertEntry>();
  /** By the certificate's DER. */
  readonly #responses = new Map<string, Buffer>();

  constructor(counts: StapleCounts) {
    this.#counts = counts;
  }

  /** Those certificates are about to be presented. */
  know(entries: readonly LoadedCertEntry[]): void {
    for (const entry of entries) {
      if (this.#known.has(entry)) continue;
      this.#known.add(entry);
      const { certPem, ocsp } = entry.certificate;
      const key = derOf(certPem);
      if (ocsp === undefined) this.#responses.delete(key);
      else this.#responses.set(key, Buffer.from(ocsp));
    }
  }

  /** `null`: there is none. */
  responseFor(certificate: Buffer): Buffer | null {
    const response = this.#responses.get(certificate.toString('base64'));
    if (response === undefined) return null;
    this.#counts.stapled();
    return response;
  }
}

/** In base64, as PEM has it (RFC 7468). */
function derOf(pem: string): string {
  return /-----BEGIN [^-]+-----([^-]*)/.exec(pem)?.[1]?.replaceAll(/\s/g, '') ?? '';
}
