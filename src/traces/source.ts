/** What a source of traces is, and the words that are common to all (manual of management, `trace`). */
import type { EventSet } from '../state/trace-board.ts';

/** A word of an order, and what a list says of it. */
export interface TraceWord {
  readonly name: string;
  readonly summary: string;
}

export interface TraceSource extends TraceWord {
  readonly events: readonly TraceWord[];
  /** Events that HAProxy has and that nothing here amounts to: they are accepted, and told to be so. */
  readonly unheard: readonly string[];
  /** Behind `quiet`. */
  readonly verbosities: readonly TraceWord[];
  /** Names of criteria that its traces can be locked by. */
  readonly criteria: readonly string[];
}

export const TRACE_LEVELS: readonly TraceWord[] = [
  { name: 'error', summary: 'what goes wrong' },
  { name: 'user', summary: 'and what tells a user of the traffic' },
  { name: 'proto', summary: 'and what protocols say' },
  { name: 'state', summary: 'and what becomes of connections, requests and servers' },
  { name: 'data', summary: 'and bytes that pass' },
  { name: 'developer', summary: 'and where in the program it happens' },
];

export const ERROR = 0;
export const USER = 1;
export const PROTO = 2;
export const STATE = 3;
export const DATA = 4;
export const DEVELOPER = 5;

export const QUIET: TraceWord = { name: 'quiet', summary: 'the event alone' };

/** In the order of the numbers in the board. */
export const TRACE_CRITERIA: readonly TraceWord[] = [
  { name: 'nothing', summary: 'everything is traced' },
  { name: 'backend', summary: 'the backend of the event that began it' },
  { name: 'connection', summary: 'the connection of the event that began it' },
  { name: 'frontend', summary: 'the frontend of the event that began it' },
  { name: 'listener', summary: 'the listener of the event that began it' },
  { name: 'server', summary: 'the server of the event that began it' },
  { name: 'session', summary: 'the session of the event that began it' },
  { name: 'thread', summary: 'the thread of the event that began it' },
  { name: 'stream', summary: 'the request, or the session of mode tcp, of the event that began it' },
];

export type TraceCriterion =
  'backend' | 'connection' | 'frontend' | 'listener' | 'server' | 'session' | 'thread' | 'stream';

/** Numbers of what an event is about; missing: it is about none, or nobody knows. */
export type TraceSubject = { readonly [Criterion in TraceCriterion]?: number | undefined };

const LOW_EVENTS = 31;

export const NO_EVENTS: EventSet = [0, 0];

/** Of a source, by place. */
export function eventAt(index: number): EventSet {
  return index < LOW_EVENTS ? [1 << index, 0] : [0, 1 << (index - LOW_EVENTS)];
}

export function together(one: EventSet, other: EventSet): EventSet {
  return [one[0] | other[0], one[1] | other[1]];
}

export function without([low, high]: EventSet, taken: EventSet): EventSet {
  return [low & ~taken[0], high & ~taken[1]];
}

export function hasEvent([low, high]: EventSet, index: number): boolean {
  const [one, other] = eventAt(index);
  return ((low & one) | (high & other)) !== 0;
}

export function allEvents({ events }: TraceSource): EventSet {
  return events.map((_event, index) => eventAt(index)).reduce(together, NO_EVENTS);
}

/** Each has to be one of the source. */
export function eventsNamed(source: TraceSource, names: readonly string[]): EventSet {
  return names.map(name => eventAt(placeOf(source, name))).reduce(together, NO_EVENTS);
}

function placeOf(source: TraceSource, name: string): number {
  const place = source.events.findIndex(event => event.name === name);
  if (place < 0) throw new Error(`'${source.name}' has no event '${name}'`);
  return place;
}
