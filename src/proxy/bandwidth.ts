/** The bandwidth limits that rules have put in force for a stream (`set-bandwidth-limit`). */
import type { BandwidthInForce, BandwidthLimit } from '../model/bandwidth-limit.ts';
import type { Proxy } from '../model/proxy.ts';
import { Throttle } from '../net/throttle.ts';
import type { TimerWheel } from '../net/timer-wheel.ts';

export class BandwidthLimits {
  readonly #inForce = new Map<BandwidthLimit, BandwidthInForce>();

  /** The last one said of a filter counts. */
  set(filter: BandwidthLimit, limit: BandwidthInForce): void {
    this.#inForce.get(filter)?.release?.();
    this.#inForce.set(filter, limit);
  }

  /** In the order of the configuration: the frontend's before the backend's. */
  throttles(direction: 'in' | 'out', proxies: readonly (Proxy | undefined)[], wheel: TimerWheel): Throttle[] {
    const filters = new Set(proxies.flatMap(proxy => proxy?.bandwidthLimits ?? []));
    return [...filters].flatMap(filter => {
      const limit = filter.direction === direction ? this.#inForce.get(filter) : undefined;
      return limit === undefined ? [] : [new Throttle(wheel, limit)];
    });
  }

  release(): void {
    for (const limit of this.#inForce.values()) limit.release?.();
    this.#inForce.clear();
  }
}
