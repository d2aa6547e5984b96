/** Which listening address a request would reach, and why: by name, by port, or for want of a better one. */
import type { ExplainOptions } from '../../config-parser/explain-command.ts';
import type { Bind } from '../../model/bind.ts';
import type { Config } from '../../model/config.ts';
import type { Proxy } from '../../model/proxy.ts';

export interface ListenerChoice {
  /** Position in `config.proxies`, and of the bind in its proxy. */
  readonly row: number;
  readonly index: number;
  readonly proxy: Proxy;
  readonly bind: Bind;
  readonly reason: string;
}

interface Candidate extends Omit<ListenerChoice, 'reason'> {
  readonly points: number;
}

const NAMED_HOST = 8;
const SAME_PORT = 4;
const SAME_SECURITY = 2;
const SPEAKS_HTTP = 1;

/** Answers a sentence when there is none. */
export function chooseListener(config: Config, options: ExplainOptions): ListenerChoice | string {
  const { frontend } = options;
  const candidates = candidatesOf(config, options).filter(
    ({ proxy }) => frontend === undefined || proxy.name === frontend,
  );
  if (frontend !== undefined && !config.proxies.some(proxy => isFrontend(proxy) && proxy.name === frontend))
    return `there is no frontend '${frontend}'`;
  const best = candidates.toSorted((a, b) => b.points - a.points)[0];
  if (best === undefined)
    return frontend === undefined ? 'no frontend listens' : `frontend '${frontend}' has no bind line`;
  return { ...best, reason: reasonFor(best, options) };
}

function isFrontend({ kind, disabled }: Proxy): boolean {
  return kind !== 'backend' && !disabled;
}

function candidatesOf(config: Config, options: ExplainOptions): Candidate[] {
  return config.proxies.flatMap((proxy, row) =>
    isFrontend(proxy)
      ? proxy.binds.map((bind, index) => ({ row, index, proxy, bind, points: points(proxy, bind, options) }))
      : [],
  );
}

function points(proxy: Proxy, { address, ssl }: Bind, { request }: ExplainOptions): number {
  const isIp = address.kind === 'ip';
  const host = request.authority?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return (
    (isIp && address.host === host ? NAMED_HOST : 0) +
    (isIp && address.port === request.port ? SAME_PORT : 0) +
    ((ssl !== undefined) === (request.scheme === 'https') ? SAME_SECURITY : 0) +
    (proxy.mode === 'http' ? SPEAKS_HTTP : 0)
  );
}

function reasonFor({ points: reached }: Candidate, { frontend, request }: ExplainOptions): string {
  if ((reached & SAME_PORT) !== 0) return `it listens on port ${request.port}`;
  if (frontend !== undefined) return `it was asked for`;
  return `no address has port ${request.port}: taken for want of a better one (name one with --frontend, or a port in the URL)`;
}
