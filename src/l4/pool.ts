/**
 * The life of a virtual server's pool as keepalived has it: which of its servers are alive, whether their weights make the
 * quorum, and what follows from a change. Pure; forwarder.ts carries it out.
 *
 *                 sum of weights >= quorum + hysteresis
 *   lost, sorry server ────────────────────────────────▶ gained, alive servers
 *                      ◀────────────────────────────────
 *                 sum of weights < quorum - hysteresis, or nobody
 */
import type { VirtualServer } from '../model/virtual-server.ts';
import type { ServerState } from './service.ts';

export interface Pool {
  /** By real server. */
  readonly alive: readonly boolean[];
  readonly weights: readonly number[];
  readonly hasQuorum: boolean;
}

export type PoolChange =
  | { readonly kind: 'server'; readonly index: number; readonly up: boolean }
  | { readonly kind: 'quorum'; readonly up: boolean; readonly sum: number };

/**
 * As it begins, with what is known of its servers: else they are alive until a check says otherwise, but for those with
 * `alpha` and a checker. There is a quorum when one could be gained.
 */
export function newPool(
  { realServers, quorum, hysteresis }: VirtualServer,
  alive = realServers.map(({ checkers }) => !checkers.some(checker => checker.alpha)),
  weights = realServers.map(({ weight }) => weight),
): Pool {
  return { alive, weights, hasQuorum: weightOf({ alive, weights }) >= quorum + hysteresis };
}

/** Of its alive servers. */
export function weightOf({ alive, weights }: Pick<Pool, 'alive' | 'weights'>): number {
  return weights.reduce((sum, weight, index) => sum + (alive[index] === true ? weight : 0), 0);
}

/** Between its thresholds a pool stays what the one before it was. */
export function succeed(config: VirtualServer, pool: Pool, hadQuorum: boolean): Pool {
  return judgeQuorum(config, { ...pool, hasQuorum: hadQuorum }).pool;
}

export function changeServer(
  config: VirtualServer,
  pool: Pool,
  index: number,
  up: boolean,
): { readonly pool: Pool; readonly changes: readonly PoolChange[] } {
  if (pool.alive[index] === up) return { pool, changes: [] };
  const alive = pool.alive.with(index, up);
  const after = judgeQuorum(config, { ...pool, alive });
  return { pool: after.pool, changes: [{ kind: 'server', index, up }, ...after.changes] };
}

/** `misc_dynamic` */
export function changeWeight(
  config: VirtualServer,
  pool: Pool,
  index: number,
  weight: number,
): { readonly pool: Pool; readonly changes: readonly PoolChange[] } {
  return judgeQuorum(config, { ...pool, weights: pool.weights.with(index, weight) });
}

function judgeQuorum(
  { quorum, hysteresis }: VirtualServer,
  pool: Pool,
): { readonly pool: Pool; readonly changes: readonly PoolChange[] } {
  const sum = weightOf(pool);
  const hasQuorum = pool.hasQuorum ? sum > 0 && sum >= quorum - hysteresis : sum >= quorum + hysteresis;
  if (hasQuorum === pool.hasQuorum) return { pool, changes: [] };
  return { pool: { ...pool, hasQuorum }, changes: [{ kind: 'quorum', up: hasQuorum, sum }] };
}

const ASIDE: ServerState = { weight: 0, gone: false, closed: true };

/** While the sorry server serves nobody else gets anything new; what goes on goes on, either way. */
export function serverStates({ realServers, sorryServer }: VirtualServer, pool: Pool): ServerState[] {
  const isSorry = sorryServer !== undefined && !pool.hasQuorum;
  const states = realServers.map(({ inhibitOnFailure }, index): ServerState => {
    if (pool.alive[index] !== true) return { weight: 0, gone: !inhibitOnFailure };
    return isSorry ? ASIDE : { weight: pool.weights[index] ?? 0, gone: false };
  });
  return sorryServer === undefined ? states : [...states, isSorry ? { weight: 1, gone: false } : ASIDE];
}
