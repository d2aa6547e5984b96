/**
 * Certificates are exchanged in two steps: `set` stages one, `commit` puts it into use everywhere, or `abort` drops it
 * (management manual, `set ssl cert`). One exchange at a time; connections that are open keep what they have.
 */
import { createSecureContext } from 'node:tls';
import type { LoadedCertificate } from '../model/tls-material.ts';
import {
  isTimestampList,
  keyFits,
  readCertificateFile,
  readIssuerFile,
  readKeyFile,
  toCertificate,
  toParts,
} from './certificate-parts.ts';
import type { CertificateStore, StoredCertificate } from './certificate-store.ts';
import { fromBase64 } from './base64.ts';
import { judgeOwnResponse } from './ocsp-book.ts';
import { Ongoing } from './ongoing.ts';
import { done, refused, type Outcome } from './outcome.ts';
import type { ServerUses } from './server-uses.ts';

/** What a payload is, by the ending of the name it comes under. */
type Part = 'pem' | 'key' | 'ocsp' | 'sctl' | 'issuer';
const ENDINGS: readonly Part[] = ['key', 'ocsp', 'sctl', 'issuer'];

export const NOT_FOUND = `Can't display the certificate: Not found or the certificate is a bundle!`;

type Wrong = { readonly error: string };

export class CertificateExchange {
  readonly #store: CertificateStore;
  readonly #uses: ServerUses;
  readonly #ongoing = new Ongoing<StoredCertificate>();

  constructor(store: CertificateStore, uses: ServerUses) {
    this.#store = store;
    this.#uses = uses;
  }

  /** What was set and not committed. */
  get pending(): StoredCertificate | undefined {
    return this.#ongoing.pending;
  }

  create(name: string): Outcome {
    const { certificates } = this.#store;
    if (certificates.has(name)) return refused(`Certificate '${name}' already exists!`);
    certificates.set(name, { name, loaded: undefined, origin: 'plain', load: {}, files: {} });
    return done(`New empty certificate store '${name}'!`);
  }

  set(written: string, payload: string): Outcome {
    const { name, part } = this.#target(written);
    const cannot = (text: string): Outcome => refused(`${text}\nCan't update ${written}!`);
    const other = this.#ongoing.otherThan(name);
    if (other !== undefined) return cannot(other);
    const { pending } = this.#ongoing;
    const from = pending ?? this.#store.certificates.get(name);
    if (from === undefined)
      return cannot(`Can't replace a certificate which is not referenced by the configuration!`);
    const parts = this.#withPayload(from, part, payload);
    if ('error' in parts)
      return cannot(`${parts.error === '' ? '' : `${parts.error}\n`}Can't load the payload`);
    this.#ongoing.pending = { ...from, loaded: parts };
    return done(`Transaction ${pending === undefined ? 'created' : 'updated'} for certificate ${name}!`);
  }

  /** With `ssl-load-extra-del-ext` the key of `x.crt` is set as `x.key`. */
  #target(written: string): { readonly name: string; readonly part: Part } {
    const part = ENDINGS.find(ending => written.endsWith(`.${ending}`));
    if (part === undefined) return { name: written, part: 'pem' };
    const name = written.slice(0, -part.length - 1);
    const isKnown = this.#ongoing.pending?.name === name || this.#store.certificates.has(name);
    return { name: !isKnown && this.#store.removesExtension ? `${name}.crt` : name, part };
  }

  #withPayload({ name, loaded }: StoredCertificate, part: Part, payload: string): LoadedCertificate | Wrong {
    if (part === 'pem') {
      const parts = readCertificateFile(payload, name);
      return 'error' in parts ? parts : toCertificate(name, this.#store.complete(parts), parts.keyPem ?? '');
    }
    if (loaded === undefined) return { error: `the certificate '${name}' is empty!` };
    const added = readPart(part, payload, name);
    return 'error' in added ? added : { ...loaded, ...added };
  }

  commit(name: string): Outcome {
    const cannot = (text: string): Outcome => refused(`${text}\nCan't commit ${name}!`);
    const pending = this.#ongoing.toCommit(name);
    if (typeof pending === 'string') return cannot(pending);
    const loaded = pending.loaded as LoadedCertificate;
    if (loaded.keyPem !== '' && !keyFits(toParts(loaded), loaded.keyPem))
      return cannot(`inconsistencies between private key and certificate loaded '${name}'.`);
    const instances = [...this.#store.instancesOf(name)];
    const count = instances.length + this.#uses.ofCertificate(name);
    const judged = judgeOwnResponse(loaded, Date.now());
    const fault =
      count === 0 ? undefined : (unusable(loaded) ?? ('error' in judged ? judged.error : undefined));
    this.#ongoing.pending = undefined;
    if (fault !== undefined) return done(`Committing ${name}\n${fault}\nFailed!`);
    const certificate = 'error' in judged ? loaded : judged.certificate;
    this.#store.certificates.set(name, { ...pending, loaded: certificate });
    return done(`Committing ${name}${'.'.repeat(count)}\nSuccess!`, [
      { kind: 'certificate', certificate: this.#store.served(certificate) },
    ]);
  }

  /** A whole certificate takes the place of the one of that name at once, whatever was set meanwhile. */
  install(name: string, pem: string): Outcome {
    const known = this.#store.certificates.get(name);
    if (known === undefined) return refused(`certificate '${name}' doesn't exist!`);
    const loaded = this.#withPayload(known, 'pem', pem);
    if ('error' in loaded) return refused(loaded.error);
    const fits = loaded.keyPem !== '' && keyFits(toParts(loaded), loaded.keyPem);
    const fault = fits ? unusable(loaded) : `its key is not the one of the certificate`;
    if (fault !== undefined) return refused(fault);
    this.#store.certificates.set(name, { ...known, loaded });
    return done('', [{ kind: 'certificate', certificate: this.#store.served(loaded) }]);
  }

  abort(name: string): Outcome {
    return this.#ongoing.abort(name);
  }

  remove(name: string): Outcome {
    const wrong = this.#whyItStays(name);
    if (wrong !== undefined) return refused(`Can't remove the certificate: ${wrong}`);
    this.#store.certificates.delete(name);
    return done(`Certificate '${name}' deleted!`, [{ kind: 'certificate-removed', name }]);
  }

  #whyItStays(name: string): string | undefined {
    if (this.#ongoing.pending?.name === name) return `ongoing transaction for the certificate '${name}'`;
    const known = this.#store.certificates.get(name);
    if (known === undefined) return `certificate '${name}' doesn't exist!`;
    if (known.load.jwt === 'on') return `certificate '${name}' in use for JWT validation, can't be deleted!`;
    return this.isUsed(name) ? `certificate '${name}' in use, can't be deleted!` : undefined;
  }

  /** `add ssl jwt`, `del ssl jwt` */
  useForTokens(name: string, isUsable: boolean): Outcome {
    if (!this.#store.setForTokens(name, isUsable)) return refused(NOT_FOUND);
    return done('', [{ kind: 'token-certificate', name, isUsable }]);
  }

  isUsed(name: string): boolean {
    for (const _ of this.#store.instancesOf(name)) return true;
    return this.#uses.ofCertificate(name) > 0;
  }
}

/** Why OpenSSL does not take it, in HAProxy's words. */
export function unusable({ name, certPem, chainPem, keyPem }: LoadedCertificate): string | undefined {
  const what = `unable to load SSL private key into SSL Context '${name}'`;
  if (keyPem === '') return `${what}: passed a null parameter.`;
  try {
    createSecureContext({ cert: certPem + chainPem, key: keyPem });
    return undefined;
  } catch (error) {
    const { reason, message } = error as { reason?: string; message: string };
    return `${what}: ${reason ?? message}.`;
  }
}

/** A payload that is not the certificate itself. */
function readPart(
  part: Exclude<Part, 'pem'>,
  payload: string,
  name: string,
): Partial<Pick<LoadedCertificate, 'keyPem' | 'ocsp' | 'sctl' | 'issuerPem'>> | Wrong {
  if (part === 'key') {
    const key = readKeyFile(payload, name);
    return 'error' in key ? key : { keyPem: key.pem };
  }
  if (part === 'issuer') {
    const issuer = readIssuerFile(payload, name);
    return 'error' in issuer ? issuer : { issuerPem: issuer.pem };
  }
  if (part === 'ocsp') {
    const ocsp = fromBase64(payload);
    return ocsp === undefined ? { error: 'Error reading OCSP response in base64 format' } : { ocsp };
  }
  const sctl = Uint8Array.from(Buffer.from(payload, 'latin1'));
  return isTimestampList(sctl) ? { sctl } : { error: '' };
}
