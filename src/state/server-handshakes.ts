/**
 * Counts TLS handshakes with servers, those of checks too: as sessions of the server and its backend (`ssl_sess`,
 * `ssl_reused_sess`, `ssl_failed_handshake` of `show stat`), and for the process (`CumSslConns`, `SslBackendKeyRate` of `show info`).
 */
import { FIELD } from './counter-fields.ts';
import type { Counters } from './counters.ts';

/** `backend` and `server` are rows of their tables. */
export interface CountedServer {
  readonly backend: number;
  readonly server: number;
}

/** It is encrypted now. `nowMs`: of the monotonic clock, as rates are counted with. */
export function countServerHandshake(
  counters: Counters,
  of: CountedServer,
  isResumed: boolean,
  nowMs: number,
): void {
  countBoth(counters, of, isResumed ? FIELD.ssl_reused_sess : FIELD.ssl_sess);
  if (!isResumed) counters.event(counters.process, FIELD.ssl_be_key_rate, nowMs);
}

export function countFailedServerHandshake(counters: Counters, of: CountedServer): void {
  countBoth(counters, of, FIELD.ssl_failed_handshake);
}

function countBoth(counters: Counters, { backend, server }: CountedServer, field: number): void {
  counters.add(counters.process, FIELD.ssl_conn_tot, 1);
  counters.add(counters.backend(backend), field, 1);
  counters.add(counters.server(server), field, 1);
}
