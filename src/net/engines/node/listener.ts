/**
 * Accepts for the node engine. The descriptor handed in stays ours; libuv gets a duplicate of it, which is closed
 * to pause: connections then wait in the kernel's backlog.
 *
 * libuv answers a full descriptor table by accepting and dropping connections. So the listener pauses by itself,
 * a little before, when an accepted descriptor's number comes near the limit (numbers are given from the lowest).
 */
import { Server, type Socket } from 'node:net';
import { errorName } from '../../cause.ts';
import type { Listener } from '../../connection.ts';
import { listenBacklog } from '../../socket-options.ts';
import { stopListening } from '../../stop-listening.ts';
import { closeDescriptor, duplicateDescriptor } from '../../system-calls.ts';
import { Timer, type TimerWheel } from '../../timer-wheel.ts';
import { takeWaiting } from '../../waiting-connections.ts';
import { adoptPublicly, type OwnedSocket, type SocketMaker, takeHandles } from './stream-socket.ts';

const BACK_OFF_MS = 100;
/** Left for connections to servers and for files. */
const DESCRIPTORS_KEPT_FREE = 32;
/** And not more than this part of all. */
const SHARE_KEPT_FREE = 1 / 8;

interface ListenerHost {
  readonly wheel: TimerWheel;
  readonly sockets: SocketMaker;
  readonly descriptorLimit: number;
  accepted(socket: OwnedSocket, origin: 'accepted' | 'public'): void;
  onError(code: string): void;
  closed(): void;
}

export class NodeListener implements Listener {
  paused = false;
  readonly #fd: number;
  readonly #host: ListenerHost;
  readonly #backlog: number;
  #server: Server | undefined;
  #closed = false;
  readonly #backOff = new Timer(() => this.#start());

  constructor(fd: number, host: ListenerHost) {
    this.#fd = fd;
    this.#host = host;
    this.#backlog = listenBacklog(fd);
    this.#start();
  }

  pause(): void {
    if (this.paused || this.#closed) return;
    this.paused = true;
    this.#stop();
  }

  resume(): void {
    if (!this.paused || this.#closed) return;
    this.paused = false;
    this.#start();
  }

  close(refuse = false): void {
    if (this.#closed) return;
    this.#closed = true;
    const serving = this.#server !== undefined;
    this.#stop();
    if (serving) this.#takeWaiting();
    if (refuse) stopListening(this.#fd);
    closeDescriptor(this.#fd);
    this.#host.closed();
  }

  #stop(): void {
    this.#host.wheel.remove(this.#backOff);
    this.#server?.close();
    this.#server = undefined;
  }

  #takeWaiting(): void {
    const host = this.#host;
    takeWaiting(this.#fd, fd => host.accepted(host.sockets.adoptDescriptor(fd), 'accepted'));
  }

  #start(): void {
    if (this.#closed || this.paused || this.#server !== undefined) return;
    const copy = duplicateDescriptor(this.#fd);
    if (copy < 0) {
      this.#failed(errorName(-copy));
      return;
    }
    const server = new Server({ allowHalfOpen: true, pauseOnConnect: true });
    this.#server = server;
    server.on('error', (error: NodeJS.ErrnoException) => this.#failed(error.code ?? 'UNKNOWN'));
    // Node looks for the backlog of a descriptor here only; it calls listen(2) again.
    server.listen({ fd: copy }, this.#backlog);
    const direct = takeHandles(
      server,
      handle => {
        this.#host.accepted(this.#host.sockets.adopt(handle), 'accepted');
        this.#watchLimit(handle.fd);
      },
      status => this.#failed(errorName(-status)),
    );
    if (!direct)
      server.on('connection', (socket: Socket) => this.#host.accepted(adoptPublicly(socket), 'public'));
  }

  #watchLimit(fd: number): void {
    const { descriptorLimit } = this.#host;
    const keptFree = Math.min(DESCRIPTORS_KEPT_FREE, descriptorLimit * SHARE_KEPT_FREE);
    if (fd >= descriptorLimit - keptFree) this.#failed('EMFILE');
  }

  /** Reports, and tries again in a while. */
  #failed(code: string): void {
    if (this.#closed) return;
    this.#stop();
    if (!this.paused) this.#host.wheel.set(this.#backOff, BACK_OFF_MS);
    this.#host.onError(code);
  }
}
