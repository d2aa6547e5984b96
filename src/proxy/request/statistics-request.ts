/** Requests for the statistics page of a proxy (manual, `stats uri`): who asks for it, and who may have it. */
import type { Proxy } from '../../model/proxy.ts';
import { ACCEPT, CONTINUE, SERVICE, type Verdict } from '../../rules/verdict.ts';
import type { BackendRuntime, FrontendRuntime } from '../runtime/runtime.ts';
import type { Transaction } from '../transaction.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST']);

/** SERVICE: the page of that proxy is to answer; CONTINUE: it was not asked for. */
export function statisticsVerdict(
  { config, row, rules }: FrontendRuntime | BackendRuntime,
  transaction: Transaction,
): Verdict {
  if (config.stats === undefined || !asksFor(config.stats, transaction)) return CONTINUE;
  const verdict = rules.statsRequest.run(transaction);
  if (verdict !== CONTINUE && verdict !== ACCEPT) return verdict;
  transaction.statistics = { proxy: row, admin: rules.statsAdmin(transaction) };
  return SERVICE;
}

function asksFor({ uri }: NonNullable<Proxy['stats']>, { request }: Transaction): boolean {
  if (request === undefined || !METHODS.has(request.method)) return false;
  const { target } = request;
  return (uri.startsWith('/') ? pathOf(target) : target).startsWith(uri);
}

/** Of a target with scheme and authority, what follows them. */
function pathOf(target: string): string {
  if (target.startsWith('/')) return target;
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(target);
  return path === null ? target : target.slice(path[0].length);
}
