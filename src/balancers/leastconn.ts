/** `balance leastconn`: the server with the fewest requests for its weight, counted over all threads. */
import type { SharedState } from '../state/shared-state.ts';
import { ALL_FULL, NO_SERVER, type Balancer } from './balancer.ts';

export function leastconn(state: SharedState, backend: number): Balancer {
  const usable = state.usable(backend);
  const { loads } = state;
  return {
    pick(_facts, avoid) {
      usable.refresh();
      if (usable.count === 0) return NO_SERVER;
      if (usable.group === 'first-backup') return usable.list[0] as number;
      const server = loads.best(usable, avoid);
      return server < 0 ? ALL_FULL : server;
    },
  };
}
