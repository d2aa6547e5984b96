/**
 * What is counted, and when (manual of management, section 9.1): connections and sessions when they come, requests
 * when their head has been read, attempts at servers when they are made (transaction.ts), everything else once,
 * when a request or TCP session is over.
 */
import { FIELD } from '../../state/counter-fields.ts';
import type { Counters } from '../../state/counters.ts';
import type { ByteCounters, Timers } from '../../acl/context.ts';

const RESPONSES = [
  FIELD.hrsp_other,
  FIELD.hrsp_1xx,
  FIELD.hrsp_2xx,
  FIELD.hrsp_3xx,
  FIELD.hrsp_4xx,
  FIELD.hrsp_5xx,
] as const;

/** What went wrong that the termination state does not tell apart. */
export type Flaw = 'none' | 'invalid request' | 'rejected content' | 'denied response' | 'internal error';

/** What of a request or TCP session is counted. */
export interface Exchange {
  readonly isHttp: boolean;
  /** Its client got nothing, and is as good as not here. */
  readonly unanswered: boolean;
  readonly status: number;
  readonly flaw: Flaw;
  readonly failedRewrites: number;
  readonly bytes: ByteCounters;
  readonly timers: Timers;
  readonly termination: { readonly cause: string; readonly phase: string };
}

/** Rows of the counters an exchange adds to; -1: none. */
export interface Rows {
  frontend: number;
  listener: number;
  backend: number;
  server: number;
}

export function responseField(status: number): number {
  return RESPONSES[status >= 100 && status < 600 ? Math.floor(status / 100) : 0] as number;
}

/** A connection has passed all rules that need no request. */
export function countSession(
  counters: Counters,
  frontendRow: number,
  listenerRow: number,
  isHttp: boolean,
  nowMs: number,
): void {
  const frontend = counters.frontend(frontendRow);
  counters.add(frontend, FIELD.stot, 1);
  counters.add(counters.listener(listenerRow), FIELD.stot, 1);
  counters.event(frontend, FIELD.rate, nowMs);
  if (isHttp) counters.add(frontend, FIELD.h1sess, 1);
}

/** A session of mode tcp begins: its one stream is a request of the process (`CumReq`), and none of a frontend. */
export function countTcpStream(counters: Counters): void {
  counters.add(counters.process, FIELD.req_tot, 1);
}

/** A connection to an admin socket: a request, too, in the numbers of the process, but none in its rates. */
export function countAdminConnection(counters: Counters): void {
  counters.add(counters.process, FIELD.conn_tot, 1);
  counters.add(counters.process, FIELD.req_tot, 1);
}

/** A client speaks TLS now. */
export function countHandshake(
  counters: Counters,
  frontendRow: number,
  listenerRow: number,
  isResumed: boolean,
  nowMs: number,
): void {
  for (const row of [counters.frontend(frontendRow), counters.listener(listenerRow), counters.process]) {
    counters.add(row, isResumed ? FIELD.ssl_reused_sess : FIELD.ssl_sess, 1);
  }
  if (!isResumed) counters.event(counters.process, FIELD.ssl_key_rate, nowMs);
}

/** What a listener's handshakes tell of sessions and stapled responses. */
export function tlsCounts(
  counters: Counters,
  frontendRow: number,
  listenerRow: number,
): { lookedUp(isKnown: boolean): void; stapled(): void } {
  return {
    lookedUp: isKnown => {
      counters.add(counters.process, FIELD.ssl_cache_lookups, 1);
      if (!isKnown) counters.add(counters.process, FIELD.ssl_cache_misses, 1);
    },
    stapled: () => {
      counters.add(counters.frontend(frontendRow), FIELD.ssl_ocsp_staple, 1);
      counters.add(counters.listener(listenerRow), FIELD.ssl_ocsp_staple, 1);
    },
  };
}

export function countFailedHandshake(counters: Counters, frontendRow: number, listenerRow: number): void {
  for (const row of [counters.frontend(frontendRow), counters.listener(listenerRow), counters.process])
    counters.add(row, FIELD.ssl_failed_handshake, 1);
}

/** The head of a request was read, or refused. */
export function countRequest(counters: Counters, rows: Rows, version: number, nowMs: number): void {
  const { frontend } = rows;
  counters.add(frontend, FIELD.req_tot, 1);
  counters.add(counters.process, FIELD.req_tot, 1);
  if (version >= 20) counters.add(frontend, FIELD.h2req, 1);
  else {
    counters.add(frontend, FIELD.h1req, 1);
    counters.add(frontend, FIELD.h1_open_streams, 1);
  }
  counters.event(frontend, FIELD.req_rate, nowMs);
}

/** A counted request of HTTP/1 is over. */
export function countStreamEnd(counters: Counters, { frontend }: Rows): void {
  counters.add(frontend, FIELD.h1_open_streams, -1);
}

/** On the way of every request: no array or object is made (bench/micro/http-exchange.ts). */
export function countExchange(counters: Counters, exchange: Exchange, rows: Rows): void {
  counters.add(counters.process, FIELD.stot, 1);
  if (exchange.isHttp && !exchange.unanswered) countAnswer(counters, exchange, rows);
  if (rows.backend >= 0) countTimes(counters, exchange, rows);
  if (exchange.termination.cause !== '-') countEnd(counters, exchange, rows);
  if (exchange.failedRewrites > 0) countAll(counters, rows, FIELD.wrew, exchange.failedRewrites);
}

/** Bytes of an exchange, or of a part of it. */
export function countMoved(counters: Counters, bytes: ByteCounters, rows: Rows, nowMs: number): void {
  countBytes(counters, bytes, rows.frontend);
  countBytes(counters, bytes, rows.listener);
  if (rows.backend >= 0) countBytes(counters, bytes, rows.backend);
  if (rows.server >= 0) countBytes(counters, bytes, rows.server);
  counters.event(counters.process, FIELD.bytes_out_rate, nowMs, bytes.toClient);
}

function countBytes(counters: Counters, bytes: ByteCounters, row: number): void {
  counters.add(row, FIELD.bin, bytes.fromClient);
  counters.add(row, FIELD.bout, bytes.fromServer);
  counters.add(row, FIELD.reqbin, bytes.fromClient);
  counters.add(row, FIELD.reqbout, bytes.toServer);
  counters.add(row, FIELD.resbin, bytes.fromServer);
  counters.add(row, FIELD.resbout, bytes.toClient);
}

/** What the client got, unless a script wanted it to get nothing; what a server answered is counted when it comes. */
function countAnswer(counters: Counters, { status, termination }: Exchange, rows: Rows): void {
  if (status === 0 && termination.cause === 'L') return;
  const field = responseField(status);
  counters.add(rows.frontend, field, 1);
  if (rows.backend < 0) return;
  counters.add(rows.backend, field, 1);
  counters.add(rows.backend, FIELD.req_tot, 1);
}

/** Of those that got as far as an answer, so that failures do not make a server look quick. */
function countTimes(counters: Counters, { timers }: Exchange, rows: Rows): void {
  const { queue, connect, response, active } = timers;
  if (connect < 0 || response < 0) return;
  sampleTimes(counters, rows.backend, queue, connect, response, active);
  if (rows.server >= 0) sampleTimes(counters, rows.server, queue, connect, response, active);
}

function sampleTimes(
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

/** From the termination state: who failed, or answered instead of a server, and when. */
function countEnd(counters: Counters, exchange: Exchange, rows: Rows): void {
  const { cause, phase } = exchange.termination;
  if (exchange.flaw === 'internal error') return countAll(counters, rows, FIELD.eint, 1);
  if (exchange.flaw === 'denied response') return countAll(counters, rows, FIELD.dresp, 1);
  if (exchange.flaw === 'rejected content') return countFront(counters, rows, FIELD.dreq);
  const isClient = cause === 'C' || cause === 'c';
  if (exchange.flaw === 'invalid request' || (phase === 'R' && isClient))
    return countFront(counters, rows, FIELD.ereq);
  if (cause === 'P' && (phase === 'R' || phase === 'T')) return countDenied(counters, rows);
  if (cause === 'L') return countIntercepted(counters, rows, phase);
  if (isClient) return countClientAbort(counters, rows, phase);
  countServerFailure(counters, rows, cause, phase);
}

/** Nothing was broken off of one that waited for a server. */
function countClientAbort(counters: Counters, rows: Rows, phase: string): void {
  if (phase !== 'Q' && phase !== 'C') countBehind(counters, rows, FIELD.cli_abrt);
}

function countDenied(counters: Counters, rows: Rows): void {
  countFront(counters, rows, FIELD.dreq);
  if (rows.backend >= 0) counters.add(rows.backend, FIELD.dreq, 1);
}

/** Answered here before a backend was chosen. */
function countIntercepted(counters: Counters, rows: Rows, phase: string): void {
  if (phase === 'R' && rows.backend < 0) counters.add(rows.frontend, FIELD.intercepted, 1);
}

function countServerFailure(counters: Counters, rows: Rows, cause: string, phase: string): void {
  const isServer = cause === 'S' || cause === 's';
  if (isServer && (phase === 'C' || phase === 'Q')) return countBehind(counters, rows, FIELD.econ);
  if (phase === 'H') return countBehind(counters, rows, FIELD.eresp);
  if (isServer && (phase === 'D' || phase === 'L')) countBehind(counters, rows, FIELD.srv_abrt);
  if (phase === 'D' && cause !== 's') countBehind(counters, rows, FIELD.eresp);
}

function countFront(counters: Counters, { frontend, listener }: Rows, field: number): void {
  counters.add(frontend, field, 1);
  counters.add(listener, field, 1);
}

function countBehind(counters: Counters, { backend, server }: Rows, field: number): void {
  if (backend >= 0) counters.add(backend, field, 1);
  if (server >= 0) counters.add(server, field, 1);
}

function countAll(counters: Counters, rows: Rows, field: number, amount: number): void {
  counters.add(rows.frontend, field, amount);
  counters.add(rows.listener, field, amount);
  if (rows.backend >= 0) counters.add(rows.backend, field, amount);
  if (rows.server >= 0) counters.add(rows.server, field, amount);
}
