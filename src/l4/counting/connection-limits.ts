/**
 * `uthreshold` and `lthreshold`: which servers have so many connections that they get no new ones (ip_vs_dest_totalconns of the
 * kernel's own layer 4 switch, without connections that have ended). Called by forwarder.ts with each count.
 */
import type { Service } from '../service.ts';
import type { Counts } from './count-connections.ts';

export class ConnectionLimits {
  /** By server of a service. */
  #full: ReadonlyMap<Service, readonly boolean[]> = new Map();

  take(counts: Counts): void {
    this.#full = new Map(
      [...counts].map(([service, ofService]) => [
        service,
        service.servers.map(({ limit }, index) => {
          if (limit === undefined) return false;
          const bound = this.isFull(service, index) ? limit.again : limit.full;
          return (ofService[index] ?? 0) >= bound;
        }),
      ]),
    );
  }

  isFull(service: Service, index: number): boolean {
    return this.#full.get(service)?.[index] === true;
  }
}
