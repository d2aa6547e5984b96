/**
 * lc, wlc, sed, nq, ovf and twos: the kernel's packet filter has no minimum, so that the next choices are made ahead:
 * each as the scheduler would make it, with the choices before it counted in. Pure; called by selection.ts.
 */
import type { Scheduler } from '../model/virtual-server.ts';

const LEAST_SLOTS = 64;
const MOST_SLOTS = 512;
/**
 * As many choices as there are connections several times over: short ones may all have been replaced before they are counted
 * again, and a plan that is too short is then walked often, so that what was right once goes too far.
 */
const AHEAD = 4;

export type CountingScheduler = 'lc' | 'wlc' | 'sed' | 'nq' | 'ovf' | 'twos';

interface Load {
  readonly weight: number;
  readonly connections: number;
}

/** Less is better. */
const COST: Readonly<Record<CountingScheduler, (connections: number, weight: number) => number>> = {
  lc: connections => connections,
  wlc: (connections, weight) => connections / weight,
  sed: (connections, weight) => (connections + 1) / weight,
  // an idle one before all others, by weight
  nq: (connections, weight) => (connections === 0 ? -weight : (connections + 1) / weight),
  // the highest weight that is not full, the first one when all are
  ovf: (connections, weight) => (connections < weight ? -weight : 0),
  twos: (connections, weight) => connections / weight,
};

export function countsConnections(scheduler: Scheduler): scheduler is CountingScheduler {
  return Object.hasOwn(COST, scheduler);
}

/**
 * `turn` says who is the first among equals (ovf: the first of the list): plans are made anew again and again, and the beginning
 * of each is used more than its end.
 */
export function planConnections(scheduler: CountingScheduler, loads: readonly Load[], turn = 0): number[] {
  const usable = [...loads.keys()].filter(index => (loads[index]?.weight ?? 0) > 0);
  const first = scheduler === 'ovf' ? 0 : turn % Math.max(1, usable.length);
  const order = [...usable.slice(first), ...usable.slice(0, first)];
  if (order.length === 0) return [];
  const counts = loads.map(({ connections }) => connections);
  const ahead = AHEAD * order.reduce((sum, index) => sum + (counts[index] ?? 0), 0);
  const slots = Math.min(MOST_SLOTS, Math.max(LEAST_SLOTS, ahead));
  const step = Math.max(1, ahead / slots);
  return Array.from({ length: slots }, () => {
    const best = leastOf(order, index => COST[scheduler](counts[index] ?? 0, loads[index]?.weight ?? 1));
    counts[best] = (counts[best] ?? 0) + step;
    return best;
  });
}

function leastOf(order: readonly number[], costOf: (index: number) => number): number {
  let [best = 0] = order;
  let least = Infinity;
  for (const index of order) {
    const cost = costOf(index);
    if (cost >= least) continue;
    [best, least] = [index, cost];
  }
  return best;
}
