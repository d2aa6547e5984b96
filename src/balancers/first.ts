/** `balance first`: the server with the lowest id that has room. */
import type { SharedState } from '../state/shared-state.ts';
import { ALL_FULL, NO_SERVER, type Balancer } from './balancer.ts';
import { othersWait } from './turn.ts';

export function first(state: SharedState, backend: number): Balancer {
  const { servers: table } = state;
  const usable = state.usable(backend);
  let generation = -1;
  let byId: Int32Array = new Int32Array(0);

  return {
    pick(_facts, avoid) {
      usable.refresh();
      if (usable.generation !== generation) {
        generation = usable.generation;
        byId = Int32Array.from(usable.list).sort((a, b) => table.id(a) - table.id(b));
      }
      if (byId.length === 0) return NO_SERVER;
      if (othersWait(table, backend)) return ALL_FULL;
      if (usable.group === 'first-backup') return byId[0] as number;
      let avoided = ALL_FULL;
      for (let index = 0; index < byId.length; index++) {
        const server = byId[index] as number;
        if (!table.hasRoom(server)) continue;
        if (server !== avoid) return server;
        avoided = server;
      }
      return avoided;
    },
  };
}
