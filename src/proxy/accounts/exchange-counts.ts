/**
 * Where one request (or TCP session) is counted while it lives: the rows of its frontend, listener, backend and
 * server in this thread's counters, and what is added to them at each step. What is counted once, at its end, is in
 * accounting.ts.
 */
import type { ByteCounters } from '../../acl/context.ts';
import { FIELD } from '../../state/counter-fields.ts';
import {
  countExchange,
  countMoved,
  countRequest,
  countStreamEnd,
  responseField,
  type Exchange,
  type Rows,
} from './accounting.ts';
import {
  NO_ROW,
  type BackendRuntime,
  type DataThread,
  type ListenerRuntime,
  type ServerRuntime,
} from '../runtime/runtime.ts';

export class ExchangeCounts {
  readonly #thread: DataThread;
  readonly #rows: Rows = { frontend: -1, listener: -1, backend: -1, server: -1 };
  /** Bytes that were counted before the end; undefined: none. */
  #counted: ByteCounters | undefined;
  /** Of the request that is counted; -1: none. */
  #version = -1;

  constructor(thread: DataThread) {
    this.#thread = thread;
  }

  begin(listener: ListenerRuntime): void {
    const { counters } = this.#thread.state;
    this.#rows.frontend = counters.frontend(listener.frontend.row);
    this.#rows.listener = counters.listener(listener.row);
    this.#rows.backend = this.#rows.server = -1;
    this.#version = -1;
    this.#counted = undefined;
  }

  /** The request is one: its head is well formed, and content rules let it pass. */
  request(version: number): void {
    this.#version = version;
    countRequest(this.#thread.state.counters, this.#rows, version, this.#thread.wheel.now);
  }

  get requestCounted(): boolean {
    return this.#version >= 0;
  }

  backend({ row: backend }: BackendRuntime): void {
    const { limits, counters } = this.#thread.state;
    const row = counters.backend(backend);
    this.#rows.backend = row;
    counters.raise(row, FIELD.smax, limits.enter(limits.backend(backend)));
    counters.add(row, FIELD.stot, 1);
    counters.event(row, FIELD.rate, this.#thread.wheel.now);
  }

  /** Bytes of a body that have moved inside the kernel. */
  spliced(body: 'request' | 'response', bytes: number): void {
    const { counters } = this.#thread.state;
    const { frontend, backend } = this.#rows;
    const isRequest = body === 'request';
    counters.add(frontend, isRequest ? FIELD.h1_spliced_bytes_in : FIELD.h1_spliced_bytes_out, bytes);
    if (backend < 0) return;
    counters.add(backend, isRequest ? FIELD.h1_spliced_bytes_out : FIELD.h1_spliced_bytes_in, bytes);
  }

  /** The request is that server's now. */
  server(server: ServerRuntime): void {
    if (server.row === NO_ROW) {
      this.#rows.server = -1;
      return;
    }
    const { counters, servers } = this.#thread.state;
    const row = counters.server(server.row);
    const served = servers.served(server.row);
    this.#rows.server = row;
    counters.raise(row, FIELD.smax, served);
    counters.raise(row, FIELD.used_conn_max, served);
  }

  /** What goes wrong from here on is no server's fault. */
  noServer(): void {
    this.#rows.server = -1;
  }

  /** The balancing algorithm chose that server. */
  choice(server: ServerRuntime): void {
    this.#ofServer(server, FIELD.lbtot);
  }

  /** A connection to that server is tried, or an idle one taken. */
  attempt(server: ServerRuntime, reused: boolean): void {
    this.#ofServer(server, reused ? FIELD.reuse : FIELD.connect);
    const { counters } = this.#thread.state;
    counters.own[counters.backend(server.backend.row) + FIELD.lastsess] = this.#thread.wheel.now;
    this.session(server);
  }

  /** That server has one more: a connection is tried, or clients are sent to it. */
  session({ row: server }: ServerRuntime): void {
    if (server === NO_ROW) return;
    const { counters } = this.#thread.state;
    const { now } = this.#thread.wheel;
    const row = counters.server(server);
    counters.own[row + FIELD.lastsess] = now;
    counters.add(row, FIELD.stot, 1);
    counters.event(row, FIELD.rate, now);
  }

  /** By `http-request reject`, before its backend was chosen. */
  rejected({ row }: BackendRuntime): void {
    const { counters } = this.#thread.state;
    counters.add(counters.backend(row), FIELD.dreq, 1);
  }

  /** It waits, with that many others, for that server or for any of the backend. */
  queued(server: ServerRuntime | undefined, waiting: number): void {
    const { counters } = this.#thread.state;
    const row = server === undefined ? this.#rows.backend : counters.server(server.row);
    counters.raise(row, FIELD.qmax, waiting);
  }

  retry(server: ServerRuntime): void {
    this.#ofServer(server, FIELD.wretr);
  }

  redispatch(server: ServerRuntime): void {
    this.#ofServer(server, FIELD.wredis);
  }

  /** A `cache-use` rule of the backend, or of the frontend, has looked for a response. */
  cacheLookup(ofBackend: boolean, found: boolean): void {
    const { counters } = this.#thread.state;
    const row = ofBackend ? this.#rows.backend : this.#rows.frontend;
    counters.add(row, FIELD.cache_lookups, 1);
    if (found) counters.add(row, FIELD.cache_hits, 1);
  }

  /** A server has answered, finally or not. */
  response(status: number): void {
    this.#addResponse(status, 1);
  }

  /** What was counted as its response is none: the first bytes of the body are no body. */
  noResponse(status: number): void {
    this.#addResponse(status, -1);
  }

  #addResponse(status: number, amount: 1 | -1): void {
    const { server } = this.#rows;
    if (server < 0) return;
    const { counters } = this.#thread.state;
    counters.add(server, responseField(status), amount);
    counters.add(server, FIELD.req_tot, amount);
  }

  /** `option contstats`: not all at the end. */
  bytesSoFar(bytes: ByteCounters): void {
    const { state, wheel } = this.#thread;
    const moved = this.#counted === undefined ? bytes : difference(bytes, this.#counted);
    countMoved(state.counters, moved, this.#rows, wheel.now);
    this.#counted = { ...bytes };
  }

  /** It is over. */
  end(exchange: Exchange, backend: BackendRuntime | undefined): void {
    const { counters, limits } = this.#thread.state;
    if (this.requestCounted && this.#version < 20) countStreamEnd(counters, this.#rows);
    const bytes = this.#counted === undefined ? exchange.bytes : difference(exchange.bytes, this.#counted);
    countMoved(counters, bytes, this.#rows, this.#thread.wheel.now);
    countExchange(counters, exchange, this.#rows);
    if (backend !== undefined) limits.leave(limits.backend(backend.row));
  }

  #ofServer(server: ServerRuntime, field: number): void {
    const { counters } = this.#thread.state;
    counters.add(counters.backend(server.backend.row), field, 1);
    if (server.row !== NO_ROW) counters.add(counters.server(server.row), field, 1);
  }
}

function difference(now: ByteCounters, before: ByteCounters): ByteCounters {
  return {
    fromClient: now.fromClient - before.fromClient,
    toServer: now.toServer - before.toServer,
    fromServer: now.fromServer - before.fromServer,
    toClient: now.toClient - before.toClient,
  };
}
