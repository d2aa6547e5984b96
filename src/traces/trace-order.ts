/**
 * `trace <source> <words>` as the admin socket and `traces` sections have it (manual of management, `trace`): parts follow
 * one another and are carried out in their order; one that lacks its word lists what it could be, and ends the order.
 */
import { nearestName } from '../config-parser/nearest.ts';
import {
  TRACE_RUNNING,
  TRACE_STOPPED,
  TRACE_WAITING,
  type EventSet,
  type TraceRow,
} from '../state/trace-board.ts';
import {
  allEvents,
  eventAt,
  NO_EVENTS,
  together,
  TRACE_CRITERIA,
  TRACE_LEVELS,
  type TraceSource,
  without,
} from './source.ts';
import { sourceNumber, UNHEARD_SOURCES } from './sources.ts';
import { TRACE_ACTIONS, type TraceBook, type TraceTarget } from './trace-book.ts';
import {
  choiceOfCriteria,
  choiceOfEvents,
  choiceOfFollowed,
  choiceOfLevels,
  choiceOfSinks,
  choiceOfVerbosities,
  partsOfOrder,
} from './trace-lists.ts';

/** `list`: what it could have said; `warning`: it is done, but something has no effect. */
export interface TraceAnswer {
  readonly kind: 'done' | 'list' | 'warning' | 'error';
  readonly text: string;
}

const DONE: TraceAnswer = { kind: 'done', text: '' };

/** Where `all` stands for a source, one that does not know the word is passed by. */
const ALL = 'all';

function list(text: string): TraceAnswer {
  return { kind: 'list', text };
}

function refuse(text: string): TraceAnswer {
  return { kind: 'error', text };
}

function warn(text: string): TraceAnswer {
  return { kind: 'warning', text };
}

function unknown(what: string, word: string, known: readonly string[]): TraceAnswer {
  const close = nearestName(word, known);
  return refuse(`No such ${what} '${word}'${close === undefined ? '' : `, did you mean '${close}'?`}`);
}

/** `words`: behind `trace`, at least one. */
export function orderTrace(book: TraceBook, words: readonly string[]): TraceAnswer {
  const [name = '', ...parts] = words;
  if (name === '0') {
    book.stopAll();
    return list('All traces now stopped\n');
  }
  if (UNHEARD_SOURCES.has(name)) return warn(`Nothing here is traced by source '${name}'`);
  const target = book.named(name);
  if (target === undefined && name !== ALL)
    return unknown(
      'trace source',
      name,
      book.targets.map(({ source }) => source.name),
    );
  if (parts.length === 0) return list(partsOfOrder());
  const answer = target === undefined ? orderAll(book, parts) : orderOne(book, target, parts);
  book.board.arm();
  return answer;
}

/** Done where some source has taken it; of lists one is enough. */
function orderAll(book: TraceBook, parts: readonly string[]): TraceAnswer {
  const answers = book.targets.map(target => orderOne(book, target, parts));
  const taken = answers.find(({ kind }) => kind !== 'error');
  return taken ?? (answers[0] as TraceAnswer);
}

function orderOne(book: TraceBook, target: TraceTarget, parts: readonly string[]): TraceAnswer {
  const warnings: string[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const part = parts[at] as string;
    const take = PARTS.get(part);
    if (take === undefined) return unknown('trace keyword', part, [...PARTS.keys()]);
    const answer = take(book, target, parts[at + 1], part);
    if (answer.kind === 'error' || answer.kind === 'list') return answer;
    if (answer.kind === 'warning') warnings.push(answer.text);
  }
  return warnings.length === 0 ? DONE : warn(warnings.join('\n'));
}

type Part = (book: TraceBook, target: TraceTarget, word: string | undefined, part: string) => TraceAnswer;

const PARTS: ReadonlyMap<string, Part> = new Map<string, Part>([
  ['event', setEvents],
  ['follow', setFollowed],
  ['level', setLevel],
  ['lock', setCriterion],
  ['pause', setEvents],
  ['sink', setSink],
  ['start', setEvents],
  ['stop', setEvents],
  ['verbosity', setVerbosity],
]);

function setSink({ sinks }: TraceBook, target: TraceTarget, word: string | undefined): TraceAnswer {
  if (word === undefined) return list(choiceOfSinks(target, sinks));
  const names = sinks.map(({ name }) => name);
  const number = names.indexOf(word);
  if (number < 0) return unknown('sink', word, names);
  target.row.sink = number;
  return DONE;
}

function setLevel(_book: TraceBook, target: TraceTarget, word: string | undefined): TraceAnswer {
  if (word === undefined) return list(choiceOfLevels(target));
  const names = TRACE_LEVELS.map(({ name }) => name);
  const number = names.indexOf(word);
  if (number < 0) return unknown('trace level', word, names);
  target.row.level = number;
  return DONE;
}

function setVerbosity(_book: TraceBook, target: TraceTarget, word: string | undefined): TraceAnswer {
  if (word === undefined) return list(choiceOfVerbosities(target));
  const number = verbosityNamed(target.source, word);
  if (number < 0)
    return unknown('verbosity level', word, ['quiet', ...target.source.verbosities.map(({ name }) => name)]);
  target.row.verbosity = number;
  return DONE;
}

/** 0 of `quiet`, below 0 of what is none. */
export function verbosityNamed({ verbosities }: TraceSource, word: string): number {
  if (word === 'quiet') return 0;
  return verbosities.findIndex(({ name }) => name === word) + 1 || -1;
}

/** The names that HAProxy's sources have for their own streams. */
const STREAM_NAMES: ReadonlySet<string> = new Set(['h1s', 'h2s']);

function setCriterion(_book: TraceBook, target: TraceTarget, word: string | undefined): TraceAnswer {
  if (word === undefined) return list(choiceOfCriteria(target));
  const name = STREAM_NAMES.has(word) ? 'stream' : word;
  const { criteria } = target.source;
  if (!criteria.includes(name)) return unknown('lock-on criterion of this source', word, criteria);
  target.row.criterion = TRACE_CRITERIA.findIndex(one => one.name === name);
  target.row.release();
  return DONE;
}

function setFollowed(book: TraceBook, target: TraceTarget, word: string | undefined): TraceAnswer {
  if (word === undefined) return list(choiceOfFollowed(target, book));
  const number = sourceNumber(word);
  if (number < 0 && word !== 'none')
    return unknown(
      'trace source',
      word,
      book.targets.map(({ source }) => source.name),
    );
  const isItself = book.targets[number] === target;
  target.row.followed = isItself ? -1 : number;
  return DONE;
}

/** `event`, `start`, `stop` and `pause`. */
function setEvents(
  _book: TraceBook,
  target: TraceTarget,
  word: string | undefined,
  part: string,
): TraceAnswer {
  const action = TRACE_ACTIONS[part] as (typeof TRACE_ACTIONS)[string];
  const { source, row } = target;
  if (word === undefined) return list(choiceOfEvents(target, part));
  if (word === 'now' && part !== 'event') {
    actNow(row, part);
    return DONE;
  }
  const isTaken = /^[-!]/.test(word);
  const name = word.replace(/^[-+!]/, '');
  if (source.unheard.includes(name))
    return warn(`Event '${name}' of source '${source.name}' never happens here`);
  const events = eventsOf(source, name);
  if (events === undefined)
    return unknown('trace event', name, ['none', 'any', ...source.events.map(one => one.name)]);
  const before = row.events(action);
  if (name === 'none') row.setEvents(action, NO_EVENTS);
  else row.setEvents(action, isTaken ? without(before, events) : together(before, events));
  if (part === 'start' && row.state === TRACE_STOPPED && !isTaken && name !== 'none')
    row.state = TRACE_WAITING;
  return DONE;
}

function eventsOf(source: TraceSource, name: string): EventSet | undefined {
  if (name === 'none') return NO_EVENTS;
  if (name === 'any') return allEvents(source);
  const place = source.events.findIndex(event => event.name === name);
  return place < 0 ? undefined : eventAt(place);
}

function actNow(row: TraceRow, part: string): void {
  if (part === 'start') row.state = TRACE_RUNNING;
  else {
    row.state = part === 'stop' ? TRACE_STOPPED : TRACE_WAITING;
    row.release();
  }
}
