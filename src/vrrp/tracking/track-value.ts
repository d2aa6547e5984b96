/**
 * What the tracked things add to a priority, or whether they are a fault (keepalived.conf(5), track_interface and
 * the like). Pure.
 *
 *   weight 0      fault while down                 weight 0 reverse    fault while up
 *   weight > 0    added while up                   weight > 0 reverse  subtracted while up
 *   weight < 0    subtracted while down            weight < 0 reverse  added while down
 */
import type { Tracked } from '../../model/vrrp-instance.ts';
import { OWNER_PRIORITY } from '../machine/machine-state.ts';

export type Verdict = { readonly add: number } | { readonly fault: true };

const LOWEST_SUM = -253;

export function judge({ weight, reverse }: Tracked, up: boolean): Verdict {
  if (weight === 0) return up === reverse ? { fault: true } : { add: 0 };
  const counts = weight > 0 ? up : !up;
  return { add: counts ? (reverse ? -weight : weight) : 0 };
}

/** A file's value times its weight; weight 0: a value other than 0 is a fault. */
export function judgeFile({ weight, reverse }: Tracked, value: number): Verdict {
  if (weight === 0) return (value !== 0) !== reverse ? { fault: true } : { add: 0 };
  const add = value * (reverse ? -weight : weight);
  return add < LOWEST_SUM ? { fault: true } : { add: Math.min(add, -LOWEST_SUM) };
}

/** 1..254; an address owner's priority never changes. */
export function effectivePriority(configured: number, added: number): number {
  if (configured === OWNER_PRIORITY) return configured;
  return Math.min(OWNER_PRIORITY - 1, Math.max(1, Math.round(configured + added)));
}
