/**
 * Whoever hands over keeps its addresses until the next master is heard, so that clients are served meanwhile; after
 * the longest skew a backup can have (RFC 5798 6.1), and the longest it may take to prepare itself (hand-overs.ts),
 * they go in any case. A machine that stood still meanwhile has heard nothing, and may be no reason to give up: what
 * waits is read first, and the time begins again. Called by hand-overs.ts.
 */
import type { Clock } from '../clock.ts';
import type { Instance } from '../instance.ts';

/** So long a next master may put off taking over while it prepares to relay connections. */
export const LONGEST_PREPARATION_MS = 300;
/** What a packet and a busy peer may add to that. */
const MARGIN_MS = 100;

interface LingeringPorts {
  readonly clock: Clock;
  /** Hears the packets that nobody has told of. */
  readonly readWaiting: () => void;
}

/** Somebody else has the addresses now, they are ours again, or nobody came for them. */
export type LingeringEnd = 'followed' | 'ours' | 'alone';

export class Lingering {
  readonly #ports: LingeringPorts;
  readonly #finish = new Map<string, (end: LingeringEnd) => void>();
  #onEmpty: (() => void)[] = [];

  constructor(ports: LingeringPorts) {
    this.#ports = ports;
  }

  /** `release` takes the addresses away. */
  start(instance: Instance, release: (end: LingeringEnd) => void): void {
    const { name, version, advertIntMs } = instance.config;
    const longestSkewMs = version === 2 ? 1000 : advertIntMs;
    this.#wait(name, longestSkewMs + LONGEST_PREPARATION_MS + MARGIN_MS, release);
  }

  #wait(name: string, ms: number, release: (end: LingeringEnd) => void): void {
    const { clock, readWaiting } = this.#ports;
    const due = clock.now() + ms;
    const cancel = clock.after(ms, () => {
      const stoodStill = clock.now() - due > MARGIN_MS;
      readWaiting();
      if (!this.#finish.has(name)) return;
      if (stoodStill) this.#wait(name, ms, release);
      else this.finish(name, 'alone');
    });
    this.#finish.set(name, end => {
      cancel();
      release(end);
    });
  }

  finish(name: string, end: LingeringEnd): void {
    const finish = this.#finish.get(name);
    if (finish === undefined) return;
    this.#finish.delete(name);
    finish(end);
    if (this.#finish.size > 0) return;
    const waiting = this.#onEmpty;
    this.#onEmpty = [];
    for (const resume of waiting) resume();
  }

  finishAll(): void {
    for (const name of this.#finish.keys()) this.finish(name, 'alone');
  }

  /** Resolves when nobody holds addresses that way. */
  async over(): Promise<void> {
    if (this.#finish.size > 0) await new Promise<void>(resolve => this.#onEmpty.push(resolve));
  }
}
