/** What is known of traces where they are steered: the board, its sources and the sinks that lines can go to. */
import {
  TRACE_PAUSE,
  TRACE_REPORT,
  TRACE_SINKS,
  TRACE_START,
  TRACE_STOP,
  TRACE_STOPPED,
  type TraceAction,
  type TraceBoard,
  type TraceRow,
} from '../state/trace-board.ts';
import { allEvents, type TraceSource, type TraceWord, USER } from './source.ts';
import { sourceNumber, TRACE_SOURCES } from './sources.ts';

/** A source and its row. */
export interface TraceTarget {
  readonly source: TraceSource;
  readonly row: TraceRow;
}

export const TRACE_ACTIONS: Readonly<Record<string, TraceAction>> = {
  event: TRACE_REPORT,
  start: TRACE_START,
  stop: TRACE_STOP,
  pause: TRACE_PAUSE,
};

/** Number 0. */
const NO_SINK: TraceWord = { name: 'none', summary: 'lines go nowhere' };

/** The first are in the order of descriptors; rings follow. */
const STREAMS: readonly TraceWord[] = [
  { name: 'stdout', summary: 'standard output (fd#1)' },
  { name: 'stderr', summary: 'standard error (fd#2)' },
];

/** By number. `rings`: with what describes them. */
export function traceSinks(rings: readonly TraceWord[]): readonly TraceWord[] {
  return [NO_SINK, ...STREAMS, ...rings].slice(0, TRACE_SINKS);
}

export class TraceBook {
  readonly board: TraceBoard;
  readonly sinks: readonly TraceWord[];
  readonly targets: readonly TraceTarget[];

  constructor(board: TraceBoard, sinks: readonly TraceWord[]) {
    this.board = board;
    this.sinks = sinks;
    this.targets = TRACE_SOURCES.map((source, number) => ({ source, row: board.row(number) }));
  }

  /** Of a new board: everything is told, at level user, if it is started. */
  prepare(): void {
    for (const { source, row } of this.targets) {
      row.level = USER;
      row.verbosity = 1;
      row.setEvents(TRACE_REPORT, allEvents(source));
    }
  }

  named(name: string): TraceTarget | undefined {
    return this.targets[sourceNumber(name)];
  }

  stopAll(): void {
    for (const { row } of this.targets) {
      row.state = TRACE_STOPPED;
      row.followed = -1;
      row.release();
    }
    this.board.arm();
  }
}
