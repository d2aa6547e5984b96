/**
 * Sockets whose connection was reset, to connect with once more: making and destroying a socket is a third of what a
 * short connection costs. Only sockets without settings of their own come here (`isPlain`).
 */
import { isPlain, socketFor, type IpTarget, type SocketFailure } from '../../prepared-socket.ts';
import { closeDescriptor, disconnectSocket } from '../../system-calls.ts';

type SocketKind = '4' | '6' | '4 delayed' | '6 delayed';

export interface PolledSocket {
  readonly fd: number;
  /** Where it is kept; undefined: something was set on it that no other connection would want. */
  readonly kind: SocketKind | undefined;
  /** It is in the engine's event poll. */
  watched: boolean;
}

/** Of each kind: what a burst of checks needs. */
const KEPT_AT_MOST = 512;

export class SpareSockets {
  readonly #spare: Readonly<Record<SocketKind, PolledSocket[]>> = {
    '4': [],
    '6': [],
    '4 delayed': [],
    '6 delayed': [],
  };

  take(target: IpTarget): PolledSocket | SocketFailure {
    const kind = kindOf(target);
    const spare = kind && this.#spare[kind].pop();
    if (spare !== undefined) return spare;
    const fd = socketFor(target, 'non-blocking');
    return typeof fd === 'number' ? { fd, kind, watched: false } : fd;
  }

  /**
   * Resets its connection; false: it can only be closed. The reset stays an error of the socket until it connects,
   * which clears it.
   */
  resetAndKeep(socket: PolledSocket): boolean {
    const spare = socket.kind && this.#spare[socket.kind];
    if (spare === undefined || spare.length >= KEPT_AT_MOST || disconnectSocket(socket.fd) < 0) return false;
    spare.push(socket);
    return true;
  }

  clear(): void {
    for (const spare of Object.values(this.#spare)) for (const { fd } of spare.splice(0)) closeDescriptor(fd);
  }
}

function kindOf(target: IpTarget): SocketKind | undefined {
  const { family, delayAck } = target;
  if (!isPlain(target)) return undefined;
  if (delayAck === true) return family === 4 ? '4 delayed' : '6 delayed';
  return family === 4 ? '4' : '6';
}
