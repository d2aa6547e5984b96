/**
 * What data threads tell each other of the connections that `rhttp@` servers have made (proxy/reverse/), through the control
 * thread: it knows who has some, for threads that come later.
 */
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import type { Adopter } from '../../net/tls/handshake-wire.ts';
import { openBridge } from '../../proxy/reverse/open-bridge.ts';
import type { AttachedNews, ToControl, ToData } from '../threads/messages.ts';

type News = Extract<ToControl, { readonly kind: 'attached' | 'bridge' }>;

export class AttachedNewsDesk {
  readonly #running: () => readonly number[];
  readonly #tell: (thread: number, message: ToData) => void;
  /** By thread: what it has, by server and name. */
  readonly #known = new Map<number, Map<string, AttachedNews>>();

  constructor(running: () => readonly number[], tell: (thread: number, message: ToData) => void) {
    this.#running = running;
    this.#tell = tell;
  }

  heard(thread: number, news: News): void {
    const { server, name } = news;
    if (news.kind === 'bridge') return this.#tell(news.thread, { kind: 'bridge', server, name, fd: news.fd });
    const { isThere } = news;
    this.#note(thread, { server, name, isThere });
    this.#tellOthers(thread, { kind: 'attached', thread, server, name, isThere });
  }

  #note(thread: number, news: AttachedNews): void {
    const known = this.#known.get(thread) ?? new Map<string, AttachedNews>();
    this.#known.set(thread, known);
    const place = `${news.server} ${news.name}`;
    if (news.isThere) known.set(place, news);
    else known.delete(place);
  }

  #tellOthers(thread: number, message: ToData): void {
    for (const other of this.#running()) if (other !== thread) this.#tell(other, message);
  }

  /** A thread has come: it has nothing, and hears of all that is known. */
  tellAll(thread: number): void {
    for (const [other, known] of this.#known)
      for (const { server, name } of known.values())
        this.#tell(thread, { kind: 'attached', thread: other, server, name, isThere: true });
  }

  /** A connection to one of those threads, for a check. Undefined: none has any, or there are no descriptors left. */
  connect(server: number, name: string, engine: Adopter, handler: ConnectionHandler): Connection | undefined {
    for (const [thread, known] of this.#known)
      if (known.has(`${server} ${name}`))
        return openBridge(engine, handler, fd => this.#tell(thread, { kind: 'bridge', server, name, fd }));
    return undefined;
  }

  lost(thread: number): void {
    if (!this.#known.delete(thread)) return;
    this.#tellOthers(thread, { kind: 'thread-lost', thread });
  }
}
