/**
 * A wheel turned by one Node timer, which exists only while a timer of the wheel is linked: no tick when idle. It is
 * turned behind what has come over sockets: a process that was held up has not kept its clients waiting for nothing.
 */
import { monotonicMs } from '../../../base/clock.ts';
import { TimerWheel } from '../../timer-wheel.ts';

export class WheelDriver {
  readonly wheel: TimerWheel;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor() {
    this.wheel = new TimerWheel(monotonicMs, { live: true, wake: atMs => this.#wake(atMs) });
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
  }

  #wake(atMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#due, Math.max(Math.ceil(atMs - this.wheel.now), 1));
  }

  readonly #due = (): void => {
    this.#timer = undefined;
    this.#immediate = setImmediate(this.#turn);
  };

  readonly #turn = (): void => {
    this.wheel.advance();
    // Node's timers may come a moment early; then nothing was swept and nothing was re-armed.
    if (this.#timer === undefined && this.wheel.wakeAt !== Infinity) this.#wake(this.wheel.wakeAt);
  };
}
