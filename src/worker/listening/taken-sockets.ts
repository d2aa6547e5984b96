/**
 * Listening sockets of the process before (`-x`): a bind gets those of its address, all of them, as clients may wait
 * in any; more are opened where there are more threads. What no bind wants is closed.
 */
import type { ListenSettings } from '../../net/listen-settings.ts';
import {
  adoptListening,
  extendListening,
  openListening,
  type Listening,
  type ListenFailure,
} from '../../net/listening-socket.ts';
import { askForSockets, type PassedSocket } from '../../net/listener-exchange.ts';
import { closeDescriptor } from '../../net/system-calls.ts';
import { addressKey, socketAddressKey } from '../../net/listening-key.ts';
import type { OpenListening } from './bind-listeners.ts';

export class TakenSockets {
  readonly #byKey = new Map<string, number[]>();

  constructor(sockets: readonly PassedSocket[]) {
    for (const { fd, interface: device, namespace } of sockets) {
      const key = socketAddressKey(fd, { device, namespace });
      const known = this.#byKey.get(key);
      if (known === undefined) this.#byKey.set(key, [fd]);
      else known.push(fd);
    }
  }

  /** A text says why there are none. `/dev/null`: none are wanted. */
  static ask(path: string): TakenSockets | string {
    const sockets = path === '/dev/null' ? [] : askForSockets(path);
    return typeof sockets === 'string' ? sockets : new TakenSockets(sockets);
  }

  readonly open: OpenListening = (settings, nth, count): Listening | ListenFailure => {
    const fds = nth < 0 ? undefined : this.#take(settings);
    if (fds === undefined) return openListening(settings, count);
    return extendListening(adoptListening(settings, fds), settings, count);
  };

  #take(settings: ListenSettings): readonly number[] | undefined {
    const key = addressKey(settings);
    const fds = key === undefined ? undefined : this.#byKey.get(key);
    if (key !== undefined) this.#byKey.delete(key);
    return fds;
  }

  done(): void {
    for (const fds of this.#byKey.values()) for (const fd of fds) closeDescriptor(fd);
    this.#byKey.clear();
  }
}
