/** `balance static-rr`: each server in turn over a fixed map; weights change only to 0 % and 100 %. */
import type { SharedState } from '../state/shared-state.ts';
import { ALL_FULL, NO_SERVER, type Balancer } from './balancer.ts';
import { ServerMap } from './server-map.ts';
import { othersWait, takeTurn } from './turn.ts';

export function staticRr(state: SharedState, backend: number): Balancer {
  const usable = state.usable(backend);
  const map = new ServerMap(state, backend);
  return {
    pick(_facts, avoid) {
      map.refresh();
      if (map.length === 0) return NO_SERVER;
      if (othersWait(state.servers, backend)) return ALL_FULL;
      return takeTurn(state.servers, usable, map, avoid);
    },
  };
}
