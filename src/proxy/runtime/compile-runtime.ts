/**
 * Compiles the configuration into what a data thread serves with. Backends are compiled when the first request
 * asks for them, so that thousands of them cost nothing at start.
 */
import type { PatternRegistry, PatternSources } from '../../acl/pattern-registry.ts';
import type { VariableNames } from '../../acl/variables.ts';
import type { Config } from '../../model/config.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Server } from '../../model/server.ts';
import { placeProxy } from '../../state/placed-proxies.ts';
import { PROXY_UNPUBLISHED } from '../../state/server-words.ts';
import { BackendService } from './backend-service.ts';
import type { DynamicCookieSetting } from '../persistence/cookie-keeper.ts';
import { looksAtClients } from '../client/client-address.ts';
import { Environments } from './compile-environment.ts';
import { FrontendService, type BackendDirectory } from './frontend-service.ts';
import type { BackendRuntime, DataThread, FrontendRuntime } from './runtime.ts';

export class Runtime implements BackendDirectory {
  readonly #config: Config;
  readonly #thread: DataThread;
  readonly environments: Environments;
  readonly looksAtClients: boolean;
  /** Proxies of the configuration; backends that were added have higher rows. */
  readonly #configured: number;
  readonly #rowOfName = new Map<string, number>();
  readonly #rowOfId = new Map<number, number>();
  readonly #frontends: (FrontendRuntime | undefined)[] = [];
  readonly #backends: (BackendService | undefined)[] = [];
  /** Settings of servers that are not those of the configuration any more, by backend and row. */
  readonly #dynamicCookies = new Map<number, DynamicCookieSetting>();
  readonly #changedServers = new Map<number, Map<number, Server | undefined>>();

  constructor(config: Config, thread: DataThread, sources?: PatternSources) {
    this.#config = config;
    this.#thread = thread;
    // mistakes were reported when the configuration was checked, before threads started
    const { state, certificates } = thread;
    this.environments = new Environments(config, () => undefined, sources, state.tables, {
      refer: () => undefined,
      find: name => certificates.forTokens(name),
    });
    this.looksAtClients = looksAtClients(config);
    this.#configured = thread.state.plan.proxies - thread.state.plan.spareBackends;
    for (const [row, proxy] of config.proxies.entries()) {
      if (proxy.removed === true) continue;
      if (proxy.kind === 'frontend') continue;
      this.#rowOfName.set(proxy.name, row);
      this.#rowOfId.set(proxy.id, row);
    }
  }

  /** The thread's lists of patterns. */
  get patterns(): PatternRegistry {
    return this.environments.patterns;
  }

  get variables(): VariableNames {
    return this.environments.variables;
  }

  /** By position in `config.proxies`. */
  frontend(row: number): FrontendRuntime {
    return (this.#frontends[row] ??= new FrontendService(
      this.#config,
      this.#proxy(row),
      row,
      this,
      this.environments,
      this.#thread.logs,
    ));
  }

  backendNamed(name: string): BackendRuntime | undefined {
    return this.#backend(this.#rowOfName.get(name));
  }

  backendWithId(id: number): BackendRuntime | undefined {
    return this.#backend(this.#rowOfId.get(id));
  }

  takesTraffic(id: number): boolean {
    const row = this.#rowOfId.get(id);
    return row === undefined || (!this.#proxy(row).disabled && this.isRowPublished(row));
  }

  isRowPublished(row: number): boolean {
    return (this.#thread.state.servers.proxyFlags(row) & PROXY_UNPUBLISHED) === 0;
  }

  #backend(row: number | undefined): BackendRuntime | undefined {
    if (row === undefined) return undefined;
    return (this.#backends[row] ??= this.#compile(row));
  }

  #compile(row: number): BackendService {
    const compile = (): BackendService =>
      new BackendService(this.#config, row, this.#thread, this.environments);
    const isAdded = row >= this.#configured;
    const backend = isAdded ? this.environments.compileAdded(this.#proxy(row), compile) : compile();
    for (const [server, config] of this.#changedServers.get(row) ?? []) backend.serverChanged(server, config);
    const cookie = this.#dynamicCookies.get(row);
    if (cookie !== undefined) backend.setDynamicCookie(cookie);
    return backend;
  }

  /** A backend came at run time, or is gone (`removed`): then it serves nothing and has no servers. */
  backendChanged(row: number, proxy: Proxy): void {
    const before = this.#config.proxies[row];
    if (before !== undefined) {
      this.#rowOfName.delete(before.name);
      this.#rowOfId.delete(before.id);
    }
    this.environments.follow(before, proxy);
    placeProxy(this.#config, row, proxy);
    this.#backends[row] = undefined;
    this.#changedServers.delete(row);
    this.#dynamicCookies.delete(row);
    if (proxy.removed === true) return;
    this.#rowOfName.set(proxy.name, row);
    this.#rowOfId.set(proxy.id, row);
  }

  setDynamicCookie(backend: number, setting: DynamicCookieSetting): void {
    this.#dynamicCookies.set(backend, setting);
    this.#backends[backend]?.setDynamicCookie(setting);
  }

  /** A server has other settings, is new, or is gone (undefined). */
  serverChanged(backend: number, row: number, config: Server | undefined): void {
    let changed = this.#changedServers.get(backend);
    if (changed === undefined) this.#changedServers.set(backend, (changed = new Map()));
    changed.set(row, config);
    this.#backends[backend]?.serverChanged(row, config);
  }

  dropIdle(backend: number, server: number): void {
    this.#backends[backend]?.dropIdle(server);
  }

  #proxy(row: number): Proxy {
    return this.#config.proxies[row] as Proxy;
  }
}
