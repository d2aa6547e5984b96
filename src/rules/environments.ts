/**
 * Makes the environments in which the rules of each proxy of a configuration are compiled: names of other sections,
 * ACLs, error pages. One for a thread; asked for a proxy when its rules are compiled.
 */
import { allowedOf, TOKEN_ENCRYPTIONS, TOKEN_KEY_ALGORITHMS } from '../model/token-algorithms.ts';
import { AclTable } from '../acl/acl-table.ts';
import type {
  CompileEnvironment,
  Directory,
  ProxyEntry,
  TokenAlgorithms,
  TokenCertificates,
} from '../acl/environment.ts';
import type { PatternRegistry } from '../acl/pattern-registry.ts';
import type { VariableNames } from '../acl/variables.ts';
import { ringNames, STREAM_SINKS } from '../config-parser/event-sinks.ts';
import type { Config } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Proxy } from '../model/proxy.ts';
import type { StickTables } from '../state/stick-table/stick-tables.ts';
import { CaptureSlots } from './capture-slots.ts';
import type { ErrorPages } from './context.ts';
import type { RuleEnvironment } from './environment.ts';
import type { ScriptProgram } from './script-program.ts';
import { compileErrorSections } from './error-pages.ts';

const DEFAULT_STICK_COUNTERS = 3;

/** What all rules of a thread share. */
interface SharedEnvironment {
  readonly report: (diagnostic: Diagnostic) => void;
  readonly variables: VariableNames;
  readonly patterns: PatternRegistry;
  readonly tables: StickTables;
  readonly tokenCertificates: TokenCertificates | undefined;
  /** Environment variables as they were at load. */
  readonly environment: (name: string) => string | undefined;
}

export class RuleEnvironments {
  readonly directory: ConfigDirectory;
  /** Servers that expressions name, as `<backend id>/<server id>`: they cannot be removed at run time. */
  readonly namedServers: Set<string> = new Set();
  /** Backends that expressions name: nor can they. */
  readonly namedBackends: Set<string> = new Set();
  readonly #config: Config;
  readonly #shared: SharedEnvironment;
  /** Set before the first rule is compiled. */
  scripts: ScriptProgram | undefined;
  readonly #sections: Map<string, ErrorPages> = new Map();
  readonly #namedFormats: RuleEnvironment['namedFormats'] = new Map();
  readonly #stickCounters: number;
  readonly #tokenAlgorithms: TokenAlgorithms;
  #sectionsCompiled = false;

  constructor(config: Config, shared: SharedEnvironment) {
    this.#config = config;
    this.#shared = shared;
    this.#stickCounters = stickCountersOf(config);
    this.#tokenAlgorithms = tokenAlgorithmsOf(config);
    this.directory = new ConfigDirectory(config, this.namedServers, this.namedBackends);
  }

  for(section: Proxy): RuleEnvironment {
    const { global } = this.#config;
    const { report, variables, patterns, tables, tokenCertificates, environment } = this.#shared;
    // without a spread, which makes an object of so many fields three times as slowly: there may be thousands of proxies
    const env: RuleEnvironment = {
      report,
      variables,
      patterns,
      tables,
      tokenCertificates,
      environment,
      scripts: this.scripts,
      stickCounters: this.#stickCounters,
      tokenAlgorithms: this.#tokenAlgorithms,
      acls: new AclTable(section.acls),
      defaultsAcls: new AclTable(section.defaultsAcls),
      directory: this.directory,
      proxy: entryOf(section),
      section,
      errorSections: this.#sections,
      captures: new CaptureSlots(section.captures),
      namedFormats: this.#namedFormats,
      experimental: global.flags.has('expose-experimental-directives'),
      bufsize: global.tune.bufsize,
      largeBodyBytes: Math.max(0, global.tune.largeBufsize - global.tune.maxrewrite),
    };
    if (!this.#sectionsCompiled) this.#compileSections(env);
    return env;
  }

  /** For expressions that belong to no proxy. */
  outside(report: SharedEnvironment['report']): CompileEnvironment {
    return {
      ...this.#shared,
      scripts: this.scripts,
      report,
      stickCounters: this.#stickCounters,
      tokenAlgorithms: this.#tokenAlgorithms,
      acls: new AclTable([]),
      directory: this.directory,
      proxy: undefined,
    };
  }

  /** http-errors sections belong to no proxy; log formats in them see no ACL. */
  #compileSections(env: RuleEnvironment): void {
    this.#sectionsCompiled = true;
    const outside = { ...env, acls: new AclTable([]), proxy: undefined };
    const compiled = compileErrorSections(this.#config.httpErrors, outside);
    for (const [name, pages] of compiled) this.#sections.set(name, pages);
  }
}

/** `tune.stick-counters`: a connection or request tracks so many keys at once. */
function stickCountersOf({ global }: Config): number {
  return Number(global.tune.other.get('tune.stick-counters')?.[0] ?? DEFAULT_STICK_COUNTERS);
}

class ConfigDirectory implements Directory {
  readonly #frontends = new Map<string, ProxyEntry>();
  readonly #backends = new Map<string, ProxyEntry>();
  readonly #servers = new Map<number, ReadonlyMap<string, number>>();
  readonly #sinks: ReadonlySet<string>;
  readonly #userlists: Map<string, Config['userlists'][number]>;
  readonly #proxies = new Map<number, Proxy>();

  readonly #named: Set<string>;
  readonly #namedBackends: Set<string>;

  constructor(config: Config, named: Set<string>, namedBackends: Set<string>) {
    this.#named = named;
    this.#namedBackends = namedBackends;
    for (const proxy of config.proxies) {
      if (proxy.removed === true) continue;
      const entry = entryOf(proxy);
      this.#proxies.set(proxy.id, proxy);
      if (proxy.kind !== 'backend') this.#frontends.set(proxy.name, entry);
      if (proxy.kind !== 'frontend') this.#backends.set(proxy.name, entry);
    }
    this.#sinks = new Set<string>([...STREAM_SINKS, ...ringNames(config)]);
    this.#userlists = new Map(config.userlists.map(list => [list.name, list]));
  }

  frontend(name: string): ProxyEntry | undefined {
    return this.#frontends.get(name);
  }

  backend(name: string): ProxyEntry | undefined {
    return this.#backends.get(name);
  }

  refer(backend: string): void {
    this.#namedBackends.add(backend);
  }

  /** A backend came at run time, or is gone: then others may get its name and number. */
  follow(before: Proxy | undefined, now: Proxy): void {
    if (before !== undefined) {
      this.#backends.delete(before.name);
      this.#proxies.delete(before.id);
      this.#servers.delete(before.id);
    }
    if (now.removed === true) return;
    this.#backends.set(now.name, entryOf(now));
    this.#proxies.set(now.id, now);
  }

  server(backend: ProxyEntry, name: string): number | undefined {
    let servers = this.#servers.get(backend.id);
    if (servers === undefined) {
      const list = this.#proxies.get(backend.id)?.servers ?? [];
      servers = new Map(list.map(server => [server.name, server.id]));
      this.#servers.set(backend.id, servers);
    }
    const id = servers.get(name);
    if (id !== undefined) this.#named.add(`${backend.id}/${id}`);
    return id;
  }

  userlist(name: string): Config['userlists'][number] | undefined {
    return this.#userlists.get(name);
  }

  sink(name: string): boolean {
    return this.#sinks.has(name);
  }
}

function entryOf({ name, id, kind, fullconn }: Proxy): ProxyEntry {
  return { name, id, kind, fullconn };
}

function tokenAlgorithmsOf({ global: { ssl } }: Config): TokenAlgorithms {
  const read = (name: string, all: readonly string[]): ReadonlySet<string> | undefined => {
    const list = ssl.get(name)?.[0];
    const allowed = list === undefined ? undefined : allowedOf(list, all);
    return typeof allowed === 'string' ? undefined : allowed;
  };
  const keys = read('jwt.decrypt_alg_list', TOKEN_KEY_ALGORITHMS);
  const contents = read('jwt.decrypt_enc_list', TOKEN_ENCRYPTIONS);
  return { ...(keys !== undefined && { keys }), ...(contents !== undefined && { contents }) };
}
