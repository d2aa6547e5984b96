/**
 * Compiles the configuration into what a data thread serves with. Backends are compiled when the first request
 * asks for them, so that thousands of them cost nothing at start.
 */
import type { PatternRegistry, ReadFile } from '../acl/pattern-registry.ts';
import type { VariableNames } from '../acl/variables.ts';
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import { PROXY_UNPUBLISHED } from '../state/server-words.ts';
import { BackendService } from './backend-service.ts';
import type { DynamicCookieSetting } from './cookie-keeper.ts';
import { Environments } from './compile-environment.ts';
import { FrontendService, type BackendDirectory } from './frontend-service.ts';
import type { BackendRuntime, DataThread, FrontendRuntime } from './runtime.ts';

export class Runtime implements BackendDirectory {
  readonly #config: Config;
  readonly #thread: DataThread;
  readonly environments: Environments;
  readonly #rowOfName = new Map<string, number>();
  readonly #rowOfId = new Map<number, number>();
  readonly #frontends: (FrontendRuntime | undefined)[] = [];
  readonly #backends: (BackendService | undefined)[] = [];
  /** Settings of servers that are not those of the configuration any more, by backend and row. */
  readonly #dynamicCookies = new Map<number, DynamicCookieSetting>();
  readonly #changedServers = new Map<number, Map<number, Server | undefined>>();

  constructor(config: Config, thread: DataThread, readFile?: ReadFile) {
    this.#config = config;
    this.#thread = thread;
    // mistakes were reported when the configuration was checked, before threads started
    this.environments = new Environments(config, () => undefined, readFile, thread.state.tables);
    for (const [row, proxy] of config.proxies.entries()) {
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

  isPublished(id: number): boolean {
    const row = this.#rowOfId.get(id);
    return row === undefined || this.isRowPublished(row);
  }

  isRowPublished(row: number): boolean {
    return (this.#thread.state.servers.proxyFlags(row) & PROXY_UNPUBLISHED) === 0;
  }

  #backend(row: number | undefined): BackendRuntime | undefined {
    if (row === undefined) return undefined;
    return (this.#backends[row] ??= this.#compile(row));
  }

  #compile(row: number): BackendService {
    const backend = new BackendService(this.#config, row, this.#thread, this.environments);
    for (const [server, config] of this.#changedServers.get(row) ?? []) backend.serverChanged(server, config);
    const cookie = this.#dynamicCookies.get(row);
    if (cookie !== undefined) backend.setDynamicCookie(cookie);
    return backend;
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

  #proxy(row: number): Proxy {
    return this.#config.proxies[row] as Proxy;
  }
}
