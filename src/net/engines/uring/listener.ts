/**
 * Accepts on the ring: one multishot OP_ACCEPT that goes on until it is cancelled or fails, or one OP_ACCEPT after
 * the other where descriptors are few. What was accepted before a pause took effect waits here, as it would in the
 * kernel's backlog.
 */
import { BACK_OFF_MS, isHarmless } from '../../accept-errors.ts';
import { errorName } from '../../cause.ts';
import type { Connection, Listener } from '../../connection.ts';
import { stopListening } from '../../stop-listening.ts';
import { closeDescriptor, setBlocking } from '../../system-calls.ts';
import { Timer, type TimerWheel } from '../../timer-wheel.ts';
import { takeWaiting } from '../../waiting-connections.ts';
import { CQE_MORE, EAGAIN, ECANCELED, EINTR } from './abi.ts';
import type { Operations } from './operations.ts';

export interface ListenerHost {
  readonly wheel: TimerWheel;
  readonly operations: Operations;
  accept(listener: UringListener): void;
  cancelAccept(listener: UringListener): void;
  accepted(listener: UringListener, fd: number): void;
  /** Calls deliver() in the next turn. */
  defer(listener: UringListener): void;
  forget(listener: UringListener): void;
}

export class UringListener implements Listener {
  readonly index: number;
  readonly fd: number;
  readonly onAccept: ListenerCallbacks['onAccept'];
  paused = false;
  closed = false;
  readonly #host: ListenerHost;
  readonly #onError: ListenerCallbacks['onError'];
  readonly #backOff: Timer;
  #armed = false;
  /** Closed during a pause: who came meanwhile is for whoever else listens on the socket. */
  #leavesWaiting = false;
  #stash: number[] = [];

  constructor(host: ListenerHost, index: number, fd: number, callbacks: ListenerCallbacks) {
    this.#host = host;
    this.index = index;
    this.fd = fd;
    this.onAccept = callbacks.onAccept;
    this.#onError = callbacks.onError;
    this.#backOff = new Timer(() => this.#arm());
    this.#arm();
  }

  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    this.#host.wheel.remove(this.#backOff);
    if (this.#armed) this.#host.cancelAccept(this);
  }

  resume(): void {
    if (!this.paused || this.closed) return;
    this.paused = false;
    if (this.#stash.length > 0) this.#host.defer(this);
    this.#arm();
  }

  close(refuse = false): void {
    if (this.closed) return;
    this.closed = true;
    this.#host.wheel.remove(this.#backOff);
    for (const fd of this.#stash.splice(0)) this.#host.accepted(this, fd);
    this.#leavesWaiting = this.paused && !this.#armed;
    if (refuse) this.#refuse();
    if (this.#armed) this.#host.cancelAccept(this);
    else this.#gone();
  }

  completed(result: number, flags: number): void {
    if ((flags & CQE_MORE) === 0) this.#armed = false;
    if (result >= 0) this.#accepted(result);
    else if (result !== -ECANCELED) this.#failed(result);
    if (this.#armed) return;
    if (this.closed) this.#gone();
    else this.#arm();
  }

  /** The poll of pushAcceptPoll has ended. */
  polled(): void {
    this.#armed = false;
    if (this.closed) this.#gone();
    else this.#arm();
  }

  deliver(): void {
    while (this.#stash.length > 0 && !this.paused && !this.closed)
      this.#host.accepted(this, this.#stash.shift() as number);
  }

  #arm(): void {
    if (this.#armed || this.closed || this.paused || this.#backOff.deadline !== 0) return;
    this.#armed = true;
    this.#host.accept(this);
  }

  #accepted(fd: number): void {
    // also when closed: whom the kernel has let in meanwhile is served
    if (!this.closed && (this.paused || this.#stash.length > 0)) this.#stash.push(fd);
    else this.#host.accepted(this, fd);
  }

  #failed(result: number): void {
    if (this.closed || this.paused) return;
    if (result === -EAGAIN || result === -EINTR) {
      if (this.#armed) return;
      this.#armed = true;
      this.#host.operations.pollAccept(this);
      return;
    }
    const code = errorName(-result);
    if (isHarmless(code)) return;
    this.#host.wheel.set(this.#backOff, BACK_OFF_MS);
    this.#onError(code);
  }

  /** At once: a socket that stops resets who waits, and what is armed ends later. */
  #refuse(): void {
    if (!this.#leavesWaiting) this.#takeWaiting();
    stopListening(this.fd);
  }

  /** Nothing is armed any more that the kernel could tell of a connection. */
  #gone(): void {
    if (!this.#leavesWaiting) this.#takeWaiting();
    closeDescriptor(this.fd);
    this.#host.forget(this);
  }

  #takeWaiting(): void {
    takeWaiting(this.fd, fd => {
      setBlocking(fd, true);
      this.#host.accepted(this, fd);
    });
  }
}

interface ListenerCallbacks {
  readonly onAccept: (connection: Connection) => void;
  readonly onError: (code: string) => void;
}
