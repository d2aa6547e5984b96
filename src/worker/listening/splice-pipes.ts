/**
 * Pipes that data threads move large bodies through inside the kernel (manual, `maxpipes`, `nosplice`, `tune.pipesize`).
 * All threads together have so many; `show info` tells how many are in use.
 */
import { parseSize } from '../../config-parser/units.ts';
import type { Global } from '../../model/global.ts';
import type { PipeQuota } from '../../net/engines/uring/pipes.ts';
import type { SharedState } from '../../state/shared-state.ts';

const SIZE = 262_144;
/** In each thread. More transfers at once than that are received and sent as ever. */
const AT_ONCE = 16;

/** 0: none. */
export function mostPipes({ flags, otherLines }: Global, nbthread: number): number {
  if (flags.has('nosplice')) return 0;
  const maxpipes = otherLines.findLast(([word]) => word?.text === 'maxpipes')?.[1]?.text;
  return maxpipes === undefined ? AT_ONCE * nbthread : Number(maxpipes);
}

export function pipesOf(
  global: Global,
  { limits, plan }: SharedState,
): { readonly size: number; readonly quota: PipeQuota } {
  const size = parseSize(global.tune.other.get('tune.pipesize')?.[0] ?? '').value || SIZE;
  const any = mostPipes(global, plan.threads) > 0;
  const gate = limits.pipes;
  return {
    size,
    quota: { take: () => any && limits.tryEnter(gate), give: () => void limits.leave(gate) },
  };
}
