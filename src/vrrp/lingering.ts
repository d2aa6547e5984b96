/**
 * Whoever hands over keeps its addresses until the next master is heard, so that clients are served meanwhile; after
 * the longest skew a backup can have (RFC 5798 6.1) they go in any case. Called by vrrp-router.ts.
 */
import type { Clock } from './clock.ts';
import type { Instance } from './instance.ts';

/** What a packet and a busy peer may add to the skew. */
const MARGIN_MS = 100;

export class Lingering {
  readonly #clock: Clock;
  readonly #finish = new Map<string, () => void>();
  #onEmpty: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(instance: Instance): void {
    const { name, version, advertIntMs } = instance.config;
    const cancel = this.#clock.after((version === 2 ? 1000 : advertIntMs) + MARGIN_MS, () =>
      this.finish(name),
    );
    this.#finish.set(name, () => {
      cancel();
      instance.release();
    });
  }

  /** Somebody else is master, or we are again. */
  finish(name: string): void {
    const finish = this.#finish.get(name);
    if (finish === undefined) return;
    this.#finish.delete(name);
    finish();
    if (this.#finish.size > 0) return;
    const waiting = this.#onEmpty;
    this.#onEmpty = [];
    for (const resume of waiting) resume();
  }

  finishAll(): void {
    for (const name of this.#finish.keys()) this.finish(name);
  }

  /** Resolves when nobody holds addresses that way. */
  async over(): Promise<void> {
    if (this.#finish.size > 0) await new Promise<void>(resolve => this.#onEmpty.push(resolve));
  }
}
