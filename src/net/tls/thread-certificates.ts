/**
 * A data thread's copy of all certificates, authorities, revocation lists and ticket keys. What a change concerns is given new
 * objects: a context that was made of an entry, or of a certificate, can be kept as long as that object is the one found
 * here (a WeakMap does that).
 */
import type {
  AuthorityFile,
  LoadedCertEntry,
  LoadedCertificate,
  SigningAuthority,
  TlsChange,
  TlsMaterial,
} from '../../model/tls-material.ts';
import { withBase } from './base-folder.ts';
import { SniIndex } from './sni-index.ts';
import { TicketKeys } from './ticket-keys.ts';

/** What handshakes ask of a line's certificates. */
export interface CertificateChoice {
  choose(servername: string | undefined, isStrict: boolean): readonly LoadedCertEntry[];
  /** No session may be resumed. */
  readonly trustsDiffer: boolean;
}

/** Those of one `bind` line. */
class ListenerCertificates implements CertificateChoice {
  readonly #entries: Map<number, LoadedCertEntry>;
  #index: SniIndex | undefined;
  #trustsDiffer: boolean | undefined;

  constructor(entries: readonly LoadedCertEntry[]) {
    this.#entries = new Map(entries.map(entry => [entry.id, entry]));
  }

  /** See SniIndex. */
  choose(servername: string | undefined, isStrict: boolean): readonly LoadedCertEntry[] {
    this.#index ??= new SniIndex(this.#entries.values());
    return this.#index.choose(servername, isStrict);
  }

  /**
   * Lines of a crt-list say who is trusted: a client that was let in by one of them is not to resume its session with
   * another, where nobody would look at its certificate again.
   */
  get trustsDiffer(): boolean {
    return (this.#trustsDiffer ??= [...this.#entries.values()].some(saysWhomToTrust));
  }

  entries(): Iterable<LoadedCertEntry> {
    return this.#entries.values();
  }

  set(entry: LoadedCertEntry): void {
    this.#entries.set(entry.id, entry);
    this.#index = this.#trustsDiffer = undefined;
  }

  remove(id: number): void {
    if (this.#entries.delete(id)) this.#index = this.#trustsDiffer = undefined;
  }

  /** Those entries, or all, become new objects. */
  renew(certificate?: LoadedCertificate): void {
    for (const entry of this.#entries.values())
      if (certificate === undefined) this.set({ ...entry });
      else if (entry.certificate.name === certificate.name) this.set({ ...entry, certificate });
  }
}

export class ThreadCertificates {
  readonly #bases: Pick<TlsMaterial, 'crtBase' | 'caBase'>;
  readonly #certificates: Map<string, LoadedCertificate>;
  readonly #authorities: Map<string, AuthorityFile>;
  readonly #listeners: ReadonlyMap<string, ListenerCertificates>;
  readonly #ticketKeys: ReadonlyMap<string, TicketKeys>;
  /** `ssl-dh-param-file` */
  readonly dhPem: string | undefined;
  readonly #signing: TlsMaterial['signingAuthorities'];
  /** Names of those that say `jwt on`. */
  readonly #forTokens: Set<string>;

  constructor(material: TlsMaterial) {
    this.#bases = material;
    this.dhPem = material.dhPem;
    this.#signing = material.signingAuthorities;
    this.#certificates = new Map(material.certificates);
    this.#forTokens = new Set(material.tokenCertificates);
    this.#authorities = new Map(material.authorities);
    this.#listeners = new Map(
      [...material.listeners].map(([key, entries]) => [key, new ListenerCertificates(entries)]),
    );
    this.#ticketKeys = new Map(
      [...material.ticketKeys].map(([name, secrets]) => [name, TicketKeys.ofFile(secrets)]),
    );
  }

  /** As a configuration names it. */
  certificate(name: string): LoadedCertificate | undefined {
    return this.#certificates.get(withBase(name, this.#bases.crtBase));
  }

  /** By whole name; `unavailable`: tokens are not to be checked with it. */
  forTokens(name: string): LoadedCertificate | 'unavailable' | undefined {
    const certificate = this.#certificates.get(name);
    return certificate === undefined || this.#forTokens.has(name) ? certificate : 'unavailable';
  }

  /** As a configuration names it. */
  authorities(name: string): AuthorityFile | undefined {
    return this.#authorities.get(withBase(name, this.#bases.caBase));
  }

  /** By `listenerKey` of the bind's position; undefined: that line has no TLS. */
  listener(key: string): ListenerCertificates | undefined {
    return this.#listeners.get(key);
  }

  /** Of a line that forges certificates, by its `listenerKey`. */
  signingAuthority(key: string): SigningAuthority | undefined {
    return this.#signing.get(key);
  }

  /** Of the file that a `tls-ticket-keys` names. */
  ticketKeys(name: string): TicketKeys | undefined {
    return this.#ticketKeys.get(name);
  }

  follow(change: TlsChange): void {
    switch (change.kind) {
      case 'certificate':
        this.#certificates.set(change.certificate.name, change.certificate);
        for (const listener of this.#listeners.values()) listener.renew(change.certificate);
        return;
      case 'certificate-removed':
        this.#certificates.delete(change.name);
        return;
      case 'token-certificate':
        if (change.isUsable) this.#forTokens.add(change.name);
        else this.#forTokens.delete(change.name);
        return;
      case 'authorities':
        this.#authorities.set(change.file.name, change.file);
        for (const listener of this.#listeners.values()) listener.renew();
        return;
      case 'authorities-removed':
        this.#authorities.delete(change.name);
        return;
      case 'entry':
        return this.#addEntry(change);
      case 'entry-removed':
        return this.#listeners.get(change.listener)?.remove(change.id);
      case 'ticket-keys':
        return this.#ticketKeys.get(change.name)?.replace(change.secrets);
    }
  }

  #addEntry({ listener, entry }: Extract<TlsChange, { kind: 'entry' }>): void {
    const certificate = this.#certificates.get(entry.certificateName);
    if (certificate === undefined)
      throw new Error(
        `the control thread speaks of the certificate ${entry.certificateName} that it never sent`,
      );
    const own = this.#listeners.get(listener);
    own?.set({ ...entry, certificate });
    // those that let clients resume sessions so far must not any more
    if (saysWhomToTrust({ ...entry, certificate })) own?.renew();
  }
}

function saysWhomToTrust({ options }: LoadedCertEntry): boolean {
  const { verify, caFile, caVerifyFile, crlFile } = options;
  return [verify, caFile, caVerifyFile, crlFile].some(word => word !== undefined);
}
