/** A place in the program that may tell of what happens there. Made once, asked for each time it is passed. */
import type { EventSet } from '../state/trace-board.ts';
import { eventsNamed, type TraceSource } from './source.ts';

export interface TracePoint {
  readonly level: number;
  readonly events: EventSet;
  /** The first event: it stands in the line. */
  readonly event: string;
  /** Told at level developer. */
  readonly place: string;
  readonly text: string;
}

type EventNames<Source extends TraceSource> = readonly [
  Source['events'][number]['name'],
  ...Source['events'][number]['name'][],
];

/** `place`: the function; it may be that of another, where that is what readers of the code look for. */
export function tracePoint<Source extends TraceSource>(
  source: Source,
  level: number,
  events: EventNames<Source>,
  place: string,
  text: string,
): TracePoint {
  return { level, events: eventsNamed(source, events), event: events[0], place, text };
}
