/**
 * Sessions of clients that get no tickets (`no-tls-tickets`), by their identifier; the oldest make room for new ones
 * (manual, `tune.ssl.cachesize`, `tune.ssl.lifetime`). Each thread has its own: TLS 1.2 only, as Node offers no other.
 */
import type { Server } from 'node:tls';

export interface SessionCounts {
  lookedUp(isKnown: boolean): void;
}

interface Kept {
  readonly data: Buffer;
  readonly untilMs: number;
}

export class SessionCache {
  readonly #size: number;
  readonly #lifetimeMs: number;
  readonly #counts: SessionCounts;
  readonly #sessions = new Map<string, Kept>();

  constructor(size: number, lifetimeS: number, counts: SessionCounts) {
    this.#size = size;
    this.#lifetimeMs = lifetimeS * 1000;
    this.#counts = counts;
  }

  /** `isResumable`: whether sessions may be resumed at this time. */
  serve(server: Server, isResumable: () => boolean): void {
    server.on('newSession', (id, data, done) => {
      this.keep(id.toString('latin1'), data, Date.now());
      done();
    });
    server.on('resumeSession', (id, done) =>
      done(null, (isResumable() ? this.find(id.toString('latin1'), Date.now()) : undefined) ?? null),
    );
  }

  keep(id: string, data: Buffer, nowMs: number): void {
    this.#sessions.delete(id);
    this.#sessions.set(id, { data, untilMs: nowMs + this.#lifetimeMs });
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= this.#size) return;
      this.#sessions.delete(oldest);
    }
  }

  find(id: string, nowMs: number): Buffer | undefined {
    const known = this.#sessions.get(id);
    const data = known !== undefined && known.untilMs > nowMs ? known.data : undefined;
    this.#counts.lookedUp(data !== undefined);
    return data;
  }
}
