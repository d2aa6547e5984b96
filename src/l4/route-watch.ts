/**
 * When ways to servers are to be read again: soon after the kernel has told that interfaces or routes change, and from time
 * to time. Called by forwarder.ts.
 */

interface RouteWatchPorts {
  readonly after: (delayMs: number, callback: () => void) => () => void;
  /** Calls back whenever interfaces or routes change. */
  readonly watchRoutes: (onChange: () => void) => { stop(): void };
}

/** Routes may change by the thousand. */
const SETTLE_MS = 200;
/** For what nobody has told. */
const AGAIN_MS = 10_000;

export class RouteWatch {
  readonly #ports: RouteWatchPorts;
  readonly #read: () => void;
  #monitor: { stop(): void } | undefined;
  #cancelSoon: (() => void) | undefined;
  #cancelAgain: () => void = () => undefined;

  constructor(ports: RouteWatchPorts, read: () => void) {
    this.#ports = ports;
    this.#read = read;
  }

  watch(wanted: boolean): void {
    if (wanted === (this.#monitor !== undefined)) return;
    if (wanted) {
      this.#monitor = this.#ports.watchRoutes(() => this.#soon());
      this.#again();
      return;
    }
    this.#monitor?.stop();
    this.#monitor = undefined;
    this.#cancelSoon?.();
    this.#cancelSoon = undefined;
    this.#cancelAgain();
  }

  #soon(): void {
    if (this.#monitor === undefined) return;
    this.#cancelSoon ??= this.#ports.after(SETTLE_MS, () => {
      this.#cancelSoon = undefined;
      this.#read();
    });
  }

  #again(): void {
    this.#cancelAgain = this.#ports.after(AGAIN_MS, () => {
      this.#read();
      this.#again();
    });
  }
}
