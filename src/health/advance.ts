/**
 * Counting checks (manual, `rise`, `fall`, `inter`): pure, so that recorded sequences can hold it to the manual.
 *
 *   health   0 ────────── rise-1 | rise ─────────── rise+fall-1
 *            DOWN      going up  | going down              UP
 *
 * A failure takes one off, and all when that crosses the line; a success adds one, and all when it does.
 */
import type { Server } from '../model/server.ts';
import type { CheckOutcome } from './status.ts';

export interface CheckPolicy {
  readonly rise: number;
  readonly fall: number;
}

export interface CheckIntervals {
  readonly interMs: number;
  readonly fastinterMs?: number;
  readonly downinterMs?: number;
}

export interface Advance {
  readonly health: number;
  /** The count changed: `option log-health-checks` tells it. */
  readonly changed: boolean;
  readonly up: boolean;
}

export function advance(health: number, outcome: CheckOutcome, policy: CheckPolicy): Advance {
  const next = outcome === 'failed' ? afterFailure(health, policy) : afterSuccess(health, policy);
  return { health: next, changed: next !== health, up: next >= policy.rise };
}

function afterFailure(health: number, { rise }: CheckPolicy): number {
  return health - 1 < rise ? 0 : health - 1;
}

function afterSuccess(health: number, { rise, fall }: CheckPolicy): number {
  const most = rise + fall - 1;
  return health + 1 >= rise ? most : health + 1;
}

/** `init-state`: up and one failure from down where nothing is said. */
export function initialHealth(state: Server['initState'], { rise, fall }: CheckPolicy): number {
  if (state === 'fully-up') return rise + fall - 1;
  if (state === 'down') return rise - 1;
  return state === 'fully-down' ? 0 : rise;
}

/** The pause before the next check: `downinter` when fully down, `fastinter` in transition. */
export function intervalMs(health: number, { rise, fall }: CheckPolicy, intervals: CheckIntervals): number {
  if (health === rise + fall - 1) return intervals.interMs;
  if (health === 0) return intervals.downinterMs ?? intervals.interMs;
  return intervals.fastinterMs ?? intervals.interMs;
}

/** `1/2 UP`: how far it is on its side of the line. */
export function describeHealth(health: number, { rise, fall }: CheckPolicy, weight: number): string {
  if (health < rise) return `${health}/${rise} DOWN`;
  return `${health - rise + 1}/${fall} ${weight === 0 ? 'DRAIN' : 'UP'}`;
}
