/**
 * Fills the store with what a configuration names: `crt-store` sections first, then the certificates, crt-lists,
 * authorities and revocation lists of `bind` lines, `ssl-f-use`, and those of servers. Mistakes are diagnostics in
 * HAProxy's words, at the line that names the file.
 */
import { readLineOptions } from '../config-parser/haproxy/crt-list.ts';

import type { Bind, BindTls, CertificateSource } from '../model/bind.ts';
import type { Config, OtherSection } from '../model/config.ts';
import type { Diagnostic, Position } from '../model/diagnostic.ts';
import type { PeersSection } from '../model/peers.ts';
import type { CheckMethod, Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import type { Word } from '../model/word.ts';
import { withBase } from '../net/tls/base-folder.ts';
import { listenerKey } from '../net/tls/listener-key.ts';
import { listenerSettings } from '../net/tls/listener-settings.ts';
import { issuerOf } from '../net/tls/ocsp-id.ts';
import { LONG_TICKET_KEY_BYTES } from '../net/tls/ticket-keys.ts';
import { loadAuthorities } from './authority-files.ts';
import { CertificateLoader } from './certificate-loader.ts';
import { CertificateStore, responderOf, type CrtList, type StoredListener } from './certificate-store.ts';
import { CrtListLoader } from './crt-list-loader.ts';
import { loadTicketKeys } from './ticket-key-files.ts';
import { loadCrtStore } from './crt-stores.ts';
import { speaksTls } from './speaks-tls.ts';
import { loadDhParameters } from './dh-parameters.ts';
import { MadeCertificates } from './made-certificates.ts';
import { judgeOwnResponse } from './ocsp-book.ts';
import { wrongDelays } from './ocsp-settings.ts';
import { loadSigningAuthority } from './signing-authority.ts';
import { DISK, type CertificateFiles } from './files.ts';

const NOWHERE: Position = { file: '', line: 0, column: 0 };

interface LoadedCertificates {
  readonly store: CertificateStore;
  readonly diagnostics: readonly Diagnostic[];
}

/** `tokenCertificates`: names that expressions check or open tokens with, and whether they need the keys. */
export function loadCertificates(
  config: Config,
  tokenCertificates: ReadonlyMap<string, boolean> = new Map(),
  files: CertificateFiles = DISK,
): LoadedCertificates {
  const loading = new Loading(config, files);
  loading.run();
  for (const [name, needsKey] of tokenCertificates) loading.loadForTokens(name, needsKey);
  return { store: loading.store, diagnostics: loading.diagnostics };
}

interface Owner {
  readonly kind: string;
  readonly name: string;
}

class Loading {
  readonly store: CertificateStore;
  readonly diagnostics: Diagnostic[] = [];
  readonly #config: Config;
  readonly #files: CertificateFiles;
  readonly #judged = new Set<string>();
  readonly #lists: CrtListLoader;

  constructor(config: Config, files: CertificateFiles) {
    this.#config = config;
    this.#files = files;
    this.store = new CertificateStore(config.global);
    const loader = new CertificateLoader(this.store, files, text => this.#warn(NOWHERE, text));
    this.#lists = new CrtListLoader(this.store, loader, new MadeCertificates(config), files, config.global);
  }

  run(): void {
    const { proxies, logForwards, otherSections, peers, rings, nameservers, global } = this.#config;
    this.#loadDhParameters();
    const stores = otherSections.filter(({ kind }) => kind === 'crt-store');
    for (const proxy of proxies) {
      while (stores[0] !== undefined && !isBehind(stores[0].position, proxy.position))
        this.#loadStore(stores.shift());
      this.#loadProxy(proxy);
    }
    for (const section of stores) this.#loadStore(section);
    for (const { name, binds } of logForwards)
      this.#loadBinds({ kind: 'log-forward', name }, binds, undefined);
    for (const section of peers) this.#loadPeers(section);
    for (const section of [...rings, ...nameservers])
      for (const server of section.servers) this.#loadServer(section, server);
    this.#loadBinds({ kind: 'global', name: 'GLOBAL' }, global.statsSockets, undefined);
    this.#judgeUpdates();
  }

  /** Of a file that is none of the certificates, its expression has what it needs (acl/converters/token-certificate.ts). */
  loadForTokens(name: string, needsKey: boolean): void {
    const wrong = this.#lists.loadOne(name, '', needsKey);
    if (wrong === undefined) this.store.setForTokens(name, true);
    else if (name.startsWith('@'))
      this.#warn(NOWHERE, `tokens cannot be checked with '${name}': no 'crt-store' has that certificate.`);
    else
      this.#warn(
        NOWHERE,
        `tokens are checked with '${name}' as it is now, commands cannot exchange it: ${wrong}`,
      );
  }

  #loadDhParameters(): void {
    const { dhParamFile } = this.#config.global;
    if (dhParamFile === undefined) return;
    const loaded = loadDhParameters(dhParamFile.path, this.#files);
    if ('error' in loaded) this.#alert(dhParamFile.position, `'ssl-dh-param-file' : ${loaded.error}`);
    else this.store.dhPem = loaded.pem;
  }

  /** What is said of OCSP updates and cannot be. */
  #judgeUpdates(): void {
    const delays = wrongDelays(this.#config.global);
    if (delays !== undefined) this.#alert(NOWHERE, delays);
    for (const stored of this.store.certificates.values()) {
      const { name, load, loaded } = stored;
      const cannot = `'ocsp-update on' of certificate '${name}' has no effect:`;
      if (loaded === undefined || this.store.instancesOf(name)[Symbol.iterator]().next().done === true)
        continue;
      if (load.ocspUpdate === 'on' && responderOf(loaded) === undefined)
        this.#warn(NOWHERE, `${cannot} the certificate names no OCSP responder.`);
      else if (this.store.updatesOcsp(stored) && issuerOf(loaded) === undefined)
        this.#warn(NOWHERE, `${cannot} its issuer is not known, name it with 'issuer'.`);
    }
  }

  #loadStore(section: OtherSection | undefined): void {
    if (section !== undefined)
      loadCrtStore(section, this.#lists, (position, text) => this.#alert(position, text));
  }

  #loadPeers(section: PeersSection): void {
    const { name, bind, peers } = section;
    if (bind !== undefined) this.#loadBinds({ kind: 'peers', name }, [bind], undefined);
    for (const { server } of peers) this.#loadServer(section, server);
  }

  #loadProxy(proxy: Proxy): void {
    if (proxy.disabled) return;
    this.#loadBinds(proxy, proxy.binds, this.#ownList(proxy));
    for (const server of proxy.servers) this.#loadServer(proxy, server, proxy.check);
  }

  /** `ssl-f-use`: a list of the frontend's own, the last line first, as HAProxy has it. */
  #ownList({ name, position, otherLines }: Proxy): CrtList | undefined {
    const lines = otherLines.filter(([word]) => word?.text === 'ssl-f-use').reverse();
    if (lines.length === 0) return undefined;
    const list = this.#lists.createList(`@${name}`, false);
    if (list === undefined) {
      const what = `Couldn't create the crt-list '@${name}', this name is already used by another crt-list!`;
      this.#alert(position, what);
      return undefined;
    }
    for (const line of lines) this.#useLine(list, line);
    return list;
  }

  #useLine(list: CrtList, [keyword, ...words]: readonly Word[]): void {
    const position = keyword?.position ?? NOWHERE;
    const read = readLineOptions(
      words.map(({ text }) => text),
      position,
    );
    if ('error' in read)
      return this.#alert(
        position,
        read.error.replace(/^unknown ssl keyword (\S+)$/, `unknown crt keyword '$1'`),
      );
    const { crt } = read.load;
    if (crt === undefined)
      return this.#alert(position, `Trying to load a certificate but no 'crt' keyword specified.`);
    const wrong = this.#lists.addLine(list, { ...read, crt, filters: [] }, position, '');
    if (wrong !== undefined) this.#alert(position, wrong);
  }

  #loadBinds(owner: Owner, binds: readonly Bind[], ownList: CrtList | undefined): void {
    const done = new Set<string>();
    for (const bind of binds) {
      const key = listenerKey(bind.position);
      if (bind.ssl === undefined || done.has(key)) continue;
      done.add(key);
      this.#loadBind(owner, bind, bind.ssl, ownList);
    }
  }

  #loadBind(owner: Owner, bind: Bind, tls: BindTls, ownList: CrtList | undefined): void {
    const listener: StoredListener = {
      key: listenerKey(bind.position),
      owner: owner.name,
      tls,
      isStrict: listenerSettings(bind, this.#config.global)?.strictSni === true,
      instances: new Map(),
    };
    this.store.listeners.set(listener.key, listener);
    const mistakes = this.diagnostics.length;
    const where = `'bind ${bind.written}' in section '${owner.kind}' : `;
    for (const source of tls.certificates) this.#loadSource(listener, source, bind, tls, where);
    if (ownList !== undefined) this.#lists.use(listener, ownList);
    for (const { certificate } of listener.instances.values())
      this.#judgeResponse(certificate, bind.position, where);
    for (const keyword of ['ca-file', 'ca-verify-file', 'crl-file'] as const)
      this.#loadAuthorities(keyword, tls[SETTING[keyword]], tls.folder, bind.position, where);
    for (const { entry } of listener.instances.values())
      for (const keyword of ['ca-file', 'ca-verify-file', 'crl-file'] as const)
        this.#loadAuthorities(
          keyword,
          entry?.options[SETTING[keyword]],
          tls.folder,
          bind.position,
          `${where}'crt-list' : `,
        );
    this.#loadTicketKeys(bind, tls, where);
    this.#loadSigner(owner, bind, tls);
    if (this.diagnostics.length === mistakes) this.#judge(owner, bind, tls, listener);
  }

  #loadTicketKeys({ otherOptions, position }: Bind, { folder }: BindTls, where: string): void {
    const [name] = otherOptions.get('tls-ticket-keys') ?? [];
    if (name === undefined || this.store.ticketKeys.has(name)) return;
    const loaded = loadTicketKeys(name, folder, this.#files);
    if ('error' in loaded) return this.#alert(position, `${where}'${name}' : ${loaded.error}`);
    this.store.ticketKeys.set(name, loaded.secrets);
    if (loaded.secrets[0]?.length === LONG_TICKET_KEY_BYTES)
      this.#warn(
        position,
        `${where}'tls-ticket-keys' : keys of 80 bytes seal with AES-128 here, and no other program opens those tickets.`,
      );
  }

  #loadSigner({ name: owner }: Owner, { otherOptions, position }: Bind, { folder }: BindTls): void {
    if (!otherOptions.has('generate-certificates')) return;
    const place = `at [${position.file}:${position.line}]`;
    const [file] = otherOptions.get('ca-sign-file') ?? [];
    const [passphrase] = otherOptions.get('ca-sign-pass') ?? [];
    if (file === undefined)
      return this.#alert(
        NOWHERE,
        `Proxy '${owner}': cannot enable certificate generation, no CA certificate File configured ${place}.`,
      );
    const path = withBase(file, this.#config.global.caBase);
    const loaded = loadSigningAuthority(path, passphrase, folder, this.#files);
    if ('error' in loaded)
      this.#alert(
        NOWHERE,
        `Proxy '${owner}': Failed to read CA certificate file '${path}' ${place}. Chain loading failed: ${loaded.error}`,
      );
    else this.store.signingAuthorities.set(listenerKey(position), loaded);
  }

  #loadSource(
    listener: StoredListener,
    { kind, name }: CertificateSource,
    { position }: Bind,
    { folder }: BindTls,
    where: string,
  ): void {
    if (kind === 'crt-list') {
      const { warnings, error } = this.#lists.useFile(listener, name, folder);
      for (const text of warnings) this.#warn(position, `${where}'crt-list' : ${text}`);
      if (error !== undefined) this.#alert(position, `${where}'crt-list' : ${error}`);
      return;
    }
    const wrong = this.#lists.usePath(listener, name, folder, kind === 'default-crt');
    if (wrong !== undefined) this.#alert(position, where + wrong);
  }

  /** The OCSP response that lies beside a certificate. */
  #judgeResponse(name: string, position: Position, where: string): void {
    const stored = this.store.certificates.get(name);
    if (stored?.loaded === undefined || this.#judged.has(name)) return;
    this.#judged.add(name);
    const judged = judgeOwnResponse(stored.loaded, Date.now());
    if ('error' in judged) return this.#alert(position, where + judged.error);
    if (judged.warning !== undefined) this.#warn(NOWHERE, judged.warning);
    this.store.certificates.set(name, { ...stored, loaded: judged.certificate });
  }

  /** What only can be said when all of a line is known. */
  #judge(
    { name }: Owner,
    { written, position, otherOptions }: Bind,
    tls: BindTls,
    listener: StoredListener,
  ): void {
    const { file, line } = position;
    const where = `bind '${written}' at [${file}:${line}]`;
    if (listener.instances.size === 0) {
      const none = `Proxy '${name}': no SSL certificate specified for ${where}`;
      if (listener.isStrict && !otherOptions.has('generate-certificates'))
        this.#warn(NOWHERE, `${none}, ssl connections will fail (use 'crt').`);
      else this.#alert(NOWHERE, `${none} (use 'crt').`);
      return;
    }
    if (listener.isStrict && tls.certificates.some(({ kind }) => kind === 'default-crt'))
      this.#warn(
        NOWHERE,
        `Proxy '${name}': both 'default-crt' and 'strict-sni' keywords are used in ${where}, certificates won't be used as fallback (use 'crt' instead).`,
      );
  }

  #loadAuthorities(
    keyword: keyof typeof SETTING,
    name: string | undefined,
    folder: string,
    position: Position,
    where: string,
  ): void {
    if (name === undefined) return;
    const { caBase } = this.#config.global;
    const full = withBase(name, caBase);
    this.#loadAuthorityFile(keyword, full, folder, position, where);
  }

  #loadAuthorityFile(
    keyword: keyof typeof SETTING,
    full: string | undefined,
    folder: string,
    position: Position,
    where: string,
  ): void {
    if (full === undefined) return;
    if (this.store.authorities.has(full)) return;
    const loaded = loadAuthorities(full, folder, this.#files);
    if ('error' in loaded) {
      this.#alert(NOWHERE, loaded.error);
      return this.#alert(position, `${where}'${keyword}' : unable to load ${full}`);
    }
    for (const text of loaded.warnings) this.#warn(NOWHERE, text);
    this.store.authorities.set(full, { file: loaded.file, kind: keyword === 'crl-file' ? 'crl' : 'ca' });
  }

  #loadServer({ name: backend }: Pick<Proxy, 'name'>, server: Server, method?: CheckMethod): void {
    const { position, name, tls } = server;
    if (tls === undefined) return;
    const where = `'server ${backend}/${name}' : `;
    if (tls.crt !== undefined) {
      const wrong = this.#lists.loadOne(tls.crt, tls.folder);
      if (wrong !== undefined && speaksTls(server, method)) this.#alert(position, where + wrong);
      else if (wrong !== undefined) this.#warn(position, where + wrong);
    }
    this.#loadAuthorityFile('ca-file', tls.caFile, tls.folder, position, where);
    this.#loadAuthorityFile('crl-file', tls.crlFile, tls.folder, position, where);
  }

  #alert(position: Position, message: string): void {
    this.diagnostics.push({ severity: 'alert', position, message });
  }

  #warn(position: Position, message: string): void {
    this.diagnostics.push({ severity: 'warning', position, message });
  }
}

/** Sections of other files come first: a certificate has to be defined before it is used (manual, section 12.7). */
function isBehind(section: Position, proxy: Position): boolean {
  return section.file === proxy.file && section.line > proxy.line;
}

const SETTING = { 'ca-file': 'caFile', 'ca-verify-file': 'caVerifyFile', 'crl-file': 'crlFile' } as const;
