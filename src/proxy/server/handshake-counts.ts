/** What traffic's TLS handshakes with servers are counted by; checks count theirs alike (`ServerWriter`). */
import type { Connection } from '../../net/connection.ts';
import { countFailedServerHandshake, countServerHandshake } from '../../state/server-handshakes.ts';
import { type DataThread, NO_ROW, type ServerRuntime } from '../runtime/runtime.ts';

/** `isEarly`: its first bytes go out with the hello, as only those of a session that is resumed do. */
export function countSecured(
  { state, wheel }: DataThread,
  { backend, row }: ServerRuntime,
  { tls }: Connection,
  isEarly: boolean,
): void {
  if (row === NO_ROW) return;
  const isResumed = isEarly || tls?.resumed === true;
  countServerHandshake(state.counters, { backend: backend.row, server: row }, isResumed, wheel.now);
}

export function countUnsecured({ state }: DataThread, { backend, row }: ServerRuntime): void {
  if (row !== NO_ROW) countFailedServerHandshake(state.counters, { backend: backend.row, server: row });
}
