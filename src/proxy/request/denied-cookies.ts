/**
 * What logs tell of the cookies of a request that rules deny, or hold in the tarpit: they are looked at as if it went on,
 * and the server they name stands in the log (manual, section 8.5).
 */
import type { FrontendRuntime } from '../runtime/runtime.ts';
import type { Transaction } from '../transaction.ts';

export function readDeniedCookies(transaction: Transaction, frontend: FrontendRuntime): void {
  transaction.captureCookie();
  const backend = transaction.backendRuntime ?? (frontend.hasCookie ? frontend.ownBackend() : undefined);
  if (backend === undefined || transaction.cookieRead) return;
  backend.lookAtCookies(transaction);
  transaction.serverRuntime ??= transaction.cookieServer;
}
