/**
 * Reads certificates and what belongs to them from disk: `crt <file>` with its companions `.key .sctl .ocsp .issuer`
 * (manual, section 3.1, `ssl-load-extra-files`), or the files that a `load` line names.
 */
import { spawnSync } from 'node:child_process';
import { isAbsolute, join } from 'node:path';
import type { CertificateLoad } from '../config-parser/haproxy/crt-load-options.ts';
import type { LoadedCertificate } from '../model/tls-material.ts';
import {
  isEncryptedKey,
  isIssuedBy,
  isTimestampList,
  keyFits,
  readCertificateFile,
  readIssuerFile,
  readKeyFile,
  toCertificate,
  type CertificateParts,
} from './certificate-parts.ts';
import type { CertificateFileNames, CertificateStore } from './certificate-store.ts';
import type { CertificateFiles } from './files.ts';

type Companion = 'bundle' | 'key' | 'sctl' | 'ocsp' | 'issuer';
const ALL_COMPANIONS: readonly Companion[] = ['bundle', 'key', 'sctl', 'ocsp', 'issuer'];

type Wrong = { readonly error: string };
export interface LoadedFiles {
  readonly loaded: LoadedCertificate;
  readonly files: CertificateFileNames;
}
type Draft = { -readonly [Name in keyof CertificateParts]: CertificateParts[Name] };

export class CertificateLoader {
  readonly companions: ReadonlySet<Companion>;
  readonly #store: CertificateStore;
  readonly #files: CertificateFiles;
  readonly #removesExtension: boolean;
  readonly #passphraseCommand: readonly string[] | undefined;
  readonly #passphrases: string[] = [];

  /** `warn`: about chains of issuers that cannot be used. */
  constructor(store: CertificateStore, files: CertificateFiles, warn: (text: string) => void) {
    const { ssl } = store;
    this.#store = store;
    this.#files = files;
    this.companions = companionsOf(ssl.get('ssl-load-extra-files'));
    this.#removesExtension = store.removesExtension;
    this.#passphraseCommand = ssl.get('ssl-passphrase-cmd');
    const chains = ssl.get('issuers-chain-path')?.[0];
    if (chains !== undefined)
      for (const text of store.chains.load(chains.replace(/\/+$/, ''), files)) warn(text);
  }

  /** `folder`: where relative paths start. Only who serves it needs its key. */
  loadFile(name: string, folder: string, needsKey = true): LoadedFiles | Wrong {
    const draft = this.#readPem(name, folder);
    if ('error' in draft) return draft;
    const base = this.#removesExtension ? name.replace(/\.crt$/, '') : name;
    const hasKey = draft.keyPem !== undefined;
    const wrong =
      this.#findKey(draft, base, folder, needsKey) ??
      (fits(draft) ? undefined : inconsistent(name)) ??
      this.#findTimestamps(draft, base, folder) ??
      this.#findOcsp(draft, base, folder);
    if (wrong !== undefined) return wrong;
    return {
      loaded: toCertificate(name, draft, draft.keyPem ?? ''),
      files: this.#lookedFor(name, base, draft, hasKey),
    };
  }

  /** As HAProxy shows them: companions that were looked for, whether they are there or not. */
  #lookedFor(name: string, base: string, { ocsp }: Draft, hasKey: boolean): CertificateFileNames {
    return {
      crt: name,
      key: hasKey ? name : `${base}.key`,
      ...(this.companions.has('ocsp') && { ocsp: `${base}.ocsp` }),
      ...(this.companions.has('issuer') && ocsp !== undefined && { issuer: `${base}.issuer` }),
      ...(this.companions.has('sctl') && { sctl: `${base}.sctl` }),
    };
  }

  /** `load`: paths are whole. */
  loadNamed(name: string, load: CertificateLoad, folder: string): LoadedFiles | Wrong {
    const draft = this.#readPem(load.crt ?? '', folder);
    if ('error' in draft) return because(draft.error, load.crt);
    const wrong =
      (load.key === undefined ? undefined : this.#takeKey(draft, load.key, folder)) ??
      (load.ocsp === undefined ? undefined : this.#takeOcsp(draft, load.ocsp, folder)) ??
      (load.issuer === undefined ? undefined : this.#takeIssuer(draft, load.issuer, folder)) ??
      (load.sctl === undefined ? undefined : this.#takeTimestamps(draft, load.sctl, folder));
    if (wrong !== undefined) return wrong;
    if (draft.keyPem === undefined)
      return { error: `unable to load SSL private key into SSL Context '${name}': no key was loaded.` };
    if (!fits(draft)) return inconsistent(name);
    const { crt, key, ocsp, issuer, sctl } = load;
    const files = Object.entries({ crt, key, ocsp, issuer, sctl }).filter(([, file]) => file !== undefined);
    return { loaded: toCertificate(name, draft, draft.keyPem), files: Object.fromEntries(files) };
  }

  #readPem(path: string, folder: string): Draft | Wrong {
    const text = this.#readText(path, folder);
    if (typeof text !== 'string') return { error: `cannot open the file '${path}'.` };
    const parts = readCertificateFile(text, path, () => this.#passphrasesFor(path));
    if ('error' in parts) return parts;
    if (parts.keyPem === undefined && isEncryptedKey(text)) return { error: this.#encrypted(path) };
    return { ...this.#store.complete(parts) };
  }

  #encrypted(path: string): string {
    const why =
      this.#passphraseCommand === undefined
        ? `Trying to load a passphrase-protected private key without an 'ssl-passphrase-cmd' defined.`
        : `'ssl-passphrase-cmd' gives no passphrase that fits.`;
    return `unable to load private key from file '${path}': ${why}`;
  }

  #findKey(draft: Draft, base: string, folder: string, needsKey: boolean): Wrong | undefined {
    if (draft.keyPem !== undefined) return undefined;
    const path = this.companions.has('key') ? `${base}.key` : base;
    if (path !== base && this.exists(path, folder)) {
      const wrong = this.#takeKey(draft, path, folder);
      if (wrong !== undefined)
        return { error: `${wrong.error}\n '${path}' is present but cannot be read or parsed'.` };
    }
    return draft.keyPem === undefined && needsKey
      ? { error: `No Private Key found in '${path}'.` }
      : undefined;
  }

  #findTimestamps(draft: Draft, base: string, folder: string): Wrong | undefined {
    const path = `${base}.sctl`;
    if (!this.companions.has('sctl') || !this.exists(path, folder)) return undefined;
    const wrong = this.#takeTimestamps(draft, path, folder);
    return wrong && { error: `'${path}' is present but cannot be read or parsed'.` };
  }

  #findOcsp(draft: Draft, base: string, folder: string): Wrong | undefined {
    const path = `${base}.ocsp`;
    const hasResponse = this.companions.has('ocsp') && this.exists(path, folder);
    const wrong = hasResponse ? this.#takeOcsp(draft, path, folder) : undefined;
    if (wrong !== undefined) return wrong;
    const issuer = `${base}.issuer`;
    if (!this.companions.has('issuer') || !this.exists(issuer, folder)) return undefined;
    const fault =
      this.#takeIssuer(draft, issuer, folder) ?? (isIssued(draft) ? undefined : notIssuer(issuer));
    if (hasResponse || fault === undefined) return fault;
    // nobody asks for it but updates of a response that is not there yet
    delete draft.issuerPem;
    return undefined;
  }

  #takeKey(draft: Draft, path: string, folder: string): Wrong | undefined {
    const text = this.#readText(path, folder);
    if (typeof text !== 'string')
      return because(`unable to load private key from file '${path}' (${text.error}).`, path);
    const key = readKeyFile(text, path, () => this.#passphrasesFor(path));
    if ('error' in key)
      return isEncryptedKey(text) ? { error: this.#encrypted(path) } : because(key.error, path);
    draft.keyPem = key.pem;
    return undefined;
  }

  #takeOcsp(draft: Draft, path: string, folder: string): Wrong | undefined {
    const bytes = this.#files.read(within(path, folder));
    if ('error' in bytes) return because('Error opening OCSP response file', path);
    draft.ocsp = Uint8Array.from(bytes);
    return undefined;
  }

  #takeIssuer(draft: Draft, path: string, folder: string): Wrong | undefined {
    const text = this.#readText(path, folder);
    const issuer = typeof text === 'string' ? readIssuerFile(text, path) : text;
    if ('error' in issuer) return { error: `'${path}' cannot be read or parsed'.` };
    draft.issuerPem = issuer.pem;
    return undefined;
  }

  #takeTimestamps(draft: Draft, path: string, folder: string): Wrong | undefined {
    const bytes = this.#files.read(within(path, folder));
    if ('error' in bytes || !isTimestampList(bytes)) return because('', path);
    draft.sctl = Uint8Array.from(bytes);
    return undefined;
  }

  exists(path: string, folder: string): boolean {
    return typeof this.#files.kindOf(within(path, folder)) === 'string';
  }

  #readText(path: string, folder: string): string | Wrong {
    const bytes = this.#files.read(within(path, folder));
    return 'error' in bytes ? bytes : Buffer.from(bytes).toString('latin1');
  }

  /** Those that opened a key before, then what the program says for this one. */
  *#passphrasesFor(path: string): Iterable<string> {
    yield* this.#passphrases;
    if (this.#passphraseCommand === undefined) return;
    const [program = '', ...words] = this.#passphraseCommand;
    const { status, stdout } = spawnSync(program, [path, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (status !== 0) return;
    const passphrase = stdout.toString('latin1');
    // the line's end that a shell adds is not part of it, unless it is
    const tried = [passphrase, passphrase.replace(/\r?\n$/, '')];
    for (const one of tried) this.#passphrases.push(one);
    yield* tried;
  }
}

/** Where a relative path is looked for. */
export function within(path: string, folder: string): string {
  return folder === '' || isAbsolute(path) ? path : join(folder, path);
}

function companionsOf(words: readonly string[] | undefined): ReadonlySet<Companion> {
  if (words === undefined || words.includes('all')) return new Set(ALL_COMPANIONS);
  return new Set(ALL_COMPANIONS.filter(name => words.includes(name)));
}

function fits(draft: Draft): boolean {
  return draft.keyPem === undefined || keyFits(draft, draft.keyPem);
}

function isIssued({ x509, issuerPem }: Draft): boolean {
  return issuerPem === undefined || isIssuedBy(x509, issuerPem);
}

function inconsistent(name: string): Wrong {
  return { error: `inconsistencies between private key and certificate loaded '${name}'.` };
}

function notIssuer(path: string): Wrong {
  return { error: `'${path}' is not an issuer'.` };
}

function because(error: string, path = ''): Wrong {
  return { error: `${error === '' ? '' : `${error}\n `}'${path}' cannot be read or parsed.` };
}
