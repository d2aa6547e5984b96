/** Lines of crt-lists that come and go at run time (management manual, `add ssl crt-list`, `del ssl crt-list`). */
import { parseCrtListLine, type CrtListLine } from '../config-parser/haproxy/crt-list.ts';
import type { TlsLineOptions } from '../model/bind.ts';
import type { LoadedCertEntry, TlsChange } from '../model/tls-material.ts';
import { withBase } from '../net/tls/base-folder.ts';
import { unusable } from './certificate-exchange.ts';
import {
  entryOf,
  type CertificateStore,
  type CrtList,
  type CrtListEntry,
  type Instance,
  type StoredCertificate,
  type StoredListener,
} from './certificate-store.ts';
import { uselessFilters } from './crt-list-loader.ts';
import { conflictOf } from './load-conflict.ts';
import { done, refused, type Outcome } from './outcome.ts';

/** What decides where a certificate comes from. */
const MADE = { acme: 'acme', domains: 'domains', ips: 'ips', generateDummy: 'generate-dummy' } as const;
const FROM_COMMAND = { file: 'CLI', line: 1, column: 0 };

/** Why a listener, by its key, cannot serve a certificate with the options of its line; undefined: it can. */
export type RefusalOf = (listener: string, entry: LoadedCertEntry) => string | undefined;

export class CrtListEdits {
  readonly #store: CertificateStore;
  readonly #refusalOf: RefusalOf;

  constructor(store: CertificateStore, refusalOf: RefusalOf) {
    this.#store = store;
    this.#refusalOf = refusalOf;
  }

  /** `line`: a payload as the file would have it, or a certificate alone. */
  add(listName: string, text: string): Outcome {
    const cannot = (why: string): Outcome => refused(`Can't edit the crt-list: ${why}`);
    const name = listName.replace(/\/+$/, '');
    const list = this.#store.crtLists.get(name);
    if (list === undefined) return cannot(`crt-list '${name}' does not exist!`);
    if (text.includes('\n')) return cannot('only one line of payload is supported!');
    const parsed = parseCrtListLine(text, FROM_COMMAND);
    if (parsed === undefined)
      return cannot(`'add ssl crtlist' should contain the certificate name in the payload`);
    if ('error' in parsed) return cannot(parsed.error);
    const { line } = parsed;
    const ready = this.#check(list, line);
    return typeof ready === 'string' ? cannot(ready) : this.#insert(list, line, ready);
  }

  #check(list: CrtList, line: CrtListLine): StoredCertificate | string {
    const unknown = this.#unknownFile(line.options);
    if (unknown !== undefined) return unknown;
    const name = withBase(line.crt, this.#store.crtBase);
    const known = this.#store.certificates.get(name);
    if (known === undefined) return `certificate '${name}' does not exist!`;
    if (known.loaded === undefined) return `certificate '${name}' is empty!`;
    const late = (Object.keys(MADE) as (keyof typeof MADE)[]).find(
      option => line.load[option] !== undefined && line.load[option] !== known.load[option],
    );
    if (late !== undefined) return `'${MADE[late]}' can only be said where the certificate is loaded`;
    const hasLoad = Object.keys(line.load).some(option => option !== 'crt');
    const origin = hasLoad ? 'crt-list' : 'plain';
    const isUsed = this.#store.instancesOf(name)[Symbol.iterator]().next().done !== true;
    const conflict = isUsed ? conflictOf(known, line.load, origin, this.#store) : undefined;
    if (conflict !== undefined)
      return `'${name}' is already instantiated with incompatible parameters:\n ${conflict}`;
    if (list.isFolder) {
      if (list.entries.some(({ certificate }) => certificate === name))
        return 'file already exists in this directory!';
      if (hasLoad || line.filters.length > 0 || Object.keys(line.options).length > 0)
        return 'this is a directory, SSL configuration, crt-store keywords and filters are not allowed';
    }
    return isUsed ? known : { ...known, origin, load: line.load };
  }

  /** No file is read once the process serves. */
  #unknownFile({ caFile, caVerifyFile, crlFile }: TlsLineOptions): string | undefined {
    const files = { 'ca-file': caFile, 'ca-verify-file': caVerifyFile, 'crl-file': crlFile };
    for (const [keyword, file] of Object.entries(files)) {
      if (file === undefined) continue;
      const name = withBase(file, this.#store.caBase);
      if (!this.#store.authorities.has(name)) return `'${keyword}' : unable to load ${name}`;
    }
    return undefined;
  }

  #insert(list: CrtList, line: CrtListLine, certificate: StoredCertificate): Outcome {
    const { name } = certificate;
    const head = `Inserting certificate '${name}' in crt-list '${list.name}'`;
    const listeners = list.listeners.flatMap(key => this.#store.listeners.get(key) ?? []);
    const { options, filters } = line;
    const fault = this.#faultOf(certificate, options, listeners);
    if (fault !== undefined) return done(`${head}.\n${fault}\nFailed!`);
    this.#store.certificates.set(name, certificate);
    const entry: CrtListEntry = { line: ++list.lineCount, certificate: name, options, filters };
    list.entries.push(entry);
    const instances = listeners.map(listener => this.#store.addInstance(listener, name, entry, false));
    const warnings = uselessFilters(line, FROM_COMMAND).map(text => `${text}\n`);
    return done(
      `${head}${'.'.repeat(instances.length)}\n${warnings.join('')}Success!`,
      instances.map(instance => addition(instance, name)),
    );
  }

  #faultOf(
    { loaded }: StoredCertificate,
    options: TlsLineOptions,
    listeners: readonly StoredListener[],
  ): string | undefined {
    if (listeners.length === 0 || loaded === undefined) return undefined;
    const entry: LoadedCertEntry = { id: 0, certificate: loaded, filters: [], options, isDefault: false };
    const refusals = listeners.map(({ key }) => this.#refusalOf(key, entry));
    return unusable(loaded) ?? refusals.find(refusal => refusal !== undefined);
  }

  /** `certificate` may end with `:<line>`. */
  remove(listName: string, written: string): Outcome {
    const cannot = (why: string): Outcome => refused(`Can't delete the entry: ${why}`);
    const [certificate = '', line] = written.split(/:(.*)/s);
    if (line !== undefined && !/^-?\d+$/.test(line))
      return cannot(`wrong line number after colons in '${written}'!`);
    const name = listName.replace(/\/+$/, '');
    const list = this.#store.crtLists.get(name);
    if (list === undefined) return cannot(`crt-list '${name}' does not exist!`);
    const known = this.#store.certificates.get(certificate);
    if (known === undefined) return cannot(`certificate '${certificate}' does not exist!`);
    if (known.loaded === undefined) return cannot(`certificate '${certificate}' is empty!`);
    const entry = pick(list, certificate, Number(line ?? 0));
    if (typeof entry === 'string') return cannot(entry);
    const instances = this.#instancesOf(entry);
    const defaults = this.#defaultsAmong(instances);
    if (defaults.length > 0)
      return cannot(
        `certificate '${certificate}' cannot be deleted, it is used as default certificate by the following frontends:\n${defaults.map(key => `\t- ${key}\n`).join('')}`,
      );
    list.entries.splice(list.entries.indexOf(entry), 1);
    for (const { listener, id } of instances) this.#store.listeners.get(listener)?.instances.delete(id);
    return done(
      `Entry '${certificate}' deleted in crtlist '${name}'!`,
      instances.map(({ listener, id }) => ({ kind: 'entry-removed', listener, id })),
    );
  }

  #instancesOf(entry: CrtListEntry): readonly Instance[] {
    return [...this.#store.instancesOf(entry.certificate)].filter(instance => instance.entry === entry);
  }

  /** Listeners that would be left without it. */
  #defaultsAmong(instances: readonly Instance[]): readonly string[] {
    return instances
      .filter(
        ({ isDefault, listener }) => isDefault && this.#store.listeners.get(listener)?.isStrict !== true,
      )
      .map(({ listener }) => listener);
  }
}

/** The entry that is meant, or what is wrong. `line` 0: the only one. */
function pick(list: CrtList, certificate: string, line: number): CrtListEntry | string {
  const entries = list.entries.filter(entry => entry.certificate === certificate);
  const lines = entries.map(entry => entry.line).join(', ');
  const [first] = entries;
  if (first === undefined) return `certificate '${certificate}' can't be found in crt-list '${list.name}'!`;
  if (line === 0)
    return entries.length === 1
      ? first
      : `found the certificate '${certificate}' in several entries, please specify a line number preceded by colons (${lines})!`;
  return (
    entries.find(entry => entry.line === line) ??
    `found a certificate '${certificate}' but the line number is incorrect, please specify a correct line number preceded by colons (${lines})!`
  );
}

function addition(instance: Instance, certificateName: string): TlsChange {
  return { kind: 'entry', listener: instance.listener, entry: { ...entryOf(instance), certificateName } };
}
