/**
 * When something of the kernel's is to be read again (routes to servers, own addresses): soon after it has told of a change,
 * and from time to time. Called by forwarder.ts.
 */

interface ChangeWatchPorts {
  readonly after: (delayMs: number, callback: () => void) => () => void;
  /** Calls back whenever the kernel tells of a change. */
  readonly monitor: (onChange: () => void) => { stop(): void };
}

/** Routes may change by the thousand. */
const SETTLE_MS = 200;
/** For what nobody has told. */
const AGAIN_MS = 10_000;

export class ChangeWatch {
  readonly #ports: ChangeWatchPorts;
  readonly #read: () => void;
  #monitor: { stop(): void } | undefined;
  #cancelSoon: (() => void) | undefined;
  #cancelAgain: () => void = () => undefined;

  constructor(ports: ChangeWatchPorts, read: () => void) {
    this.#ports = ports;
    this.#read = read;
  }

  watch(wanted: boolean): void {
    if (wanted === (this.#monitor !== undefined)) return;
    if (wanted) {
      this.#monitor = this.#ports.monitor(() => this.#soon());
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
