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

/** Of a TCP session. */
const NO_ANSWER = -1;

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

/** On the way of every request: no array or object is made (bench/micro/http-exchange.ts). */
export function countExchange(counters: Counters, exchange: Exchange, rows: Rows, nowMs: number): void {
  const { frontend, listener, backend, server } = rows;
  const { isHttp } = exchange;
  const answer = isHttp ? answerField(exchange.status) : NO_ANSWER;
  countBytes(counters, frontend, exchange.bytes);
  countBytes(counters, listener, exchange.bytes);
  if (isHttp) {
    counters.add(frontend, FIELD.req_tot, 1);
    counters.event(frontend, FIELD.req_rate, nowMs);
    counters.add(frontend, answer, 1);
  }
  if (backend >= 0) {
    const { queue, connect, response, active } = exchange.timers;
    countBehind(counters, backend, exchange.bytes, answer, nowMs);
    countTimes(counters, backend, queue, connect, response, active);
    if (server >= 0) {
      countBehind(counters, server, exchange.bytes, answer, nowMs);
      countTimes(counters, server, queue, connect, response, active);
    }
  }
  if (exchange.termination.cause !== '-') countFailure(counters, exchange, rows);
}

function answerField(status: number): number {
  return RESPONSES[status >= 100 && status < 600 ? Math.floor(status / 100) : 0] as number;
}

function countBytes(counters: Counters, row: number, bytes: ByteCounters): void {
  counters.add(row, FIELD.bin, bytes.fromClient);
  counters.add(row, FIELD.bout, bytes.toClient);
}

/** A backend, or a server. */
function countBehind(
  counters: Counters,
  row: number,
  bytes: ByteCounters,
  answer: number,
  nowMs: number,
): void {
  countBytes(counters, row, bytes);
  counters.add(row, FIELD.stot, 1);
  counters.event(row, FIELD.rate, nowMs);
  if (answer === NO_ANSWER) return;
  counters.add(row, FIELD.req_tot, 1);
  counters.add(row, answer, 1);
}

function countTimes(
  counters: Counters,
  row: number,
  queue: number,
  connect: number,
  response: number,
  active: number,
): void {
  sample(counters, row, FIELD.qtime, FIELD.qtime_max, queue);
  sample(counters, row, FIELD.ctime, FIELD.ctime_max, connect);
  sample(counters, row, FIELD.rtime, FIELD.rtime_max, response);
  sample(counters, row, FIELD.ttime, FIELD.ttime_max, active);
}

function sample(counters: Counters, row: number, mean: number, most: number, value: number): void {
  if (value < 0) return;
  counters.sample(row, mean, value);
  counters.raise(row, most, value);
}

/** From the termination state: who failed, and when. */
function countFailure(counters: Counters, exchange: Exchange, rows: Rows): void {
  const { cause, phase } = exchange.termination;
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
