/** The traces of a data thread: its board is everybody's, its lines for rings go to the control thread. */
import { TraceBoard } from '../../state/trace-board.ts';
import { Traces } from '../../traces/traces.ts';
import type { ThreadStart, ToControl } from './messages.ts';
import { traceSinksOf } from '../logs/process-traces.ts';
import { ringsOf } from '../logs/ring-settings.ts';
import { TraceOutlet } from '../logs/trace-outlet.ts';

export function threadTraces(
  { traces, config, thread, plan }: ThreadStart,
  tell: (message: ToControl) => void,
): Traces {
  const board = TraceBoard.attach(traces);
  const rings = {
    settings: ringsOf(config),
    write: (ring: string, lines: readonly string[]) => tell({ kind: 'trace-lines', ring, lines }),
  };
  const outlet = new TraceOutlet(board, traceSinksOf(config), rings, thread);
  return new Traces(board, thread, plan.threads, outlet.write);
}
