/** `balance roundrobin`: each server in turn, by weight; weights may change at any time. */
import type { SharedState } from '../state/shared-state.ts';
import { NO_SERVER, ALL_FULL, type Balancer } from './balancer.ts';
import { othersWait, takeTurn, type TurnOrder } from './turn.ts';
import { WeightedOrder } from './weighted-order.ts';

export function roundrobin(state: SharedState, backend: number): Balancer {
  const { servers: table } = state;
  const usable = state.usable(backend);
  let generation = -1;
  let order: TurnOrder = { length: 0, at: () => NO_SERVER };

  return {
    pick(_facts, avoid) {
      usable.refresh();
      if (usable.generation !== generation) {
        generation = usable.generation;
        order = turnOrder(usable.list, server => table.effectiveWeight(server));
      }
      if (usable.count === 0) return NO_SERVER;
      if (othersWait(table, backend)) return ALL_FULL;
      if (usable.group === 'first-backup') return usable.list[0] as number;
      return takeTurn(table, usable, order, avoid);
    },
  };
}

function turnOrder(list: Int32Array, weightOf: (server: number) => number): TurnOrder {
  const weights = Array.from(list, weightOf);
  if (weights.every(weight => weight === weights[0]))
    return { length: list.length, at: turn => list[turn] as number };
  return new WeightedOrder(list, weights);
}
