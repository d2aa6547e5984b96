/** Compiles everything that rules say, without serving it: the errors a start would report. */
import { BackendTemplates } from '../../config-parser/backend-templates.ts';
import type { Config } from '../../model/config.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Server } from '../../model/server.ts';
import { compileProxyRules } from '../../rules/compile.ts';
import type { CompileEnvironment } from '../../acl/environment.ts';
import type { ScriptProgram } from '../../rules/script-program.ts';
import type { RuleEnvironment } from '../../rules/environment.ts';
import type { AddressOf } from '../../acl/match/address.ts';
import type { PatternRegistry, ReadFile } from '../../acl/pattern-registry.ts';
import { Environments, SYSTEM_SOURCES } from './compile-environment.ts';
import { compileForwarded } from '../request/forwarded-header.ts';
import { compileAssignment } from './process-variable.ts';
import { InheritedOnce } from './inherited-once.ts';
import { hasRules } from './no-rules.ts';
import { compileBalanceKey } from '../persistence/balance-key.ts';
import { compileLogFormats } from '../accounts/log-line.ts';
import { compileProxyHeader } from '../server/send-proxy.ts';
import { compileConnectionName, compileSni } from '../server/server-security.ts';

export type PatternFile = ReturnType<ReadFile>;

/** Scripts, and what was wrong with them. */
interface LoadedScripts extends ScriptProgram {
  readonly diagnostics: readonly Diagnostic[];
  readonly commands: ReadonlyMap<string, string>;
  /** All rules are compiled: answers what is wrong. */
  init(): readonly Diagnostic[];
}

/** Everything compiled once: what was wrong, all lists of patterns, and the files they were read from. */
export interface CompiledOnce {
  /** What backends start from that come at run time. */
  readonly templates: BackendTemplates;
  readonly diagnostics: readonly Diagnostic[];
  readonly patterns: PatternRegistry;
  readonly files: ReadonlyMap<string, PatternFile>;
  /** Names of hosts among patterns, and their addresses. */
  readonly hosts: ReadonlyMap<string, string | undefined>;
  /** Servers that expressions name, as `<backend id>/<server id>`. */
  readonly namedServers: ReadonlySet<string>;
  /** Commands of scripts for the admin socket: how they are used, by their words. */
  readonly scriptCommands: ReadonlyMap<string, string>;
  /** Backends that expressions name. */
  readonly namedBackends: ReadonlySet<string>;
  /** Certificates that tokens are checked and opened with, and whether their keys are asked for. */
  readonly namedCertificates: ReadonlyMap<string, boolean>;
  /** A backend comes at run time: compiles its rules too, tells what is wrong with them. */
  add(proxy: Proxy): readonly Diagnostic[];
  remove(proxy: Proxy): void;
  /** A server comes at run time: compiles its expressions too, tells what is wrong with them. */
  addServer(server: Server, proxy: Proxy): readonly Diagnostic[];
}

export function compileAll(
  config: Config,
  templates: BackendTemplates = new BackendTemplates(new Map()),
  scripts: (environment: CompileEnvironment) => LoadedScripts | undefined = () => undefined,
): CompiledOnce {
  const once = new InheritedOnce();
  const files = new Map<string, PatternFile>();
  const readFile: ReadFile = path => {
    const file = files.get(path) ?? SYSTEM_SOURCES.readFile(path);
    files.set(path, file);
    return file;
  };
  const hosts = new Map<string, string | undefined>();
  let isLoading = true;
  // who adds a name at run time does not make everybody wait for its address
  const addressOf: AddressOf = host => {
    if (isLoading && !hosts.has(host)) hosts.set(host, SYSTEM_SOURCES.addressOf(host));
    return hosts.get(host);
  };
  const namedCertificates = new Map<string, boolean>();
  const environments = new Environments(config, once.report, { readFile, addressOf }, undefined, {
    refer: (name, needsKey) =>
      void namedCertificates.set(name, needsKey || namedCertificates.get(name) === true),
    find: () => undefined,
  });
  const outside = environments.outside(once.report);
  const loaded = scripts(outside);
  environments.useScripts(loaded);
  for (const mistake of loaded?.diagnostics ?? []) once.report(mistake);
  for (const source of config.global.setVars) compileAssignment(source, 'configuration parser', outside);
  for (const proxy of config.proxies) {
    once.startSection(proxy);
    compileProxy(proxy, environments, config);
  }
  for (const mistake of loaded?.init() ?? []) once.report(mistake);
  const { diagnostics } = once;
  environments.patterns.assignIds();
  isLoading = false;
  return {
    templates,
    diagnostics,
    patterns: environments.patterns,
    files,
    hosts,
    scriptCommands: loaded?.commands ?? new Map(),
    namedServers: environments.namedServers,
    namedBackends: environments.namedBackends,
    namedCertificates,
    add: proxy => {
      const before = diagnostics.length;
      environments.follow(undefined, proxy);
      once.startSection(proxy);
      environments.compileAdded(proxy, () => compileProxy(proxy, environments, config));
      environments.patterns.assignIds();
      return diagnostics.splice(before);
    },
    remove: proxy => environments.follow(proxy, { ...proxy, removed: true }),
    addServer: (server, proxy) => {
      const before = diagnostics.length;
      once.startSection(proxy);
      compileServer(server, proxy, () => environments.of(proxy));
      return diagnostics.splice(before);
    },
  };
}

function compileServer(server: Server, { mode }: Proxy, environment: () => RuleEnvironment): void {
  if (server.sendProxy !== undefined) compileProxyHeader(server.sendProxy, environment);
  compileConnectionName(server, environment);
  // without TLS too: what is said of it is for later, or for checks
  const tls = server.ssl ?? server.tls;
  if (tls !== undefined) compileSni(server, tls, mode, environment);
}

function compileProxy(proxy: Proxy, environments: Environments, config: Config): void {
  const { forwarded } = proxy.options;
  compileBalanceKey(proxy, environments);
  for (const server of proxy.servers) compileServer(server, proxy, () => environments.of(proxy));
  const isPlain = !hasRules(proxy) && proxy.defaultsAcls.length === 0 && forwarded === undefined;
  if (proxy.kind === 'backend' && isPlain) return;
  const environment = environments.of(proxy);
  if (proxy.kind !== 'frontend') compileForwarded(proxy, environment);
  compileProxyRules(proxy, environment);
  compileLogFormats(proxy, environment, config);
}
