/** `idle-ping`: asks the peer of a connection that rests whether it is still there, again and again (manual, section 5). */
import { Timer, type TimerWheel } from '../../net/timer-wheel.ts';

export class IdlePing {
  readonly #wheel: TimerWheel | undefined;
  readonly #everyMs: number;
  readonly #timer: Timer;
  #isAsked = false;

  /** `everyMs`: 0: never. `silent`: the peer has not answered before it would be asked again. */
  constructor(wheel: TimerWheel | undefined, everyMs: number, ask: () => void, silent: () => void) {
    this.#wheel = wheel;
    this.#everyMs = everyMs;
    this.#timer = new Timer(() => {
      if (this.#isAsked) return silent();
      this.#isAsked = true;
      ask();
      this.#arm();
    });
  }

  /** The connection rests. */
  begin(): void {
    this.#isAsked = false;
    this.#arm();
  }

  #arm(): void {
    if (this.#everyMs > 0) this.#wheel?.set(this.#timer, this.#everyMs);
  }

  answered(): void {
    this.#isAsked = false;
  }

  /** It is used again. */
  pause(): void {
    this.#wheel?.clear(this.#timer);
  }

  stop(): void {
    this.#wheel?.remove(this.#timer);
  }
}
