/**
 * Pauses, resumes and gives up the listening sockets of frontends. The control thread holds a descriptor of every
 * socket. A data thread that lets go of its own stops the socket in the kernel, where it refuses connections but keeps
 * its address; the control thread stops those that no thread has, and listens again later.
 */
import { fstatSync } from 'node:fs';
import type { ListeningDescriptor } from '../../admin/runtime.ts';
import type { Bind } from '../../model/bind.ts';
import type { Config } from '../../model/config.ts';
import { beginListening } from '../../net/opened-socket.ts';
import { stopListening } from '../../net/stop-listening.ts';
import { closeDescriptor, duplicateDescriptor } from '../../net/system-calls.ts';
import type { PassedSocket } from '../../net/listener-exchange.ts';
import { listeningSection } from './listening-section.ts';
import { type ListenerHandover, NO_SOCKET } from '../threads/orders.ts';
import type { ThreadCalls } from '../threads/thread-calls.ts';

export class FrontendListening {
  readonly #config: Config;
  /** By thread. */
  readonly #handovers: ListenerHandover[][];
  readonly #calls: ThreadCalls;
  readonly #paused = new Set<number>();

  constructor(config: Config, handovers: ListenerHandover[][], calls: ThreadCalls) {
    this.#config = config;
    this.#handovers = handovers;
    this.#calls = calls;
  }

  /**
   * Descriptors for a thread that starts, its own to close. They listen: a master may have prepared them only, or an
   * earlier worker have stopped them.
   */
  handoversFor(thread: number): readonly ListenerHandover[] {
    const handovers = (this.#handovers[thread] ?? []).filter(({ proxy }) => !this.#paused.has(proxy));
    // what cannot listen cannot accept either: its thread tells
    for (const handover of handovers) if (this.#isTcp(handover)) this.#listen(handover);
    return handovers.map(duplicate);
  }

  isListening(proxy: number): boolean {
    return !this.#paused.has(proxy) && this.#of(proxy).length > 0;
  }

  async pause(proxy: number): Promise<string | undefined> {
    this.#paused.add(proxy);
    await this.#letGo(proxy);
    for (const handover of this.#of(proxy)) {
      const result = this.#isTcp(handover) ? stopListening(handover.fd) : 0;
      if (result < 0) return `error ${-result}`;
    }
    return undefined;
  }

  async resume(proxy: number): Promise<string | undefined> {
    for (const handover of this.#of(proxy)) {
      const result = this.#listen(handover);
      if (result < 0) return `error ${-result}`;
    }
    this.#paused.delete(proxy);
    await this.#calls.each(thread => ({
      kind: 'listen',
      listeners: (this.#handovers[thread] ?? []).filter(one => one.proxy === proxy).map(duplicate),
    }));
    return undefined;
  }

  async close(proxy: number): Promise<void> {
    await this.#letGo(proxy);
    for (const handover of this.#of(proxy)) {
      // an operation under way in the kernel may hold the socket a moment longer than its descriptors
      if (this.#isTcp(handover)) stopListening(handover.fd);
      if (handover.fd !== NO_SOCKET) closeDescriptor(handover.fd);
    }
    for (const [thread, list] of this.#handovers.entries())
      this.#handovers[thread] = list.filter(one => one.proxy !== proxy);
  }

  /** For a soft stop; other processes may go on with the same sockets. Later commands find none. */
  giveUp(): void {
    for (const { fd } of this.#sockets()) closeDescriptor(fd);
    for (const list of this.#handovers) list.length = 0;
  }

  /** For a process that takes over. */
  sockets(): readonly PassedSocket[] {
    return this.#sockets().map(({ fd, proxy, bind }) => {
      const line = listeningSection(this.#config, proxy)?.binds[bind];
      return { fd, interface: line?.interface, namespace: line?.namespace };
    });
  }

  /** For `show fd`: whose they are. */
  descriptors(): readonly ListeningDescriptor[] {
    return this.#sockets().map(({ fd, proxy, bind }) => {
      const section = listeningSection(this.#config, proxy);
      const address = section?.binds[bind]?.address;
      const where =
        address?.kind === 'ip' ? `fam=ipv${address.family} lport=${address.port}` : `fam=${address?.kind}`;
      return { fd, owner: section?.name ?? '', text: where };
    });
  }

  /**
   * Who stops a socket resets whoever is not accepted yet. So its thread does, right after it has accepted all; but not
   * a socket that others still accept from.
   */
  async #letGo(proxy: number): Promise<void> {
    const inodes = this.#of(proxy)
      .filter(handover => this.#isTcp(handover))
      .map(({ fd }) => fstatSync(fd).ino);
    const refuse = new Set(inodes).size === inodes.length;
    await this.#calls.all({ kind: 'close-frontend', proxy, refuse });
  }

  #sockets(): readonly ListenerHandover[] {
    return this.#handovers.flat().filter(({ fd }) => fd !== NO_SOCKET);
  }

  #of(proxy: number): readonly ListenerHandover[] {
    return this.#handovers.flat().filter(one => one.proxy === proxy);
  }

  #bindOf({ proxy, bind }: ListenerHandover): Bind | undefined {
    return listeningSection(this.#config, proxy)?.binds[bind];
  }

  #isTcp(handover: ListenerHandover): boolean {
    const bind = this.#bindOf(handover);
    return bind?.address.kind === 'ip' && bind.datagram !== true;
  }

  #listen(handover: ListenerHandover): number {
    if (handover.fd === NO_SOCKET) return 0;
    return beginListening(handover.fd, this.#bindOf(handover) ?? { backlog: 0 });
  }
}

function duplicate(handover: ListenerHandover): ListenerHandover {
  return handover.fd === NO_SOCKET ? handover : { ...handover, fd: duplicateDescriptor(handover.fd) };
}
