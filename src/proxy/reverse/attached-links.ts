/**
 * The connections of one server with the address `rhttp@` in one thread: made by the server itself, and given to it by
 * `attach-srv` rules (manual, section 4.4). They are lent to all requests, by name, and kept as long as they last: this side
 * could not make others.
 *
 *   attach.ts ─▶ begin ─▶ SETTINGS ─▶ established ─▶ take … rested ─▶ take …
 */
import { NO_ERROR } from '../../http2/frames.ts';
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import type { RequestAim } from '../http2/request-block.ts';
import { Http2ServerLink, type LinkHome, type LinkParts } from '../http2/server-link.ts';
import type { Inbox } from '../client/inbox.ts';

/** Whoever is told what happens to one that is being attached: once, when it is established or gone. */
export interface Attaching {
  over(): void;
}

export interface AttachedOptions extends Omit<LinkParts, 'home' | 'isReversed'> {
  /** False: there are as many as may be (`pool-max-conn`). */
  readonly mayKeep: () => boolean;
  /** So many rest. */
  readonly restingChanged: (count: number) => void;
  /** There are some of that name now, or none any more. */
  readonly changed: (name: string, isThere: boolean) => void;
}

export class AttachedLinks implements LinkHome {
  readonly #options: AttachedOptions;
  readonly #byName = new Map<string, Http2ServerLink[]>();
  readonly #begun = new Map<Http2ServerLink, Attaching>();
  readonly #resting = new Set<Http2ServerLink>();
  #isEnding = false;
  #isAnnounced = false;

  constructor(options: AttachedOptions) {
    this.#options = options;
  }

  /** `socket` speaks HTTP/2 from now on, and has sent that much of it. */
  begin(socket: Connection, name: string, received: Inbox, attaching: Attaching): Http2ServerLink {
    const { mayKeep: _, restingChanged: _r, changed: _c, ...parts } = this.#options;
    const link = new Http2ServerLink(socket, { ...parts, home: this, isReversed: true });
    link.key = name;
    this.#begun.set(link, attaching);
    link.start(received);
    return link;
  }

  established(link: Http2ServerLink): void {
    const attaching = this.#begun.get(link);
    if (attaching === undefined) return;
    this.#begun.delete(link);
    attaching.over();
    if (this.#isEnding || !this.#options.mayKeep()) return link.close();
    const same = this.#byName.get(link.key);
    if (this.#isAnnounced) this.#announce(link);
    if (same !== undefined) return void same.push(link);
    this.#byName.set(link.key, [link]);
    this.#options.changed(link.key, true);
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** What another request may travel on; one that has to wait for its turn there, if all are full. */
  take(name: string, aim: RequestAim | undefined): Connection | undefined {
    return this.pick(name)?.openStream(aim);
  }

  /** The one that carries the least. */
  pick(name: string): Http2ServerLink | undefined {
    let best: Http2ServerLink | undefined;
    for (const link of this.#byName.get(name) ?? [])
      if (link.requestsLeft > 0 && (best === undefined || link.room > best.room)) best = link;
    if (best !== undefined) this.#wake(best);
    return best;
  }

  #wake(link: Http2ServerLink): void {
    if (this.#resting.delete(link)) this.#options.restingChanged(this.#resting.size);
  }

  rested(link: Http2ServerLink): void {
    if (this.#isEnding || link.requestsLeft <= 0) return link.close();
    this.#resting.add(link);
    this.#options.restingChanged(this.#resting.size);
    link.handler = RESTING;
    link.receive();
  }

  leaves(link: Http2ServerLink): void {
    const same = this.#byName.get(link.key);
    if (same?.includes(link) !== true) return;
    const others = same.filter(one => one !== link);
    if (others.length > 0) return void this.#byName.set(link.key, others);
    this.#byName.delete(link.key);
    this.#options.changed(link.key, false);
  }

  closed(link: Http2ServerLink): void {
    this.leaves(link);
    this.#wake(link);
    this.#begun.get(link)?.over();
    this.#begun.delete(link);
  }

  /** Whoever has made them is to make others, to the process that takes over. They serve meanwhile. */
  announceEnd(): void {
    this.#isAnnounced = true;
    for (const link of this.#all()) this.#announce(link);
  }

  #announce(link: Http2ServerLink): void {
    link.session.goaway(NO_ERROR);
    link.wrote();
  }

  /** Nothing new: each is closed when what it carries is over. */
  end(): void {
    this.#isEnding = true;
    for (const link of [...this.#all(), ...this.#begun.keys()]) if (!link.isUsed) link.close();
  }

  #all(): readonly Http2ServerLink[] {
    return [...this.#byName.values()].flat();
  }
}

const RESTING: ConnectionHandler = {
  onConnected(): void {},
  onReceived(): void {},
  onSent(): void {},
  onEnd: connection => connection.close(),
  onFailed: connection => connection.close(),
};
