/** The bandwidth limits that rules have put in force for a stream (`set-bandwidth-limit`). */
import type { BandwidthInForce, BandwidthLimit } from '../../model/bandwidth-limit.ts';
import type { Proxy } from '../../model/proxy.ts';
import { Throttle } from '../../net/throttle.ts';
import { limitsInOrder } from '../../rules/filter-order.ts';
import type { TimerWheel } from '../../net/timer-wheel.ts';

/** `ahead`: its bytes are those that are not compressed yet. */
export interface PlacedThrottle {
  readonly throttle: Throttle;
  readonly ahead: boolean;
}

export class BandwidthLimits {
  readonly #inForce = new Map<BandwidthLimit, BandwidthInForce>();

  /** The last one said of a filter counts. */
  set(filter: BandwidthLimit, limit: BandwidthInForce): void {
    this.#inForce.get(filter)?.release?.();
    this.#inForce.set(filter, limit);
  }

  /** In the order of their filters, the frontend's before the backend's. */
  throttles(direction: 'in' | 'out', proxies: readonly Proxy[], wheel: TimerWheel): PlacedThrottle[] {
    const path = direction === 'in' ? 'request' : 'response';
    return limitsInOrder([...new Set(proxies)], path).flatMap(({ limit: filter, ahead }) => {
      const limit = this.#inForce.get(filter);
      return limit === undefined ? [] : [{ throttle: new Throttle(wheel, limit), ahead }];
    });
  }

  release(): void {
    for (const limit of this.#inForce.values()) limit.release?.();
    this.#inForce.clear();
  }
}
