/**
 * Counting checks (manual, `rise`, `fall`, `inter`): pure, so that recorded sequences can hold it to the manual.
 *
 *   health   0 ────────── rise-1 | rise ─────────── rise+fall-1
 *            DOWN      going up  | going down              UP
 *
 * A failure takes one off, and all when that crosses the line; a success adds one, and all when it does.
 */
import type { Server } from '../model/server.ts';
import type { CheckOutcome } from '../model/check-status.ts';

export interface CheckPolicy {
  readonly rise: number;
  readonly fall: number;
}

export interface CheckIntervals {
  readonly interMs: number;
  readonly fastinterMs?: number;
  readonly downinterMs?: number;
}

interface Advance {
  readonly health: number;
  /** The count changed: `option log-health-checks` tells it. */
  readonly changed: boolean;
  readonly up: boolean;
}

export function advance(health: number, outcome: CheckOutcome, policy: CheckPolicy): Advance {
  const next = nextHealth(health, outcome, policy);
  return { health: next, changed: next !== health, up: next >= policy.rise };
}

function nextHealth(health: number, outcome: CheckOutcome, policy: CheckPolicy): number {
  if (outcome === 'failed') return afterFailure(health, policy);
  return outcome === 'passed' || outcome === 'conditional' ? afterSuccess(health, policy) : health;
}

function afterFailure(health: number, { rise }: CheckPolicy): number {
  return health - 1 < rise ? 0 : health - 1;
}

function afterSuccess(health: number, policy: CheckPolicy): number {
  return health + 1 >= policy.rise ? fullHealth(policy) : health + 1;
}

export function fullHealth({ rise, fall }: CheckPolicy): number {
  return rise + fall - 1;
}

/** `init-state`: up and one failure from down where nothing is said. */
export function initialHealth(state: Server['initState'], { rise, fall }: CheckPolicy): number {
  if (state === 'fully-up') return rise + fall - 1;
  if (state === 'down') return rise - 1;
  return state === 'fully-down' ? 0 : rise;
}

/**
 * What `observe` makes of the health at its `error-limit` (manual, `on-error`), before the simulated failed check
 * that all but `fastinter` bring.
 */
export function healthAtErrorLimit(
  health: number,
  onError: Server['onError'],
  { rise }: CheckPolicy,
): number {
  if (onError === 'mark-down') return rise;
  return onError === 'sudden-death' && health > rise ? rise + 1 : health;
}

/**
 * The pause before the next check: `downinter` when fully down, `fastinter` in transition. `hurried`: `observe` has
 * met its error limit. `stopped`: the server is down.
 */
export function intervalMs(
  health: number,
  policy: CheckPolicy,
  intervals: CheckIntervals,
  hurried = false,
  stopped = true,
): number {
  if (!hurried && health === fullHealth(policy)) return intervals.interMs;
  if (stopped && health === 0) return intervals.downinterMs ?? intervals.interMs;
  return intervals.fastinterMs ?? intervals.interMs;
}

/** `1/2 UP`: how far it is on its side of the line. */
export function describeHealth(health: number, { rise, fall }: CheckPolicy, weight: number): string {
  if (health < rise) return `${health}/${rise} DOWN`;
  return `${health - rise + 1}/${fall} ${weight === 0 ? 'DRAIN' : 'UP'}`;
}
