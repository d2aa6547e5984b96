/** Files of authorities, or of revocation lists, exchanged in two steps as certificates are (certificate-exchange.ts). */
import type { AuthorityFile } from '../model/tls-material.ts';
import { withBase } from '../net/tls/base-folder.ts';
import { readAuthorities, SYSTEM_AUTHORITIES } from './authority-files.ts';
import type { CertificateStore, StoredAuthorities } from './certificate-store.ts';
import { Ongoing } from './ongoing.ts';
import { done, refused, type Outcome } from './outcome.ts';
import type { ServerUses } from './server-uses.ts';

type AuthorityKind = StoredAuthorities['kind'];

/** How a file of that kind is called, and its content. */
const CALLED = { ca: { file: 'CA file', short: 'CA' }, crl: { file: 'CRL file', short: 'CRL' } } as const;

interface Pending {
  readonly name: string;
  readonly file: AuthorityFile;
}

export class AuthorityExchange {
  readonly kind: AuthorityKind;
  readonly #store: CertificateStore;
  readonly #uses: ServerUses;
  readonly #ongoing = new Ongoing<Pending>();

  constructor(kind: AuthorityKind, store: CertificateStore, uses: ServerUses) {
    this.kind = kind;
    this.#store = store;
    this.#uses = uses;
  }

  get pending(): Pending | undefined {
    return this.#ongoing.pending;
  }

  create(name: string): Outcome {
    const { file } = CALLED[this.kind];
    if (name === SYSTEM_AUTHORITIES || this.#store.authorities.has(name))
      return refused(`${file} '${name}' already exists!`);
    this.#store.authorities.set(name, { file: undefined, kind: this.kind });
    return done(`New ${file} created '${name}'!`);
  }

  /** `adds`: to what is there, or was set before. */
  set(name: string, payload: string, adds: boolean): Outcome {
    const { file, short } = CALLED[this.kind];
    const cannot = (text: string): Outcome => refused(`${text}\nCan't update ${name}!`);
    const other = this.#ongoing.otherThan(name);
    if (other !== undefined) return cannot(other);
    const { pending } = this.#ongoing;
    const known = this.#store.authorities.get(name);
    if (known === undefined)
      return cannot(`Can't replace a ${file} which is not referenced by the configuration!`);
    const read = readAuthorities(payload);
    if ('error' in read) return cannot('Invalid payload');
    const before = adds ? (pending?.file ?? known.file) : undefined;
    const certificates = [...new Set([...(before?.certificates ?? []), ...read.certificates])];
    const revocations = [...(before?.revocations ?? []), ...read.revocations];
    this.#ongoing.pending = { name, file: { name, certificates, revocations } };
    return done(`transaction ${pending === undefined ? 'created' : 'updated'} for ${short} ${name}!`);
  }

  commit(name: string): Outcome {
    const cannot = (text: string): Outcome => refused(`${text}\nCan't commit ${name}!`);
    const pending = this.#ongoing.toCommit(name);
    if (typeof pending === 'string') return cannot(pending);
    this.#ongoing.pending = undefined;
    this.#store.authorities.set(name, { file: pending.file, kind: this.kind });
    return done(`Committing ${name}${'.'.repeat(this.uses(name))}\nSuccess!`, [
      { kind: 'authorities', file: pending.file },
    ]);
  }

  abort(name: string): Outcome {
    return this.#ongoing.abort(name);
  }

  remove(name: string): Outcome {
    const { file } = CALLED[this.kind];
    const wrong = this.#whyItStays(name);
    if (wrong !== undefined) return refused(`Can't remove the ${file}: ${wrong}`);
    this.#store.authorities.delete(name);
    return done(`${file} '${name}' deleted!`, [{ kind: 'authorities-removed', name }]);
  }

  #whyItStays(name: string): string | undefined {
    const { file } = CALLED[this.kind];
    if (this.#ongoing.pending?.name === name) return `ongoing transaction for the ${file} '${name}'`;
    const known = this.#store.authorities.get(name);
    if (known === undefined) return `${file} '${name}' doesn't exist!`;
    if (this.kind === 'crl' && known.kind === 'ca') return `'del ssl crl-file' does not work on CA files!`;
    return this.uses(name) > 0 ? `${file} '${name}' in use, can't be deleted!` : undefined;
  }

  /** Certificates whose clients it verifies, and servers it verifies. */
  uses(name: string): number {
    let count = this.#uses.ofAuthorities(name);
    const { caBase } = this.#store;
    for (const { tls, instances } of this.#store.listeners.values())
      for (const { entry } of instances.values()) {
        const { verify, caFile, caVerifyFile, crlFile } = { ...tls, ...entry?.options };
        const files = verify === 'none' ? [] : [caFile, caVerifyFile, crlFile];
        if (files.some(file => file !== undefined && withBase(file, caBase) === name)) count++;
      }
    return count;
  }
}
