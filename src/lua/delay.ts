/** Times that scripts give. */
import type { LuaMachine } from './machine/machine.ts';

/** Longer ones would be over at once: timers count in 31 bits. */
const LONGEST_MS = 2 ** 31 - 1;

/** Milliseconds; `unitMs`: of the number that stands there. */
export function delayAt(machine: LuaMachine, L: number, index: number, unitMs = 1): number {
  const ms = machine.number(L, index) * unitMs;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), LONGEST_MS);
}
