/**
 * The connections of all `rhttp@` servers that this thread has, and who of the other threads has some: a connection stays in
 * the thread that has accepted it, requests of all threads can travel on it.
 *
 *   links here ─▶ AttachedLinks.take
 *   links elsewhere ─▶ connect: a pair of sockets, one end goes to that thread ─▶ bridge ─▶ BridgeSession there
 */
import type { Connection, ConnectionHandler, Engine } from '../../net/connection.ts';
import { UNSET } from '../../net/engines/unset-handler.ts';
import { rawSocketOver } from '../../net/tls/raw-socket.ts';
import type { LocalSettings } from '../../http2/settings.ts';
import { AttachedLinks, type AttachedOptions } from './attached-links.ts';
import { BridgeSession } from './bridge-session.ts';
import { openBridge } from './open-bridge.ts';
import { Whereabouts } from './whereabouts.ts';

/** What is told to other threads. `server`: its row in the server table. */
interface ReverseChannel {
  /** This thread has connections of that server by that name now, or has none any more. */
  attached(server: number, name: string, isThere: boolean): void;
  /** `fd` is for that thread: requests for that server, by that name, will come from it. */
  bridge(thread: number, server: number, name: string, fd: number): void;
}

interface ReverseThread {
  readonly engine: Engine;
  /** Of the sessions on bridges. */
  readonly bridges: LocalSettings | undefined;
}

/** For how long connections are still used after their makers were told to make others, in milliseconds. */
const LAST_MS = 1000;
/** For how long requests wait for servers to connect to a process that has just begun, and how often they look. */
const AWAITED_MS = 1000;
const AGAIN_MS = 20;

export class ReverseDesk {
  readonly #channel: ReverseChannel;
  readonly #thread: ReverseThread;
  readonly #links = new Map<number, AttachedLinks>();
  readonly #elsewhere = new Whereabouts();
  #awaitedUntil = 0;
  #lastsUntil = 0;
  /** By the server's row and the name. */
  readonly #bridges = new Map<BridgeSession, string>();

  constructor(thread: ReverseThread, channel: ReverseChannel) {
    this.#thread = thread;
    this.#channel = channel;
  }

  /** Of a thread that has no others. */
  static alone(engine: Engine): ReverseDesk {
    return new ReverseDesk({ engine, bridges: undefined }, { attached(): void {}, bridge(): void {} });
  }

  // ── here ──

  /** Those of a server; kept when its settings change. */
  linksOf(server: number, options: () => Omit<AttachedOptions, 'changed'>): AttachedLinks {
    const known = this.#links.get(server);
    if (known !== undefined) return known;
    const changed = (name: string, isThere: boolean): void => this.#changed(server, name, isThere);
    const links = new AttachedLinks({ ...options(), changed });
    this.#links.set(server, links);
    return links;
  }

  #changed(server: number, name: string, isThere: boolean): void {
    this.#channel.attached(server, name, isThere);
    if (isThere) return;
    const place = placeOf(server, name);
    for (const [bridge, of] of this.#bridges) if (of === place) bridge.end();
  }

  /** The server is gone. */
  forget(server: number): void {
    this.#links.get(server)?.end();
    this.#links.delete(server);
  }

  /** A soft stop: other processes take over. `later` runs what it is given after so many milliseconds. */
  drain(later: (delayMs: number, end: () => void) => void): void {
    for (const links of this.#links.values()) links.announceEnd();
    this.#lastsUntil = this.#thread.engine.wheel.now + LAST_MS;
    later(LAST_MS, () => {
      for (const links of this.#links.values()) links.end();
    });
  }

  /** Behind drain(): other threads need it still. */
  get isNeeded(): boolean {
    const isLast = this.#thread.engine.wheel.now >= this.#lastsUntil;
    const hasSome = [...this.#links.values()].some(links => !links.isEmpty);
    return (hasSome && !isLast) || this.#bridges.size > 0;
  }

  /** Another thread sends requests by that descriptor. */
  serve(server: number, name: string, fd: number): void {
    const { engine, bridges } = this.#thread;
    if (bridges === undefined) throw new Error('a thread without others gets no requests of theirs');
    const place = placeOf(server, name);
    const socket = engine.adopt(rawSocketOver({ fd, ahead: undefined }, true), UNSET);
    const pick = () => this.#links.get(server)?.pick(name);
    const bridge = new BridgeSession(socket, bridges, pick, one => this.#bridges.delete(one));
    this.#bridges.set(bridge, place);
    bridge.start();
    if (this.#links.get(server)?.has(name) !== true) bridge.end();
  }

  // ── elsewhere ──

  /** What another thread has told of itself. */
  heard(thread: number, server: number, name: string, isThere: boolean): void {
    this.#elsewhere.note(thread, placeOf(server, name), isThere);
  }

  /** That thread is gone, with all it had. */
  lost(thread: number): void {
    this.#elsewhere.forget(thread);
  }

  /** As ServerRuntime has it: a process that has just begun is still to be found by those who connect. */
  mayConnectIn(server: number, name: string): number {
    if (this.#elsewhere.has(placeOf(server, name))) return 0;
    return this.#thread.engine.wheel.now < this.#awaitedUntil ? AGAIN_MS : -1;
  }

  /** The thread begins to serve. */
  begin(): void {
    this.#awaitedUntil = this.#thread.engine.wheel.now + AWAITED_MS;
  }

  /** A connection to a thread that has some. Undefined: none has, or there are no descriptors left. */
  connect(server: number, name: string, handler: ConnectionHandler): Connection | undefined {
    const thread = this.#elsewhere.next(placeOf(server, name));
    if (thread === undefined) return undefined;
    return openBridge(this.#thread.engine, handler, fd => this.#channel.bridge(thread, server, name, fd));
  }
}

function placeOf(server: number, name: string): string {
  return `${server} ${name}`;
}
