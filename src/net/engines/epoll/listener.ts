/**
 * Accepts when an event says that somebody waits, a few at a time: others have their turn in between. Where descriptors are
 * missing it tries again in a while. During a pause the kernel keeps who comes.
 */
import { BACK_OFF_MS, isHarmless } from '../../accept-errors.ts';
import { errorName } from '../../cause.ts';
import type { Listener } from '../../connection.ts';
import { stopListening } from '../../stop-listening.ts';
import { acceptNow, closeDescriptor, makeNonBlocking } from '../../system-calls.ts';
import { Timer, type TimerWheel } from '../../timer-wheel.ts';
import { takeWaiting } from '../../waiting-connections.ts';

/** Of one event; the next look tells of those who are left. */
const AT_MOST = 32;
const EAGAIN = -11;

export interface EpollListenerHost {
  readonly wheel: TimerWheel;
  /** It hears of those who wait, until it is unwatched. Negative: the error number. */
  watchListener(listener: EpollListener): number;
  unwatchListener(listener: EpollListener): void;
  accepted(listener: EpollListener, fd: number): void;
  forgetListener(listener: EpollListener): void;
}

export class EpollListener implements Listener {
  /** Its place in the engine's table. */
  readonly index: number;
  readonly fd: number;
  paused = false;
  closed = false;
  readonly #host: EpollListenerHost;
  readonly #onError: (code: string) => void;
  readonly #backOff: Timer;

  constructor(host: EpollListenerHost, index: number, fd: number, onError: (code: string) => void) {
    this.#host = host;
    this.index = index;
    this.fd = fd;
    this.#onError = onError;
    this.#backOff = new Timer(() => this.#watch());
    makeNonBlocking(fd);
    this.#watch();
  }

  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    this.#rest();
  }

  resume(): void {
    if (!this.paused || this.closed) return;
    this.paused = false;
    this.#watch();
  }

  /** Whom the kernel has let in is served; who came during a pause is left to others that listen on the socket. */
  close(refuse = false): void {
    if (this.closed) return;
    this.closed = true;
    this.#rest();
    if (!this.paused) takeWaiting(this.fd, fd => this.#host.accepted(this, fd));
    if (refuse) stopListening(this.fd);
    closeDescriptor(this.fd);
    this.#host.forgetListener(this);
  }

  /** Somebody waits. */
  happened(): void {
    for (let count = 0; count < AT_MOST && !this.paused && !this.closed; count++) {
      const fd = acceptNow(this.fd);
      if (fd === EAGAIN) return;
      if (fd >= 0) this.#host.accepted(this, fd);
      else if (!this.#goesOn(fd)) return;
    }
  }

  #goesOn(result: number): boolean {
    const code = errorName(-result);
    if (!isHarmless(code)) this.#failed(code);
    return isHarmless(code);
  }

  #watch(): void {
    const result = this.#host.watchListener(this);
    if (result < 0) this.#failed(errorName(-result));
  }

  /** Reports, and tries again in a while. */
  #failed(code: string): void {
    this.#rest();
    this.#host.wheel.set(this.#backOff, BACK_OFF_MS);
    this.#onError(code);
  }

  #rest(): void {
    this.#host.wheel.remove(this.#backOff);
    this.#host.unwatchListener(this);
  }
}
