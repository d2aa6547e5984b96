/**
 * What is counted, and when (manual of management, section 9.1): connections when they come and go, everything
 * else once, when a request or TCP session is over.
 */
import { FIELD } from '../state/counter-fields.ts';
import type { Counters } from '../state/counters.ts';
import type { ByteCounters, Timers } from '../acl/context.ts';

const RESPONSES = [
  FIELD.hrsp_other,
  FIELD.hrsp_1xx,
  FIELD.hrsp_2xx,
  FIELD.hrsp_3xx,
  FIELD.hrsp_4xx,
  FIELD.hrsp_5xx,
] as const;

/** What of a request or TCP session is counted. */
export interface Exchange {
  readonly isHttp: boolean;
  readonly status: number;
  readonly badRequest: boolean;
  readonly bytes: ByteCounters;
  readonly timers: Timers;
  readonly termination: { readonly cause: string; readonly phase: string };
}

/** Rows of the counters an exchange adds to; -1: none. */
interface Rows {
  readonly frontend: number;
  readonly listener: number;
  readonly backend: number;
  readonly server: number;
}

export function countExchange(counters: Counters, exchange: Exchange, rows: Rows, nowMs: number): void {
  const { bytes } = exchange;
  for (const row of [rows.frontend, rows.listener, rows.backend, rows.server]) {
    if (row < 0) continue;
    counters.add(row, FIELD.bin, bytes.fromClient);
    counters.add(row, FIELD.bout, bytes.toClient);
  }
  if (exchange.isHttp) countHttp(counters, exchange, rows, nowMs);
  if (rows.backend >= 0) countBackend(counters, exchange, rows, nowMs);
  countFailure(counters, exchange, rows);
}

function countHttp(counters: Counters, exchange: Exchange, rows: Rows, nowMs: number): void {
  const { status } = exchange;
  const field = RESPONSES[status >= 100 && status < 600 ? Math.floor(status / 100) : 0] as number;
  counters.add(rows.frontend, FIELD.req_tot, 1);
  counters.event(rows.frontend, FIELD.req_rate, nowMs);
  for (const row of [rows.frontend, rows.backend, rows.server]) if (row >= 0) counters.add(row, field, 1);
  if (rows.backend >= 0) counters.add(rows.backend, FIELD.req_tot, 1);
  if (rows.server >= 0) counters.add(rows.server, FIELD.req_tot, 1);
}

function countBackend(counters: Counters, exchange: Exchange, rows: Rows, nowMs: number): void {
  const { timers } = exchange;
  for (const row of [rows.backend, rows.server]) {
    if (row < 0) continue;
    counters.add(row, FIELD.stot, 1);
    counters.event(row, FIELD.rate, nowMs);
    sample(counters, row, FIELD.qtime, FIELD.qtime_max, timers.queue);
    sample(counters, row, FIELD.ctime, FIELD.ctime_max, timers.connect);
    sample(counters, row, FIELD.rtime, FIELD.rtime_max, timers.response);
    sample(counters, row, FIELD.ttime, FIELD.ttime_max, timers.active);
  }
}

function sample(counters: Counters, row: number, mean: number, most: number, value: number): void {
  if (value < 0) return;
  counters.sample(row, mean, value);
  counters.raise(row, most, value);
}

/** From the termination state: who failed, and when. */
function countFailure(counters: Counters, exchange: Exchange, rows: Rows): void {
  const { cause, phase } = exchange.termination;
  if (cause === '-') return;
  const behind = [rows.backend, rows.server].filter(row => row >= 0);
  const client = cause === 'C' || cause === 'c';
  const server = cause === 'S' || cause === 's';
  if (phase === 'R' && (client || exchange.badRequest)) counters.add(rows.frontend, FIELD.ereq, 1);
  else if (phase === 'R' && cause === 'P') counters.add(rows.frontend, FIELD.dreq, 1);
  for (const row of behind) {
    if (client && phase !== 'R') counters.add(row, FIELD.cli_abrt, 1);
    if (server && (phase === 'C' || phase === 'Q')) counters.add(row, FIELD.econ, 1);
    if ((server || cause === 'P') && phase === 'H') counters.add(row, FIELD.eresp, 1);
    if (server && phase === 'D') counters.add(row, FIELD.srv_abrt, 1);
  }
}
