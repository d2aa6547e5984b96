/**
 * Whether an interface has come up since somebody looked last: the kernel forgets routes of one that goes down.
 * Called by vrrp-router.ts.
 */
import type { Network } from './network.ts';

export class RisenLinks {
  readonly #network: Pick<Network, 'links'>;
  /** Those that were up, by index. */
  #up: ReadonlySet<number> = new Set();

  constructor(network: Pick<Network, 'links'>) {
    this.#network = network;
  }

  look(): boolean {
    const before = this.#up;
    this.#up = new Set(
      this.#network
        .links()
        .filter(link => link.up)
        .map(({ index }) => index),
    );
    return [...this.#up].some(index => !before.has(index));
  }
}
