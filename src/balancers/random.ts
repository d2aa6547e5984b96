/**
 * `balance random(<draws>)`: of some servers drawn by weight, the one that serves the fewest requests for its
 * weight; among equals the one with the lower request rate.
 */
import { monotonicMs } from '../base/clock.ts';
import { FIELD } from '../state/counter-fields.ts';
import type { SharedState } from '../state/shared-state.ts';
import { ALL_FULL, NO_SERVER, type Balancer } from './balancer.ts';
import { boundedLoad } from './bounded-load.ts';

export function random(
  state: SharedState,
  backend: number,
  draws: number,
  balanceFactor: number,
  randomNumber: () => number = Math.random,
): Balancer {
  const { servers: table, counters } = state;
  const usable = state.usable(backend);
  const eligible = boundedLoad(state, backend, balanceFactor);
  let generation = -1;
  /** Running totals of the weights: a draw falls into the range of one server. */
  let totals = new Float64Array(0);

  const refresh = (): void => {
    usable.refresh();
    if (usable.generation === generation) return;
    generation = usable.generation;
    let total = 0;
    totals = Float64Array.from(usable.list, server => (total += table.effectiveWeight(server)));
  };

  /** A server by weight; if it may not be used, the next one that may. */
  const draw = (avoid: number): number => {
    const { list } = usable;
    const from = indexOfDraw(totals, randomNumber() * usable.totalWeight);
    for (let step = 0; step < list.length; step++) {
      const server = list[(from + step) % list.length] as number;
      if (server !== avoid && (balanceFactor === 0 || eligible(server))) return server;
    }
    return list[from] as number;
  };

  const lessLoaded = (a: number, b: number): number => {
    const loadA = table.served(a) * table.effectiveWeight(b);
    const loadB = table.served(b) * table.effectiveWeight(a);
    if (loadA !== loadB) return loadA < loadB ? a : b;
    const now = monotonicMs();
    const rateA = counters.ownRate(counters.server(a), FIELD.rate, now) * table.effectiveWeight(b);
    const rateB = counters.ownRate(counters.server(b), FIELD.rate, now) * table.effectiveWeight(a);
    return rateB < rateA ? b : a;
  };

  return {
    pick(_facts, avoid) {
      refresh();
      if (usable.count === 0) return NO_SERVER;
      let best = draw(avoid);
      for (let drawn = 1; drawn < draws && usable.count > 1; drawn++) {
        const other = draw(avoid);
        if (other !== best) best = lessLoaded(other, best);
      }
      if (table.queued(best) !== 0 || !table.hasRoom(best)) return ALL_FULL;
      return best;
    },
  };
}

/** The first range that ends above the number. */
function indexOfDraw(totals: Float64Array, number: number): number {
  let low = 0;
  let high = totals.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((totals[middle] as number) > number) high = middle;
    else low = middle + 1;
  }
  return low;
}
