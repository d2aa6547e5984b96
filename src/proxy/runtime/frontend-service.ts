/** A frontend of one data thread: its limits, its rules, its choice of backend, its log. */
import type { ProxyFacts } from '../../acl/context.ts';
import { nameCaseOf, type NameCase } from '../../http/header-names.ts';
import type { HeadLimits } from '../../http/head-limits.ts';
import type { Config } from '../../model/config.ts';
import type { Proxy } from '../../model/proxy.ts';
import { compileProxyRules } from '../../rules/compile.ts';
import type { ProxyRules } from '../../rules/proxy-rules.ts';
import { looksAtStored } from '../../rules/response-interest.ts';
import type { Environments } from './compile-environment.ts';
import { requestLimits } from './head-limits.ts';
import { proxyFacts } from './proxy-facts.ts';
import { HeadCaptures } from '../request/head-captures.ts';
import { compileLogFormats, FrontendLog, type LogStep } from '../accounts/log-line.ts';
import { logsServerCertificate, logsServerSource } from '../server/server-source.ts';
import type {
  BackendRuntime,
  ExchangeContext,
  FrontendRuntime,
  LogSink,
  Refusal,
  ServerRuntime,
} from './runtime.ts';

/** All proxies of a thread, as a frontend needs them. */
export interface BackendDirectory {
  readonly looksAtClients: boolean;
  backendNamed(name: string): BackendRuntime | undefined;
  /** By the model's `Proxy.id`. */
  backendWithId(id: number): BackendRuntime | undefined;
  /** False when it is disabled, and after `unpublish backend`. */
  takesTraffic(id: number): boolean;
  isRowPublished(row: number): boolean;
}

export class FrontendService implements FrontendRuntime {
  readonly config: Proxy;
  readonly row: number;
  readonly facts: ProxyFacts;
  readonly limits: HeadLimits;
  readonly keepsClients: boolean;
  readonly isHaterm: boolean;
  readonly waitsForIdle: boolean;
  readonly closesServers: boolean;
  readonly dropsTrailers: boolean;
  readonly nameCase: NameCase | undefined;
  readonly rules: ProxyRules;
  readonly captures: HeadCaptures;
  readonly hasCookie: boolean;
  readonly logsResponses: boolean;
  readonly logsEarly: boolean;
  readonly logsSteps: boolean;
  readonly countsOnTheWay: boolean;
  readonly looksAtClients: boolean;
  readonly looksAtStored: boolean;
  readonly logsServerSource: boolean;
  readonly logsServerCertificate: boolean;
  readonly #log: FrontendLog;
  readonly #backends: BackendDirectory;
  readonly #defaultName: string | undefined;
  #default: BackendRuntime | undefined;
  readonly #eligible: (backend: number) => boolean;

  constructor(
    config: Config,
    proxy: Proxy,
    row: number,
    backends: BackendDirectory,
    environments: Environments,
    logs: LogSink,
  ) {
    this.config = proxy;
    this.row = row;
    this.facts = proxyFacts(proxy);
    const { flags } = proxy.options;
    this.limits = requestLimits(config, proxy);
    this.keepsClients = !flags.has('httpclose');
    this.isHaterm = proxy.haterm === true;
    this.waitsForIdle = flags.has('idle-close-on-response');
    this.closesServers = flags.has('http-server-close');
    this.dropsTrailers = flags.has('http-drop-response-trailers');
    this.nameCase = nameCaseOf(flags.has('h1-case-adjust-bogus-client'), config.global.h1CaseAdjust);
    const environment = environments.of(proxy);
    this.rules = compileProxyRules(proxy, environment);
    this.looksAtClients = backends.looksAtClients;
    this.logsServerSource = logsServerSource(proxy);
    this.logsServerCertificate = logsServerCertificate(proxy);
    this.logsEarly = proxy.options.flags.has('logasap');
    this.logsSteps = proxy.logSteps !== undefined;
    this.countsOnTheWay = proxy.options.flags.has('contstats');
    this.captures = new HeadCaptures(proxy.captures);
    this.hasCookie = proxy.kind === 'listen' && proxy.cookie !== undefined;
    this.#log = new FrontendLog(proxy, compileLogFormats(proxy, environment, config), config.global, logs);
    this.logsResponses = this.#log.readsResponses;
    this.looksAtStored = readsStored(this) || this.logsResponses;
    this.#backends = backends;
    this.#eligible = backend => backends.takesTraffic(backend);
    this.#defaultName = proxy.defaultBackend?.text ?? (proxy.kind === 'listen' ? proxy.name : undefined);
  }

  serverNamed(backend: string, server: string): ServerRuntime | undefined {
    return this.#backends.backendNamed(backend)?.servers.find(({ config }) => config.name === server);
  }

  /** The other half of a `listen`. */
  ownBackend(): BackendRuntime | undefined {
    const { kind, name } = this.config;
    return kind === 'listen' ? this.#backends.backendNamed(name) : undefined;
  }

  chooseBackend(ctx: ExchangeContext): BackendRuntime | undefined {
    const { backendSwitch } = this.rules;
    const id = backendSwitch.choose(ctx, this.#eligible);
    if (id >= 0) return this.#backends.backendWithId(id);
    const backend = this.#defaultBackend();
    if (backend === undefined || this.#takesTraffic(backend) || backendSwitch.forced(ctx)) return backend;
    return undefined;
  }

  /** Compiled when the first request goes there. */
  #defaultBackend(): BackendRuntime | undefined {
    if (this.#default === undefined && this.#defaultName !== undefined)
      this.#default = this.#backends.backendNamed(this.#defaultName);
    return this.#default;
  }

  #takesTraffic({ config, row }: BackendRuntime): boolean {
    return !config.disabled && this.#backends.isRowPublished(row);
  }

  logStart(ctx: ExchangeContext): void {
    this.#log.started(ctx);
  }

  log(ctx: ExchangeContext): void {
    this.#log.ended(ctx);
  }

  logRefused(ctx: ExchangeContext, refusal: Refusal): void {
    this.#log.refused(ctx, refusal);
  }

  logStep(ctx: ExchangeContext, step: LogStep): void {
    this.#log.reached(ctx, step);
  }

  logNow(ctx: ExchangeContext, origin: string, profile: string | undefined): void {
    this.#log.now(ctx, origin, profile);
  }

  logText(level: number, text: string): boolean {
    return this.#log.text(level, text);
  }

  uniqueId(ctx: ExchangeContext): string | undefined {
    return this.#log.uniqueId(ctx);
  }
}

function readsStored({ config, rules, nameCase, dropsTrailers }: FrontendService): boolean {
  const { captures, compression } = config;
  const isCaptured = captures.response.length > 0 || captures.cookie !== undefined;
  const isChanged = compression !== undefined || nameCase !== undefined || dropsTrailers;
  return isCaptured || isChanged || looksAtStored(rules);
}
