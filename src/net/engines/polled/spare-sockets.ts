/**
 * Sockets whose connection was reset, to connect with once more: making and destroying a socket is a third of what a
 * short connection costs. Only sockets without settings of their own come here (`isPlain`).
 */
import { pendingError, setQuickAck } from '../../socket-options.ts';
import { socketFor, type IpTarget, type SocketFailure } from '../../prepared-socket.ts';
import { closeDescriptor, disconnectSocket } from '../../system-calls.ts';

export interface PolledSocket {
  readonly fd: number;
  readonly family: 4 | 6;
  /** Nothing was set on it that the next connection would not want. */
  readonly plain: boolean;
  /** It is in the engine's event poll. */
  watched: boolean;
}

/** Of each family. */
const KEPT_AT_MOST = 64;

export class SpareSockets {
  readonly #spare = { 4: [] as PolledSocket[], 6: [] as PolledSocket[] };

  take(target: IpTarget): PolledSocket | SocketFailure {
    const plain = isPlain(target);
    const spare = plain ? this.#spare[target.family].pop() : undefined;
    if (spare !== undefined) {
      // without a delay of its own it goes out at once: a connection sets that when it sends a second time
      if (target.delayAck === true) setQuickAck(spare.fd, false);
      return spare;
    }
    const fd = socketFor(target, 'non-blocking');
    return typeof fd === 'number' ? { fd, family: target.family, plain, watched: false } : fd;
  }

  /** Resets its connection; false: it can only be closed. */
  resetAndKeep(socket: PolledSocket): boolean {
    const spare = this.#spare[socket.family];
    if (!socket.plain || spare.length >= KEPT_AT_MOST || disconnectSocket(socket.fd) < 0) return false;
    // the reset is an error of the socket until somebody has asked for it
    pendingError(socket.fd);
    spare.push(socket);
    return true;
  }

  clear(): void {
    for (const spare of [this.#spare[4], this.#spare[6]])
      for (const { fd } of spare.splice(0)) closeDescriptor(fd);
  }
}

function isPlain({ source, interface: device, keepAlive, noLinger, userTimeoutMs }: IpTarget): boolean {
  return (source ?? device ?? keepAlive ?? noLinger ?? userTimeoutMs) === undefined;
}
