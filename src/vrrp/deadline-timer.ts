/**
 * One timer for the earliest deadline of all machines. It is not set anew when that moves away, as it does with each
 * advert: it wakes for nothing then, and looks. A timer that fires late, or while reading pauses in a flood, has let
 * packets wait in a socket: before a master counts as down they are read. Called by machines.ts.
 */
import type { Clock } from './clock.ts';
import type { Router } from './router.ts';

interface DeadlinePorts {
  readonly clock: Clock;
  readonly router: Pick<Router, 'nextDue' | 'machine'>;
  readonly readWaiting: () => void;
  readonly onDue: (name: string) => void;
}

export class DeadlineTimer {
  readonly #ports: DeadlinePorts;
  #setFor = Infinity;
  #firing = false;
  #stopped = false;
  #cancel = (): void => {};

  constructor(ports: DeadlinePorts) {
    this.#ports = ports;
  }

  /** After every step of the router. */
  set(): void {
    const { clock, router } = this.#ports;
    const at = router.nextDue()?.at ?? Infinity;
    if (at >= this.#setFor || this.#firing || this.#stopped) return;
    this.#cancel();
    this.#setFor = at;
    this.#cancel = clock.after(at - clock.now(), () => this.#fire());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** All that are due, in one turn: each would cost a millisecond of waiting else. */
  #fire(): void {
    const { router, readWaiting, onDue } = this.#ports;
    this.#setFor = Infinity;
    this.#firing = true;
    for (let due = this.#due(); due !== undefined; due = this.#due()) {
      if (router.machine(due)?.state !== 'MASTER') readWaiting();
      const still = this.#due();
      if (still !== undefined) onDue(still);
    }
    this.#firing = false;
    this.set();
  }

  #due(): string | undefined {
    const { clock, router } = this.#ports;
    const next = router.nextDue();
    return next === undefined || next.at > clock.now() ? undefined : next.name;
  }
}
