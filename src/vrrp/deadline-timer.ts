/**
 * One timer for the earliest deadline of all machines. A timer that fires late, or while reading pauses in a flood, has
 * let packets wait in a socket: before a master counts as down they are read. Called by vrrp-router.ts.
 */
import type { Clock } from './clock.ts';
import { nextRouterDeadline, type RouterState } from './router.ts';

export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #router: () => RouterState;
  readonly #readWaiting: () => void;
  readonly #onDue: (name: string) => void;
  #cancel = (): void => {};

  constructor(
    clock: Clock,
    router: () => RouterState,
    readWaiting: () => void,
    onDue: (name: string) => void,
  ) {
    this.#clock = clock;
    this.#router = router;
    this.#readWaiting = readWaiting;
    this.#onDue = onDue;
  }

  /** After every step of the router. */
  set(): void {
    this.#cancel();
    const due = nextRouterDeadline(this.#router());
    if (due !== undefined) this.#cancel = this.#clock.after(due.at - this.#clock.now(), () => this.#fire());
  }

  stop(): void {
    this.#cancel();
  }

  #fire(): void {
    let due = this.#due();
    if (due !== undefined && this.#router().machines.get(due)?.state !== 'MASTER') {
      this.#readWaiting();
      due = this.#due();
    }
    if (due === undefined) this.set();
    else this.#onDue(due);
  }

  #due(): string | undefined {
    const next = nextRouterDeadline(this.#router());
    return next === undefined || next.at > this.#clock.now() ? undefined : next.name;
  }
}
