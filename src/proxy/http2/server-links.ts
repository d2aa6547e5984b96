/**
 * The HTTP/2 connections to one server in one thread that carry requests now, and take more of them from anybody
 * (manual, `http-reuse`). Those that rest are in the server's pool, those of one client in its private-connections.ts.
 */
import type { Counters } from '../../state/counters.ts';
import type { BufferPool } from '../../net/buffer-pool.ts';
import type { Connection } from '../../net/connection.ts';
import type { TimerWheel } from '../../net/timer-wheel.ts';
import type { Traces } from '../../traces/traces.ts';
import type { GlitchLimits } from '../client/glitches.ts';
import type { Http2ServerSettings } from './server-settings.ts';
import type { ServerDials } from './server-dials.ts';
import { BackendCounts, type Http2ServerCounts } from './server-counts.ts';
import type { LinkLimits } from './link-stream.ts';
import { Http2ServerLink, type LinkHome } from './server-link.ts';

/** Decides what becomes of a connection that carries no request any more. */
type Keeper = (link: Http2ServerLink) => boolean;

/** What connections of a thread need. */
interface LinkThread {
  readonly wheel: TimerWheel;
  readonly buffers: BufferPool;
  readonly http2Servers: Http2ServerSettings;
  readonly glitches: GlitchLimits;
  readonly state: { readonly counters: Counters };
  readonly traces?: Traces;
}

export class ServerLinks implements LinkHome {
  /** Those that are being made for everybody; undefined: each request has its own made. */
  readonly dials: ServerDials | undefined;
  readonly #thread: LinkThread;
  readonly #counts: Http2ServerCounts;
  readonly #limits: LinkLimits;
  readonly #keeps: Keeper;
  readonly #backend: number;
  readonly #shared = new Map<string, Http2ServerLink[]>();
  /** Those that carry requests. */
  readonly #used = new Set<Http2ServerLink>();

  /** `backend`: its row. `keeps`: puts it where it rests; false: nowhere. */
  constructor(
    thread: LinkThread,
    backend: number,
    limits: LinkLimits,
    keeps: Keeper,
    dials: ServerDials | undefined,
  ) {
    this.dials = dials;
    this.#thread = thread;
    this.#counts = new BackendCounts(thread.state.counters, backend);
    this.#limits = limits;
    this.#backend = backend;
    this.#keeps = keeps;
  }

  /** `socket` speaks HTTP/2 from now on. */
  begin(socket: Connection): Http2ServerLink {
    const { wheel, buffers, http2Servers, glitches, traces } = this.#thread;
    const link = new Http2ServerLink(socket, {
      wheel,
      buffers,
      settings: http2Servers,
      glitchLimit: glitches.http2Servers,
      counts: this.#counts,
      ...(traces !== undefined && { traces }),
      backend: this.#backend,
      home: this,
      ...this.#limits,
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
    this.dials?.forgetAll();
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
