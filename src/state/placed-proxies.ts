/**
 * The list of proxies while the process runs: a row of the shared plan is a place in `config.proxies`. Backends that
 * come at run time take places behind those of the configuration; of one that is gone something stays, so that the
 * others keep theirs. Each thread does this to its own copy of the configuration.
 */
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';

export function placeProxy(config: Config, row: number, proxy: Proxy): void {
  (config.proxies as Proxy[])[row] = proxy;
}

/** What stays: no name or number finds it, nothing is told of it. */
export function placeholderFor(proxy: Proxy): Proxy {
  return { ...proxy, name: '', id: 0, removed: true, disabled: true, rules: [], acls: [], servers: [] };
}

/** For one more backend: behind the last if there is room, else in the place of one that was added and is gone. */
export function freeRow(
  { proxies }: Config,
  plan: { proxies: number; spareBackends: number },
): number | undefined {
  if (proxies.length < plan.proxies) return proxies.length;
  const row = proxies.findIndex(
    ({ removed }, at) => removed === true && at >= plan.proxies - plan.spareBackends,
  );
  return row < 0 ? undefined : row;
}
