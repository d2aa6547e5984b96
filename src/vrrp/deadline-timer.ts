/**
 * One timer for the earliest deadline of all machines. A timer that fires late has probably let packets wait in a
 * socket as well: a backup whose master seems down lets them be read first. Called by vrrp-router.ts.
 */
import type { Clock } from './clock.ts';
import { nextRouterDeadline, type RouterState } from './router.ts';

const LATE_MS = 3;

export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #router: () => RouterState;
  readonly #onDue: (name: string) => void;
  #cancel = (): void => {};

  constructor(clock: Clock, router: () => RouterState, onDue: (name: string) => void) {
    this.#clock = clock;
    this.#router = router;
    this.#onDue = onDue;
  }

  /** After every step of the router. */
  set(): void {
    this.#cancel();
    const due = nextRouterDeadline(this.#router());
    if (due !== undefined)
      this.#cancel = this.#clock.after(due.at - this.#clock.now(), () => this.#fire(false));
  }

  stop(): void {
    this.#cancel();
  }

  #fire(packetsWereRead: boolean): void {
    const due = nextRouterDeadline(this.#router());
    const now = this.#clock.now();
    if (due === undefined || due.at > now) {
      this.set();
      return;
    }
    const isMaster = this.#router().machines.get(due.name)?.state === 'MASTER';
    if (!isMaster && !packetsWereRead && now - due.at > LATE_MS)
      this.#cancel = this.#clock.after(1, () => this.#fire(true));
    else this.#onDue(due.name);
  }
}
