/**
 * Which certificates of a listener are for a name a client asks for (manual, section 5.1, `crt-list`): lines with the
 * name itself, then those with a wildcard for its first label whose line does not exclude it, then the defaults. One of
 * each kind of key, so that OpenSSL can take the one that the client understands.
 */
import type { KeyType, LoadedCertEntry } from '../../model/tls-material.ts';

/** The order in which kinds of keys are preferred. */
const KEY_TYPES: readonly KeyType[] = ['ecdsa', 'rsa', 'dsa'];

type ByName = Map<string, LoadedCertEntry[]>;

/** What stands for the default certificates among wildcards: the name that a lone `*` leaves. */
const DEFAULT = '';

export class SniIndex {
  readonly #exact: ByName = new Map();
  /** By what follows the asterisk: `.example.org`. */
  readonly #wildcards: ByName = new Map();
  readonly #excluded = new Map<LoadedCertEntry, Set<string>>();

  constructor(entries: Iterable<LoadedCertEntry>) {
    for (const entry of entries) this.#add(entry);
  }

  #add(entry: LoadedCertEntry): void {
    const { filters, certificate, isDefault } = entry;
    for (const name of filters.length > 0 ? filters : certificate.names) this.#addName(name, entry);
    if (isDefault) this.#addName('*', entry);
  }

  #addName(name: string, entry: LoadedCertEntry): void {
    if (name.startsWith('!')) {
      const excluded = this.#excluded.get(entry) ?? new Set();
      this.#excluded.set(entry, excluded.add(name.slice(1)));
      return;
    }
    const isWildcard = name.startsWith('*');
    const names = isWildcard ? this.#wildcards : this.#exact;
    const key = isWildcard ? name.slice(1) : name;
    const known = names.get(key);
    if (known === undefined) names.set(key, [entry]);
    else if (!known.includes(entry)) known.push(entry);
  }

  /**
   * The certificates for that name, the preferred first, at most one of each kind of key; none: the handshake is refused.
   * `isStrict`: `strict-sni`.
   */
  choose(servername: string | undefined, isStrict: boolean): readonly LoadedCertEntry[] {
    if (servername !== undefined && servername !== '') {
      const found = this.#find(servername.toLowerCase());
      if (found.length > 0) return found;
    }
    return isStrict ? [] : bestOfEach(this.#wildcards.get(DEFAULT) ?? []);
  }

  #find(servername: string): readonly LoadedCertEntry[] {
    const exact = this.#exact.get(servername) ?? [];
    const dot = servername.indexOf('.');
    const wild = dot === -1 ? undefined : this.#wildcards.get(servername.slice(dot));
    if (wild === undefined) return bestOfEach(exact);
    const allowed = wild.filter(entry => this.#excluded.get(entry)?.has(servername) !== true);
    return bestOfEach([...exact, ...allowed]);
  }
}

function bestOfEach(entries: readonly LoadedCertEntry[]): readonly LoadedCertEntry[] {
  if (entries.length < 2) return entries;
  return KEY_TYPES.flatMap(type => entries.find(({ certificate }) => certificate.keyType === type) ?? []);
}
