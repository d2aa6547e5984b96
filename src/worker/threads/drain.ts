/**
 * How clients that stay connected are sent away during a soft stop (manual, `close-spread-time`): after their next
 * request, all at once or spread over a time; idle ones are closed. `infinite` sends nobody away.
 *
 *   begin ── 1 s ──▶ idle ones are closed
 */
interface IdleClients {
  /** Asked of each: shall it go now? */
  closeIdle(goes: () => boolean): void;
}

/** A request may be on its way to a connection that looks idle, its client slow or its machine busy. */
const IDLE_MS = 1000;

export class Drain {
  /** -1: infinite; 0: at once. */
  readonly #spreadMs: number;
  #beganAtMs = -1;

  constructor(closeSpreadTimeMs: number) {
    this.#spreadMs = closeSpreadTimeMs;
  }

  begin(): void {
    this.#beganAtMs = performance.now();
  }

  /** Does a client go after the request it is served now? */
  sendsAway(): boolean {
    if (this.#beganAtMs < 0 || this.#spreadMs < 0) return false;
    const leftMs = this.#spreadMs - (performance.now() - this.#beganAtMs);
    return leftMs <= 0 || leftMs <= Math.random() * this.#spreadMs;
  }

  /** Called now and then while the stop lasts. */
  look(clients: IdleClients): void {
    const sinceMs = performance.now() - this.#beganAtMs;
    if (this.#spreadMs < 0 || sinceMs < IDLE_MS) return;
    clients.closeIdle(() => this.sendsAway());
  }
}
