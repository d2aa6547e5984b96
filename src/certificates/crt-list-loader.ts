/**
 * Takes certificates into use while the configuration is loaded: a file, a folder, a bundle of several key types, a
 * crt-list. Each certificate is read once, under the name it has in the store.
 */
import { parseCrtListLine, type CrtListLine } from '../config-parser/haproxy/crt-list.ts';
import type { CertificateLoad } from '../config-parser/haproxy/crt-load-options.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Global } from '../model/global.ts';
import { withBase } from '../net/tls/base-folder.ts';
import type { CertificateLoader } from './certificate-loader.ts';
import { within } from './certificate-loader.ts';
import type {
  CertificateStore,
  CrtList,
  CrtListEntry,
  StoredCertificate,
  StoredListener,
} from './certificate-store.ts';
import type { CertificateFiles } from './files.ts';
import { conflictOf } from './load-conflict.ts';
import type { MadeCertificates } from './made-certificates.ts';

/** A bundle `x` is the files `x.rsa`, `x.dsa`, `x.ecdsa`, in HAProxy's order. */
const BUNDLE_ENDINGS = ['dsa', 'ecdsa', 'rsa'];
const NOT_IN_FOLDERS = /^\.|\.(?:issuer|ocsp|sctl|key)$/;

const NONE: CertificateLoad = {};

export class CrtListLoader {
  readonly store: CertificateStore;
  readonly loader: CertificateLoader;
  readonly global: Global;
  readonly made: MadeCertificates;
  readonly #files: CertificateFiles;

  constructor(
    store: CertificateStore,
    loader: CertificateLoader,
    made: MadeCertificates,
    files: CertificateFiles,
    global: Global,
  ) {
    this.store = store;
    this.loader = loader;
    this.made = made;
    this.global = global;
    this.#files = files;
  }

  withBase(name: string): string {
    return withBase(name, this.global.crtBase);
  }

  /** `crt` of a server: one file, nothing else, with `crt-base` already. Answers what is wrong. */
  loadOne(full: string, folder: string, needsKey = true): string | undefined {
    if (this.store.certificates.has(full)) return undefined;
    if (!this.loader.exists(full, folder)) return this.#cannotStat(full, folder);
    const wrong = this.#load(full, folder, needsKey);
    const known = this.store.certificates.get(full);
    if (known !== undefined) this.store.certificates.set(full, { ...known, files: { crt: full } });
    return wrong;
  }

  /** `crt` and `default-crt` of a listener: a file, a folder, or a bundle. */
  usePath(listener: StoredListener, name: string, folder: string, isDefaultCrt: boolean): string | undefined {
    const full = this.withBase(name);
    const known = this.store.certificates.get(full);
    const isDefault = isDefaultCrt || listener.instances.size === 0;
    if (known === undefined && this.#files.kindOf(within(full, folder)) === 'directory')
      return this.#useFolder(listener, full, folder);
    const names = this.#namesOf(full, folder);
    if (names.length === 0) return this.#cannotStat(full, folder);
    for (const one of names) {
      const wrong = this.#conflict(one, NONE, 'plain') ?? this.#load(one, folder);
      if (wrong !== undefined) return wrong;
      this.store.addInstance(listener, one, undefined, isDefault);
    }
    return undefined;
  }

  /** The certificate itself, or those of a bundle. */
  #namesOf(full: string, folder: string): readonly string[] {
    if (this.store.certificates.has(full) || this.loader.exists(full, folder)) return [full];
    if (!this.loader.companions.has('bundle')) return [];
    return BUNDLE_ENDINGS.map(ending => `${full}.${ending}`).filter(
      name => this.store.certificates.has(name) || this.loader.exists(name, folder),
    );
  }

  #cannotStat(full: string, folder: string): string {
    const kind = this.#files.kindOf(within(full, folder));
    const why = typeof kind === 'string' ? kind : kind.error;
    return `unable to stat SSL certificate from file '${full}' : ${why}.`;
  }

  /** Once; answers what is wrong. */
  #load(name: string, folder: string, needsKey = true): string | undefined {
    if (this.store.certificates.has(name)) return undefined;
    const read = this.loader.loadFile(name, folder, needsKey);
    if ('error' in read) return read.error;
    this.store.certificates.set(name, { name, ...read, origin: 'plain', load: NONE });
    return undefined;
  }

  #useFolder(listener: StoredListener, full: string, folder: string): string | undefined {
    const name = full.replace(/\/+$/, '');
    const known = this.store.crtLists.get(name);
    if (known === undefined) {
      const list = this.createList(name, true);
      const wrong = list === undefined ? undefined : this.#readFolder(list, folder);
      if (wrong !== undefined) return wrong;
    }
    const list = this.store.crtLists.get(name);
    if (list !== undefined) this.use(listener, list);
    return undefined;
  }

  #readFolder(list: CrtList, folder: string): string | undefined {
    const names = this.#files.list(within(list.name, folder));
    if ('error' in names) return `unable to scan directory '${list.name}' : ${names.error}.`;
    for (const one of names.filter(entry => !NOT_IN_FOLDERS.test(entry))) {
      const path = `${list.name}/${one}`;
      const kind = this.#files.kindOf(within(path, folder));
      if (typeof kind !== 'string')
        return `unable to stat SSL certificate from file '${path}' : ${kind.error}.`;
      if (kind !== 'file') continue;
      const wrong = this.#load(path, folder);
      if (wrong !== undefined) return wrong;
      list.entries.push({ line: 0, certificate: path, options: {}, filters: [] });
    }
    return undefined;
  }

  /** Undefined: there is one of that name. */
  createList(name: string, isFolder: boolean): CrtList | undefined {
    if (this.store.crtLists.has(name)) return undefined;
    const list: CrtList = { name, isFolder, entries: [], listeners: [], lineCount: 0 };
    this.store.crtLists.set(name, list);
    return list;
  }

  /** All its lines are certificates of that listener. */
  use(listener: StoredListener, list: CrtList): void {
    list.listeners.push(listener.key);
    for (const entry of list.entries)
      this.store.addInstance(listener, entry.certificate, entry, listener.instances.size === 0);
  }

  useFile(
    listener: StoredListener,
    written: string,
    folder: string,
  ): { readonly warnings: readonly string[]; readonly error?: string } {
    const name = written.replace(/\/+$/, '');
    const known = this.store.crtLists.get(name);
    if (known !== undefined) {
      this.use(listener, known);
      return { warnings: [] };
    }
    const warnings: string[] = [];
    const list: CrtList = { name, isFolder: false, entries: [], listeners: [], lineCount: 0 };
    const error = this.#readList(list, folder, warnings);
    if (error !== undefined) return { warnings, error };
    this.store.crtLists.set(name, list);
    this.use(listener, list);
    return { warnings };
  }

  #readList(list: CrtList, folder: string, warnings: string[]): string | undefined {
    const bytes = this.#files.read(within(list.name, folder));
    if ('error' in bytes) return `cannot open file '${list.name}' : ${bytes.error}`;
    const lines = Buffer.from(bytes).toString('latin1').split('\n');
    const last = lines.pop() ?? '';
    if (last !== '')
      return `parsing [${list.name}:${lines.length + 1}]: Missing LF on last line, file might have been truncated at position ${last.length + 1}.`;
    for (const [index, text] of lines.entries()) {
      const wrong = this.#readListLine(list, text, index + 1, folder, warnings);
      if (wrong !== undefined) return wrong;
    }
    list.lineCount = lines.length;
    return undefined;
  }

  #readListLine(
    list: CrtList,
    text: string,
    number: number,
    folder: string,
    warnings: string[],
  ): string | undefined {
    const position: Position = { file: list.name, line: number, column: 0 };
    const nul = text.indexOf('\0');
    if (nul !== -1) return `parsing [${list.name}:${number}]: Stray NUL character at position ${nul + 1}.`;
    if (text.startsWith('#')) return undefined;
    const parsed = parseCrtListLine(text, position);
    if (parsed === undefined) return undefined;
    if ('error' in parsed) return parsed.error;
    if (parsed.warning !== undefined) warnings.push(parsed.warning);
    warnings.push(...uselessFilters(parsed.line, position));
    return this.addLine(list, parsed.line, position, folder);
  }

  /** Answers what is wrong. */
  addLine(
    list: CrtList,
    line: CrtListLine,
    { file, line: number }: Position,
    folder: string,
  ): string | undefined {
    const full = this.withBase(line.crt);
    const hasOptions = Object.keys(line.load).some(name => name !== 'crt');
    const origin = hasOptions ? 'crt-list' : 'plain';
    const conflict = this.#conflict(full, line.load, origin);
    if (conflict !== undefined)
      return `'${full}' in crt-list '${file}' line ${number}, is already defined with incompatible parameters:\n ${conflict}`;
    const fault = this.made.faultOf(line.load);
    if (fault !== undefined) return fault;
    this.#makeDummy(full, line.load);
    const names = this.#namesOf(full, folder);
    if (names.length === 0) return this.#cannotStat(full, folder);
    if (hasOptions && names[0] !== full)
      return `Can't load '${full}'. Using crt-store keyword is not compatible with multi certificates bundle.`;
    for (const [index, name] of names.entries()) {
      const wrong = hasOptions ? this.#loadWith(name, line.load, folder) : this.#load(name, folder);
      if (wrong !== undefined) return wrong;
      list.entries.push(entryFor(line, name, number + index));
    }
    return undefined;
  }

  /** `generate-dummy on`: no file is read. */
  #makeDummy(name: string, load: CertificateLoad): void {
    if (load.generateDummy !== 'on' || this.store.certificates.has(name)) return;
    const loaded = this.made.dummy(name, load);
    this.store.certificates.set(name, { name, loaded, files: {}, origin: 'crt-list', load });
  }

  /** A line that names files itself; without them they are looked for as always. */
  #loadWith(name: string, load: CertificateLoad, folder: string): string | undefined {
    if (this.store.certificates.has(name)) return undefined;
    const { key, ocsp, issuer, sctl } = load;
    const namesFiles = [key, ocsp, issuer, sctl].some(file => file !== undefined);
    const files = { ...this.withBases(load), crt: name };
    const read = namesFiles ? this.loader.loadNamed(name, files, folder) : this.loader.loadFile(name, folder);
    if ('error' in read) return read.error;
    // as HAProxy shows it, where the line names no other file
    const shown = namesFiles ? read.files : { crt: name };
    this.store.certificates.set(name, { name, loaded: read.loaded, files: shown, origin: 'crt-list', load });
    return undefined;
  }

  /** Its files with `crt-base` and `key-base`. */
  withBases(
    load: CertificateLoad,
    { crtBase, keyBase }: { crtBase?: string; keyBase?: string } = this.global,
  ): CertificateLoad {
    const based = (file: string | undefined, base: string | undefined): string | undefined =>
      file === undefined ? undefined : withBase(file, base);
    const files = {
      crt: based(load.crt, crtBase),
      key: based(load.key, keyBase),
      ocsp: based(load.ocsp, crtBase),
      issuer: based(load.issuer, crtBase),
      sctl: based(load.sctl, crtBase),
    };
    const known = Object.entries(files).filter(([, file]) => file !== undefined);
    return { ...load, ...(Object.fromEntries(known) as CertificateLoad) };
  }

  #conflict(name: string, load: CertificateLoad, origin: StoredCertificate['origin']): string | undefined {
    const known = this.store.certificates.get(name);
    return known === undefined ? undefined : conflictOf(known, load, origin, this.global);
  }
}

function entryFor({ options, filters }: CrtListLine, certificate: string, line: number): CrtListEntry {
  return { line, certificate, options, filters };
}

/** Filters that exclude names can only do so where a wildcard lets them in. */
export function uselessFilters({ crt, filters }: CrtListLine, { file, line }: Position): readonly string[] {
  const warnings = filters
    .filter(filter => /^!\*./.test(filter))
    .map(
      filter =>
        `parsing [${file}:${line}]: crt-list: Unsupported exclusion (!) on a wildcard filter "${filter}"`,
    );
  const excludes = filters.some(filter => /^!(?!\*)./.test(filter));
  const hasWildcard = filters.some(filter => /^\*./.test(filter));
  if (excludes && !hasWildcard)
    warnings.push(
      `parsing [${file}:${line}]: crt-list: negative filters on crt-list line "${crt}" without a positive wildcard filter won't do anything!`,
    );
  return warnings;
}
