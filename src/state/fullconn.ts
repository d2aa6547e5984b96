/**
 * `fullconn` of a backend that says none (manual, `fullconn`): a tenth of the connections that the frontends which
 * may send it requests can have together. Where the name is made at run time, the frontend does not count.
 */
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';

/** `processMaxconn`: what a frontend without `maxconn` may have. */
export function fullconnOf({ proxies }: Config, backend: Proxy, processMaxconn: number): number {
  if (backend.fullconn > 0) return backend.fullconn;
  const total = proxies
    .filter(frontend => frontend.kind !== 'backend' && maySend(frontend, backend))
    .reduce((sum, { maxconn }) => sum + (maxconn || processMaxconn), 0);
  return Math.max(1, Math.ceil(total / 10));
}

function maySend(frontend: Proxy, backend: Proxy): boolean {
  return (
    frontend === backend ||
    frontend.defaultBackend?.text === backend.name ||
    frontend.useBackends.some(({ target }) => target.text === backend.name)
  );
}
