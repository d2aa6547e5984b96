/**
 * Compiles the configuration into what a data thread serves with. Backends are compiled when the first request
 * asks for them, so that thousands of them cost nothing at start.
 */
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';
import { BackendService } from './backend-service.ts';
import { FrontendService } from './frontend-service.ts';
import type { BackendRuntime, DataThread, FrontendRuntime } from './runtime.ts';

export interface Runtime {
  /** By position in `config.proxies`. */
  frontend(proxy: number): FrontendRuntime;
  backendNamed(name: string): BackendRuntime | undefined;
}

export function compileRuntime(config: Config, thread: DataThread): Runtime {
  const backends = new Map<string, BackendRuntime>();
  const byName = new Map<string, number>();
  for (const [row, proxy] of config.proxies.entries())
    if (servesAsBackend(proxy)) byName.set(proxy.name, row);
  const frontends = new Map<number, FrontendRuntime>();
  const runtime: Runtime = {
    frontend(position) {
      let frontend = frontends.get(position);
      if (frontend === undefined) {
        frontend = new FrontendService(config, config.proxies[position] as Proxy, position, runtime);
        frontends.set(position, frontend);
      }
      return frontend;
    },
    backendNamed(name) {
      const known = backends.get(name);
      if (known !== undefined) return known;
      const row = byName.get(name);
      if (row === undefined) return undefined;
      const backend = new BackendService(config.proxies[row] as Proxy, row, thread);
      backends.set(name, backend);
      return backend;
    },
  };
  return runtime;
}

function servesAsBackend(proxy: Proxy): boolean {
  return proxy.kind !== 'frontend';
}
