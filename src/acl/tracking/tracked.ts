/** Finding the entry that a tracked counter stands for, in its own table or in another one. */
import type { TrackedCounters } from '../../state/stick-table/tracked-counters.ts';
import type { StickTable } from '../../state/stick-table/stick-table.ts';
import type { Arguments, Mistake } from '../arguments.ts';
import type { SampleContext } from '../context.ts';
import type { CompileScope, Getter } from '../row.ts';
import { runForEntry, runForKey, type Operation } from './operations.ts';

/** Who tracks with that counter: the request itself, or its connection; never both. */
export function tracking(ctx: SampleContext, counter: number): TrackedCounters | undefined {
  const { ownCounters } = ctx;
  if (ownCounters !== undefined && ownCounters.entry(counter) !== 0) return ownCounters;
  const { sessionCounters } = ctx;
  return sessionCounters !== undefined && sessionCounters.entry(counter) !== 0 ? sessionCounters : undefined;
}

/** The operation on what counter `counter` tracks; with a table, on the same key there. */
export function forTracked(operation: Operation, counter: number, table: StickTable | undefined): Getter {
  return ctx => {
    const counters = tracking(ctx, counter);
    if (counters === undefined) return undefined;
    const own = counters.table(counter) as StickTable;
    const entry = counters.entry(counter);
    if (table === undefined || table === own) return runForEntry(operation, own, entry);
    if (!table.loadKeyOf(own, entry)) return undefined;
    return runForKey(operation, table);
  };
}

/** The table an argument names; left out: the proxy's own. */
export function tableOf(argument: Arguments[number], { env }: CompileScope): StickTable | Mistake {
  if (argument?.table !== undefined) return argument.table;
  const name = env.proxy?.name ?? '';
  return env.tables.find(name) ?? { error: `unable to find table '${name}'` };
}

/** An argument `<ctr>`. */
export function counterOf(argument: Arguments[number], { env }: CompileScope): number | Mistake {
  const counter = Number(argument?.int ?? 0);
  if (counter >= 0 && counter < env.stickCounters) return counter;
  return {
    error: `invalid counter number ${counter}: tune.stick-counters allows 0..${env.stickCounters - 1}`,
  };
}
