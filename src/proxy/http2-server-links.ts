/**
 * The HTTP/2 connections to one server in one thread that carry requests now, and take more of them from anybody
 * (manual, `http-reuse`). Those that rest are in the server's pool, those of one client in its private-connections.ts.
 */
import { FIELD } from '../state/counter-fields.ts';
import type { Counters } from '../state/counters.ts';
import * as H2 from '../http2/frames.ts';
import type { BufferPool } from '../net/buffer-pool.ts';
import type { Connection } from '../net/connection.ts';
import type { TimerWheel } from '../net/timer-wheel.ts';
import type { Http2ServerSettings } from './http2-server-settings.ts';
import { Http2ServerLink, type Http2ServerCounts, type LinkHome } from './http2-server-link.ts';

/** Decides what becomes of a connection that carries no request any more. */
type Keeper = (link: Http2ServerLink) => boolean;

/** What connections of a thread need. */
export interface LinkThread {
  readonly wheel: TimerWheel;
  readonly buffers: BufferPool;
  readonly http2Servers: Http2ServerSettings;
  readonly state: { readonly counters: Counters };
}

export class ServerLinks implements LinkHome {
  readonly #thread: LinkThread;
  readonly #counts: Http2ServerCounts;
  readonly #maxReuse: number;
  readonly #keeps: Keeper;
  readonly #shared = new Map<string, Http2ServerLink[]>();
  /** Those that carry requests. */
  readonly #used = new Set<Http2ServerLink>();

  /** `backend`: its row. `keeps`: puts it where it rests; false: nowhere. */
  constructor(thread: LinkThread, backend: number, maxReuse: number, keeps: Keeper) {
    this.#thread = thread;
    this.#counts = new BackendCounts(thread.state.counters, backend);
    this.#maxReuse = maxReuse;
    this.#keeps = keeps;
  }

  /** `socket` speaks HTTP/2 from now on. */
  begin(socket: Connection): Http2ServerLink {
    const { wheel, buffers, http2Servers } = this.#thread;
    const link = new Http2ServerLink(socket, {
      wheel,
      buffers,
      settings: http2Servers,
      counts: this.#counts,
      home: this,
      maxReuse: this.#maxReuse,
    });
    this.#used.add(link);
    link.start();
    return link;
  }

  /** One that rested is used again. */
  wakes(link: Http2ServerLink): void {
    this.#used.add(link);
  }

  get used(): number {
    return this.#used.size;
  }

  /** It is for everybody. */
  share(link: Http2ServerLink): void {
    const same = this.#shared.get(link.key);
    if (same === undefined) this.#shared.set(link.key, [link]);
    else same.push(link);
  }

  /** One that takes another request. */
  withRoom(key: string): Http2ServerLink | undefined {
    return this.#shared.get(key)?.find(link => link.room > 0);
  }

  /** The server has moved: what is connected to its old place takes no more. */
  forget(): void {
    this.#shared.clear();
  }

  rested(link: Http2ServerLink): void {
    this.leaves(link);
    const isKept = this.#keeps(link);
    this.#used.delete(link);
    this.#letGo(link);
    if (!isKept) link.close();
  }

  leaves(link: Http2ServerLink): void {
    const same = this.#shared.get(link.key);
    if (same === undefined) return;
    const others = same.filter(one => one !== link);
    if (others.length === 0) this.#shared.delete(link.key);
    else this.#shared.set(link.key, others);
  }

  closed(link: Http2ServerLink): void {
    this.leaves(link);
    this.#used.delete(link);
    this.#letGo(link);
  }

  #letGo(link: Http2ServerLink): void {
    link.holder?.forgetLink(link);
    link.holder = undefined;
  }
}

/** Column of each frame received, and of those sent, by type. */
const RECEIVED: Readonly<Record<number, number>> = {
  [H2.HEADERS]: FIELD.h2_headers_rcvd,
  [H2.DATA]: FIELD.h2_data_rcvd,
  [H2.SETTINGS]: FIELD.h2_settings_rcvd,
  [H2.RST_STREAM]: FIELD.h2_rst_stream_rcvd,
  [H2.GOAWAY]: FIELD.h2_goaway_rcvd,
};
const SENT: Readonly<Record<number, number>> = {
  [H2.RST_STREAM]: FIELD.h2_rst_stream_resp,
  [H2.GOAWAY]: FIELD.h2_goaway_resp,
};

/** What connections do is counted for their backend. */
class BackendCounts implements Http2ServerCounts {
  readonly #counters: Counters;
  readonly #row: number;

  constructor(counters: Counters, backend: number) {
    this.#counters = counters;
    this.#row = counters.backend(backend);
  }

  #add(field: number | undefined, amount = 1): void {
    if (field !== undefined) this.#counters.add(this.#row, field, amount);
  }

  opened(): void {
    this.#add(FIELD.h2_open_connections);
    this.#add(FIELD.h2_total_connections);
  }
  closed(): void {
    this.#add(FIELD.h2_open_connections, -1);
  }
  streamOpened(): void {
    this.#add(FIELD.h2_backend_open_streams);
    this.#add(FIELD.h2_backend_total_streams);
  }
  streamClosed(): void {
    this.#add(FIELD.h2_backend_open_streams, -1);
  }
  received(type: number): void {
    this.#add(RECEIVED[type]);
  }
  sent(type: number): void {
    this.#add(SENT[type]);
  }
  streamError(): void {
    this.#add(FIELD.h2_detected_strm_protocol_errors);
  }
  connectionError(): void {
    this.#add(FIELD.h2_detected_conn_protocol_errors);
  }
}
