/**
 * lc, wlc, sed, nq, ovf and twos: the kernel's packet filter has no minimum, so that the next choices are made ahead:
 * each as the scheduler would make it, with the choices before it counted in. Pure; called by selection.ts.
 */

/** How far ahead: the counts are looked at again long before that many connections have come. */
const PLANNED_SLOTS = 64;

type CountingScheduler = 'lc' | 'wlc' | 'sed' | 'nq' | 'ovf' | 'twos';

interface Load {
  readonly weight: number;
  readonly connections: number;
}

/** Less is better; the first of equals is taken. */
const COST: Readonly<Record<CountingScheduler, (load: Load) => number>> = {
  lc: ({ connections }) => connections,
  wlc: ({ connections, weight }) => connections / weight,
  sed: ({ connections, weight }) => (connections + 1) / weight,
  // an idle one before all others, by weight
  nq: ({ connections, weight }) => (connections === 0 ? -weight : (connections + 1) / weight),
  // the highest weight that is not full, the first one when all are
  ovf: ({ connections, weight }) => (connections < weight ? -weight : 0),
  twos: ({ connections, weight }) => connections / weight,
};

export function planConnections(scheduler: CountingScheduler, loads: readonly Load[]): number[] {
  const order = [...loads.keys()].filter(index => (loads[index]?.weight ?? 0) > 0);
  if (order.length === 0) return [];
  const cost = COST[scheduler];
  const counts = loads.map(({ connections }) => connections);
  return Array.from({ length: PLANNED_SLOTS }, () => {
    const costs = order.map(index =>
      cost({ weight: loads[index]?.weight ?? 1, connections: counts[index] ?? 0 }),
    );
    const best = order[costs.indexOf(Math.min(...costs))] as number;
    counts[best] = (counts[best] ?? 0) + 1;
    return best;
  });
}
