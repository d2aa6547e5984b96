/**
 * Whether the balancer still does anything: it sends a pulse twice a second while its control thread and one of its data
 * threads work. One that hangs, or was stopped by a signal, would keep addresses behind which nobody answers. Counted
 * are this process's own looks without a pulse, so that a machine that stood still as a whole is no reason. Called by
 * vrrp-process.ts.
 */
import type { Clock } from '../clock.ts';

const LOOK_MS = 500;
/** Five seconds: more than any reload or stall of a thread that is expected. */
const MOST_LOOKS = 10;

export class BalancerPulse {
  silent = false;
  readonly #onChange: () => void;
  #missed = 0;
  #cancel: () => void = () => undefined;
  readonly #clock: Clock;

  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** From now on it has to work: it may hang before its first pulse. */
  expect(): void {
    this.#missed = 0;
    this.#cancel();
    this.#look();
  }

  beat(): void {
    this.expect();
    this.#become(false);
  }

  #look(): void {
    this.#cancel = this.#clock.after(LOOK_MS, () => {
      if (++this.#missed >= MOST_LOOKS) this.#become(true);
      else this.#look();
    });
  }

  #become(silent: boolean): void {
    if (silent === this.silent) return;
    this.silent = silent;
    this.#onChange();
  }

  stop(): void {
    this.#cancel();
  }
}
