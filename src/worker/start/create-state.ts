/** The memory that all threads share. Caches and stick tables may be as large as they like; a process may not. */
import type { Config } from '../../model/config.ts';
import type { Notice } from '../../model/notice.ts';
import { planState } from '../../state/plan.ts';
import { SharedState } from '../../state/shared-state.ts';

/** Undefined: it cannot be had, which was reported. */
export function createState(config: Config, nbthread: number, notice: Notice): SharedState | undefined {
  try {
    return SharedState.create(planState(config, nbthread));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    notice('alert', `Unable to allocate the memory of caches and stick tables: ${error.message}.`);
    return undefined;
  }
}
