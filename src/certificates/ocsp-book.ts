/**
 * OCSP responses of the certificates in the store (management manual, `show ssl ocsp-response`): which certificates have
 * one, or ask for it, under which id, and exchanging them. Certificates with the same id share a response.
 */
import type { LoadedCertificate, TlsChange } from '../model/tls-material.ts';
import { ocspId } from '../net/tls/ocsp-id.ts';
import { judgeOcspResponse } from '../net/tls/ocsp-response.ts';
import { fromBase64 } from './base64.ts';
import type { CertificateStore, StoredCertificate } from './certificate-store.ts';
import { done, refused, type Outcome } from './outcome.ts';

export interface OcspEntry {
  /** Hexadecimal DER of the CertID. */
  readonly key: string;
  readonly id: Buffer;
  /** The first certificate that has it. */
  readonly certificate: LoadedCertificate;
  readonly stored: StoredCertificate;
}

const IDS = new WeakMap<LoadedCertificate, Buffer | null>();

/** The id of a certificate; undefined: its issuer is not known. */
function idOf(certificate: LoadedCertificate): Buffer | undefined {
  const known = IDS.get(certificate);
  if (known !== undefined) return known ?? undefined;
  const id = ocspId(certificate);
  IDS.set(certificate, id ?? null);
  return id;
}

export class OcspBook {
  readonly #store: CertificateStore;

  constructor(store: CertificateStore) {
    this.#store = store;
  }

  /** Sorted by their ids. */
  entries(): readonly OcspEntry[] {
    const found = new Map<string, OcspEntry>();
    for (const stored of this.#store.certificates.values()) {
      const entry = this.entryOf(stored);
      if (entry !== undefined && !found.has(entry.key)) found.set(entry.key, entry);
    }
    return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Undefined: it has no response, and asks for none. */
  entryOf(stored: StoredCertificate): OcspEntry | undefined {
    const { loaded } = stored;
    if (loaded === undefined || (loaded.ocsp === undefined && !this.#store.updatesOcsp(stored)))
      return undefined;
    const id = idOf(loaded);
    return id && { key: id.toString('hex'), id, certificate: loaded, stored };
  }

  /** By id, or by the name of a certificate. */
  find(word: string): OcspEntry | 'malformed' | undefined {
    if (/^(?:[0-9a-f]{2})+$/i.test(word)) {
      const key = word.toLowerCase();
      return this.entries().find(entry => entry.key === key);
    }
    const stored = this.#store.certificates.get(word);
    return stored === undefined ? 'malformed' : (this.entryOf(stored) ?? 'malformed');
  }

  /** `set ssl ocsp-response` */
  set(base64: string, nowMs: number): Outcome {
    const response = fromBase64(base64);
    if (response === undefined)
      return refused(`'set ssl ocsp-response' received invalid base64 encoded response.`);
    const judged = judgeOcspResponse(response, undefined, nowMs);
    if ('error' in judged) return refused(`${judged.error}.`);
    const changes = this.replace(judged.id, response, judged.untilMs);
    return changes.length === 0
      ? refused('OCSP single response: Certificate ID does not match any certificate or issuer.')
      : done('OCSP Response updated!', changes);
  }

  /** In all certificates with that id. */
  replace(id: Buffer, ocsp: Uint8Array, ocspUntilMs: number): readonly TlsChange[] {
    const changes: TlsChange[] = [];
    for (const stored of this.#store.certificates.values()) {
      if (this.entryOf(stored)?.id.equals(id) !== true) continue;
      const certificate = { ...(stored.loaded as LoadedCertificate), ocsp, ocspUntilMs };
      this.#store.certificates.set(stored.name, { ...stored, loaded: certificate });
      changes.push({ kind: 'certificate', certificate: this.#store.served(certificate) });
    }
    return changes;
  }
}

/**
 * The response that came with a certificate, judged: a wrong one is left out and warned of. An error says that it cannot
 * be known whose it is.
 */
export function judgeOwnResponse(
  certificate: LoadedCertificate,
  nowMs: number,
): { readonly certificate: LoadedCertificate; readonly warning?: string } | { readonly error: string } {
  const { name, ocsp } = certificate;
  if (ocsp === undefined) return { certificate };
  const id = idOf(certificate);
  if (id === undefined)
    return {
      error: `'${name}.ocsp' is present and activates OCSP but it is impossible to compute the OCSP certificate ID (maybe the issuer could not be found)'.`,
    };
  // an empty file only says that responses will come
  if (ocsp.length === 0) return { certificate };
  const judged = judgeOcspResponse(ocsp, id, nowMs);
  if (!('error' in judged)) return { certificate: { ...certificate, ocspUntilMs: judged.untilMs } };
  return {
    certificate: { ...certificate, ocsp: new Uint8Array(0) },
    warning: `Loading: ${judged.error}. Content will be ignored.`,
  };
}
