/**
 * `balance sticky`: one server for all, the same until it goes down; all threads stay on the same one. Servers that
 * come back stand at the end of the line.
 */
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
      return table.replaceSticky(
        backend,
        current,
        firstInLine(usable.list, server => table.upOrder(server)),
      );
    },
  };
}

/** Those never down in the order of the configuration, then the others as they came back. */
function firstInLine(list: Int32Array, orderOf: (server: number) => number): number {
  let first = list[0] as number;
  for (const server of list) if (orderOf(server) < orderOf(first)) first = server;
  return first;
}
