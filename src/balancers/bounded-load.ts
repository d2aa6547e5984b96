/**
 * `hash-balance-factor`: consistent hashing with bounded loads (arXiv 1608.01350). A server may serve its share,
 * by weight, of factor percent of all requests that are served now, this one included; the shares are rounded
 * so that they add up, and nobody's is 0.
 */
import type { SharedState } from '../state/shared-state.ts';

/** Tells whether a server may take one more request. The backend's usable servers must be up to date. */
export function boundedLoad(
  state: SharedState,
  backend: number,
  factor: number,
): (server: number) => boolean {
  const { servers: table } = state;
  const usable = state.usable(backend);
  let generation = -1;
  /** Weight of the servers before each one. */
  const before = new Map<number, number>();

  const refresh = (): void => {
    generation = usable.generation;
    before.clear();
    let total = 0;
    for (const server of usable.list) {
      before.set(server, total);
      total += table.effectiveWeight(server);
    }
  };

  return server => {
    if (usable.generation !== generation) refresh();
    const total = usable.totalWeight;
    const slots = Math.floor(((table.backendServed(backend) + 1) * factor + 99) / 100);
    const rest = slots % total;
    const weight = table.effectiveWeight(server);
    const preceding = before.get(server) ?? 0;
    const share =
      weight * Math.floor(slots / total) +
      Math.floor(((preceding + weight) * rest) / total) -
      Math.floor((preceding * rest) / total);
    return table.served(server) < Math.max(1, share);
  };
}
