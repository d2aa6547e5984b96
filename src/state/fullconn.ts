/**
 * `fullconn` of a backend that says none (manual, `fullconn`): a tenth of the connections that the frontends which
 * may send it requests can have together. Where the name is made at run time, the frontend does not count.
 */
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';

/** One for each proxy, by its position. `processMaxconn`: what a frontend without `maxconn` may have. */
export function fullconns({ proxies }: Config, processMaxconn: number): number[] {
  const totals = new Map<string, number>();
  for (const frontend of proxies) {
    if (frontend.kind === 'backend') continue;
    for (const name of targetsOf(frontend))
      totals.set(name, (totals.get(name) ?? 0) + (frontend.maxconn || processMaxconn));
  }
  return proxies.map(({ fullconn, name }) =>
    fullconn > 0 ? fullconn : Math.max(1, Math.ceil((totals.get(name) ?? 0) / 10)),
  );
}

function targetsOf({ kind, name, defaultBackend, useBackends }: Proxy): ReadonlySet<string> {
  const targets = new Set(useBackends.map(({ target }) => target.text));
  if (kind === 'listen') targets.add(name);
  if (defaultBackend !== undefined) targets.add(defaultBackend.text);
  return targets;
}
