/**
 * Compiles the configuration into what a data thread serves with. Backends are compiled when the first request
 * asks for them, so that thousands of them cost nothing at start.
 */
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';
import { BackendService } from './backend-service.ts';
import { Environments } from './compile-environment.ts';
import { FrontendService, type BackendDirectory } from './frontend-service.ts';
import type { BackendRuntime, DataThread, FrontendRuntime } from './runtime.ts';

export class Runtime implements BackendDirectory {
  readonly #config: Config;
  readonly #thread: DataThread;
  readonly #environments: Environments;
  readonly #rowOfName = new Map<string, number>();
  readonly #rowOfId = new Map<number, number>();
  readonly #frontends: (FrontendRuntime | undefined)[] = [];
  readonly #backends: (BackendRuntime | undefined)[] = [];

  constructor(config: Config, thread: DataThread) {
    this.#config = config;
    this.#thread = thread;
    // mistakes were reported when the configuration was checked, before threads started
    this.#environments = new Environments(config, () => undefined);
    for (const [row, proxy] of config.proxies.entries()) {
      if (proxy.kind === 'frontend') continue;
      this.#rowOfName.set(proxy.name, row);
      this.#rowOfId.set(proxy.id, row);
    }
  }

  /** By position in `config.proxies`. */
  frontend(row: number): FrontendRuntime {
    return (this.#frontends[row] ??= new FrontendService(
      this.#config,
      this.#proxy(row),
      row,
      this,
      this.#environments,
      this.#thread.logs,
    ));
  }

  backendNamed(name: string): BackendRuntime | undefined {
    return this.#backend(this.#rowOfName.get(name));
  }

  backendWithId(id: number): BackendRuntime | undefined {
    return this.#backend(this.#rowOfId.get(id));
  }

  #backend(row: number | undefined): BackendRuntime | undefined {
    if (row === undefined) return undefined;
    return (this.#backends[row] ??= new BackendService(this.#config, row, this.#thread, this.#environments));
  }

  #proxy(row: number): Proxy {
    return this.#config.proxies[row] as Proxy;
  }
}
