/**
 * Providers of Node's OpenSSL, for the whole process (manual, section 3.1, `ssl-provider`, `ssl-provider-path`,
 * `ssl-propquery`; provider(7), property(7)). Node has the provider `default` loaded from its start: it stays.
 */
import { loadKoffi } from '../system-calls.ts';

interface Calls {
  readonly isAvailable: (library: null, name: string) => number;
  /** `keepsFallbacks`: `default` is loaded by itself also when this one was not found. */
  readonly load: (library: null, name: string, keepsFallbacks: number) => unknown;
  readonly searchIn: (library: null, folder: string) => number;
  readonly setProperties: (library: null, query: string) => number;
  readonly eachProvider: (
    library: null,
    each: (provider: unknown, argument: null) => number,
    argument: null,
  ) => number;
  readonly nameOf: (provider: unknown) => string;
  readonly takeError: () => number;
  readonly reasonOf: (error: number) => string | null;
  readonly finds: (kind: Kind, name: string, query: string) => boolean;
}

type Kind = 'EVP_MD' | 'EVP_CIPHER' | 'EVP_RAND';

/** Without them Node ends the process when a thread starts, or a handshake or an answer throws. */
const NEEDED: readonly (readonly [kind: Kind, name: string])[] = [
  ['EVP_RAND', 'CTR-DRBG'],
  ['EVP_MD', 'SHA1'],
  ['EVP_MD', 'SHA2-256'],
  ['EVP_MD', 'SHA2-384'],
  ['EVP_MD', 'SHA2-512'],
  ['EVP_CIPHER', 'AES-128-GCM'],
  ['EVP_CIPHER', 'AES-256-CTR'],
  ['EVP_CIPHER', 'AES-256-GCM'],
];

let calls: Calls | undefined;

/** Throws where this Node does not let its OpenSSL be called, or its OpenSSL is older than 3.0. */
function openSsl(): Calls {
  return (calls ??= loadCalls());
}

function loadCalls(): Calls {
  const koffi = loadKoffi();
  const node = koffi.load(null);
  koffi.proto('int EachProvider(void *provider, void *argument)');
  const fetcher = (kind: Kind): ((name: string, query: string) => boolean) => {
    const fetch = node.func(`void *${kind}_fetch(void *library, const char *name, const char *query)`);
    const free = node.func(`void ${kind}_free(void *algorithm)`);
    return (name, query) => {
      const algorithm: unknown = fetch(null, name, query);
      if (algorithm !== null) free(algorithm);
      return algorithm !== null;
    };
  };
  const finders = {
    EVP_MD: fetcher('EVP_MD'),
    EVP_CIPHER: fetcher('EVP_CIPHER'),
    EVP_RAND: fetcher('EVP_RAND'),
  };
  return {
    isAvailable: node.func('int OSSL_PROVIDER_available(void *library, const char *name)'),
    load: node.func('void *OSSL_PROVIDER_try_load(void *library, const char *name, int keepsFallbacks)'),
    searchIn: node.func('int OSSL_PROVIDER_set_default_search_path(void *library, const char *folder)'),
    setProperties: node.func('int EVP_set_default_properties(void *library, const char *query)'),
    eachProvider: node.func('int OSSL_PROVIDER_do_all(void *library, EachProvider *each, void *argument)'),
    nameOf: node.func('const char *OSSL_PROVIDER_get0_name(void *provider)'),
    takeError: node.func('unsigned long ERR_get_error()'),
    reasonOf: node.func('const char *ERR_reason_error_string(unsigned long error)'),
    finds: (kind, name, query) => finders[kind](name, query),
  };
}

/** Undefined, or why it is not loaded. What is loaded stays. */
export function loadProvider(name: string): string | undefined {
  const ssl = openSsl();
  takeErrors(ssl);
  if (ssl.isAvailable(null, name) === 1 || ssl.load(null, name, 1) !== null) return undefined;
  const [reason = 'no reason is told'] = takeErrors(ssl);
  return reason;
}

/** Where providers are looked for from now on. */
export function lookForProvidersIn(folder: string): void {
  openSsl().searchIn(null, folder);
}

/** Which algorithms are taken where nothing else is asked for. Undefined, or why it is not so; then all is as before. */
export function preferAlgorithms(query: string): string | undefined {
  const ssl = openSsl();
  const missing = NEEDED.find(([kind, name]) => !ssl.finds(kind, name, query));
  const isTaken = missing === undefined && ssl.setProperties(null, query) === 1;
  const errors = takeErrors(ssl);
  if (isTaken) return undefined;
  return `${missing === undefined ? '' : `there is no ${missing[1]} then: `}${errors.join(', ')}`;
}

/** Names of the providers that are loaded; undefined: this Node does not tell. */
export function loadedProviders(): readonly string[] | undefined {
  const names: string[] = [];
  try {
    const ssl = openSsl();
    ssl.eachProvider(null, provider => names.push(ssl.nameOf(provider)), null);
  } catch {
    return undefined;
  }
  return names;
}

/** They are of this thread, and the next call of Node's would find them. */
function takeErrors(ssl: Calls): readonly string[] {
  const reasons = new Set<string>();
  for (let error = ssl.takeError(); error !== 0; error = ssl.takeError()) {
    const reason = ssl.reasonOf(error);
    if (reason !== null) reasons.add(reason);
  }
  return [...reasons];
}
