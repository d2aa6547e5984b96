/**
 * The listening sockets of all generations of workers. A socket lives as long as some configuration wants it, so
 * that a reload neither refuses a client nor loses one that waits in the kernel's queue. Those that a reload adds are
 * prepared only: they take no client from the workers that serve, who may go on. The new worker lets them listen.
 *
 *   reload:  begin ─▶ open, open, … ─▶ commit (the new workers serve)   or   rollback (the old ones go on)
 */
import { closeDescriptor } from '../net/system-calls.ts';
import type { ListenSettings } from '../net/listen-settings.ts';
import type { PreparedPath } from '../net/opened-socket.ts';
import { extendListening, type Listening, type ListenFailure } from '../net/listening-socket.ts';
import { socketKey, type OpenListening } from '../worker/listening/bind-listeners.ts';

export interface SharedSocket {
  readonly key: string;
  readonly fds: readonly number[];
  readonly endpoint: Listening['endpoint'];
}

export class ListeningSockets {
  readonly #openNew: OpenListening;
  readonly #sockets = new Map<string, SharedSocket>();
  #wanted = new Set<string>();
  /** Descriptors that are new in the reload under way. */
  #added: number[] = [];
  #before = new Map<string, SharedSocket>();
  #paths: PreparedPath[] = [];
  #isReload = false;

  /** `openNew`: an address that no configuration wanted before. */
  constructor(openNew: OpenListening) {
    this.#openNew = openNew;
  }

  begin(): void {
    this.#wanted = new Set();
    this.#added = [];
    this.#paths = [];
    this.#before = new Map(this.#sockets);
  }

  readonly open: OpenListening = (settings, nth, count): Listening | ListenFailure => {
    const key = socketKey(settings, nth);
    this.#wanted.add(key);
    const known = this.#sockets.get(key);
    const wanted = { ...settings, isPrepared: this.#isReload && canBePrepared(settings) };
    const opened =
      known === undefined ? this.#openNew(wanted, nth, count) : extendListening(known, wanted, count);
    if ('message' in opened) return opened;
    const { fds, endpoint, path } = opened;
    if (path !== undefined) this.#paths.push(path);
    this.#added.push(...fds.slice(known?.fds.length ?? 0));
    this.#sockets.set(key, { key, fds, endpoint });
    return opened;
  };

  /** Those of the configuration that was opened last. */
  list(): readonly SharedSocket[] {
    return [...this.#sockets.values()].filter(({ key }) => this.#wanted.has(key));
  }

  /** Gives what went wrong. */
  commit(): readonly string[] {
    this.#isReload = true;
    const troubles = this.#paths.splice(0).map(path => path.take());
    for (const [key, { fds }] of this.#sockets) {
      if (this.#wanted.has(key)) continue;
      for (const fd of fds) closeDescriptor(fd);
      this.#sockets.delete(key);
    }
    return troubles.filter(trouble => trouble !== undefined);
  }

  rollback(): void {
    for (const path of this.#paths.splice(0)) path.giveUp();
    for (const fd of this.#added) closeDescriptor(fd);
    this.#added = [];
    this.#sockets.clear();
    for (const [key, socket] of this.#before) this.#sockets.set(key, socket);
  }

  /** No reload follows: who connects when the workers have let go is refused. */
  close(): void {
    for (const path of this.#paths.splice(0)) path.giveUp();
    for (const { fds } of this.#sockets.values()) for (const fd of fds) closeDescriptor(fd);
    this.#added = [];
    this.#sockets.clear();
    this.#before.clear();
  }
}

/** Where only one socket can have an address, its owner is found out by listening. */
function canBePrepared({ noReusePort }: ListenSettings): boolean {
  return noReusePort !== true;
}
