/** `balance sticky`: one server for all, the same until it goes down; all threads stay on the same one. */
import type { SharedState } from '../state/shared-state.ts';
import { NO_SERVER, type Balancer } from './balancer.ts';

export function sticky(state: SharedState, backend: number): Balancer {
  const { servers: table } = state;
  const usable = state.usable(backend);

  /** It may stay while it is usable, but a backup server only while no active one is. */
  const mayStay = (server: number): boolean =>
    server >= 0 && table.usable(server) && (!table.isBackup(server) || usable.activeCount === 0);

  return {
    pick() {
      usable.refresh();
      const current = table.stickyServer(backend);
      if (mayStay(current)) return current;
      if (usable.count === 0) return NO_SERVER;
      return table.replaceSticky(backend, current, usable.list[0] as number);
    },
  };
}
