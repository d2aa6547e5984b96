/** What `trace` and `show trace` list, in the shape that tools and eyes know from HAProxy. */
import {
  TRACE_PAUSE,
  TRACE_REPORT,
  TRACE_RUNNING,
  TRACE_START,
  TRACE_STOP,
  TRACE_STOPPED,
  type TraceAction,
} from '../state/trace-board.ts';
import { hasEvent, QUIET, TRACE_CRITERIA, TRACE_LEVELS, type TraceWord } from './source.ts';
import { TRACE_ACTIONS, type TraceBook, type TraceTarget } from './trace-book.ts';

const SOURCES = 'Supported trace sources and states (.=stopped, w=waiting, R=running) :\n';

function stateOf({ row }: TraceTarget): string {
  if (row.state === TRACE_STOPPED) return '.';
  return row.state === TRACE_RUNNING ? 'R' : 'w';
}

/** `trace` */
export function menuOfSources({ targets }: TraceBook): string {
  return [
    SOURCES,
    ' [.] 0          : stops all traces at once\n',
    ' [.] all        : all of these sources\n',
    ...targets.map(target => ` [${stateOf(target)}] ${line(target.source)}`),
  ].join('');
}

function line({ name, summary }: TraceWord): string {
  return `${name.padEnd(10)} : ${summary}\n`;
}

/** `show trace` */
export function statesOfSources({ targets, sinks, board }: TraceBook): string {
  const lines = targets.map(target => {
    const { source, row } = target;
    const sink = sinks[row.sink]?.name ?? 'none';
    const dropped = board.dropped(row.sink);
    return ` [${stateOf(target)}] ${source.name.padEnd(10)} -> ${sink} [drp ${dropped}]  [${source.summary}]\n`;
  });
  return SOURCES + lines.join('');
}

/** With their widths. */
const COLUMNS: readonly (readonly [TraceAction, number])[] = [
  [TRACE_REPORT, 9],
  [TRACE_START, 9],
  [TRACE_STOP, 9],
  [TRACE_PAUSE, 8],
];

/** `show trace <source>` */
export function eventsOfSource({ source, row }: TraceTarget, { sinks, board }: TraceBook): string {
  const lines = source.events.map(({ name }, index) => {
    const marks = COLUMNS.map(([action, width]) =>
      (hasEvent(row.events(action), index) ? '+' : '-').padStart(width),
    );
    return `    ${name.padEnd(12)} :${marks.join('')}\n`;
  });
  return [
    `Trace status for ${source.name}:\n`,
    `  - sink: ${sinks[row.sink]?.name ?? 'none'} [${board.dropped(row.sink)} dropped]\n`,
    '  - event name   :     report    start    stop    pause\n',
    ...lines,
  ].join('');
}

const PARTS: readonly TraceWord[] = [
  { name: 'event', summary: 'events that are told' },
  { name: 'follow', summary: 'a source whose lock it follows' },
  { name: 'level', summary: 'how important an event has to be' },
  { name: 'lock', summary: 'keeps to what began the trace' },
  { name: 'pause', summary: 'events that pause it until one starts it again' },
  { name: 'sink', summary: 'where lines go' },
  { name: 'start', summary: 'events that start it' },
  { name: 'stop', summary: 'events that stop it' },
  { name: 'verbosity', summary: 'how much a line says' },
];

/** `trace <source>` */
export function partsOfOrder(): string {
  return ['Supported commands:\n', ...PARTS.map(part => `  ${line(part)}`)].join('');
}

export function choiceOfSinks({ source, row }: TraceTarget, sinks: readonly TraceWord[]): string {
  return choice(`Supported sinks for source ${source.name} (*=current)`, sinks, row.sink);
}

export function choiceOfLevels({ source, row }: TraceTarget): string {
  return choice(`Supported trace levels for source ${source.name}`, TRACE_LEVELS, row.level);
}

export function choiceOfVerbosities({ source, row }: TraceTarget): string {
  const words = [QUIET, ...source.verbosities];
  return choice(`Supported trace verbosities for source ${source.name}`, words, row.verbosity);
}

export function choiceOfCriteria({ source, row }: TraceTarget): string {
  const words = TRACE_CRITERIA.filter(({ name }) => source.criteria.includes(name));
  const current = words.findIndex(({ name }) => name === TRACE_CRITERIA[row.criterion]?.name);
  return choice(`Supported lock-on criteria for source ${source.name}`, words, current);
}

export function choiceOfFollowed({ source, row }: TraceTarget, { targets }: TraceBook): string {
  const none: TraceWord = { name: 'none', summary: 'follows no source' };
  const words = [none, ...targets.map(one => one.source)];
  return choice(`Supported sources that ${source.name} can follow`, words, row.followed + 1);
}

function choice(title: string, words: readonly TraceWord[], current: number): string {
  const lines = words.map((word, index) => `  ${index === current ? '*' : ' '} ${line(word)}`);
  return `${title}:\n${lines.join('')}`;
}

const NOW: TraceWord = { name: 'now', summary: 'does it at once, waits for no event' };
const NONE: TraceWord = { name: 'none', summary: 'no event' };
const ANY: TraceWord = { name: 'any', summary: 'all events' };

/** `part`: `event`, `start`, `stop` or `pause`. */
export function choiceOfEvents({ source, row }: TraceTarget, part: string): string {
  const events = row.events(TRACE_ACTIONS[part] as TraceAction);
  const words = [...(part === 'event' ? [] : [NOW]), NONE, ANY];
  const wide = ({ name, summary }: TraceWord): string => `${name.padEnd(12)} : ${summary}\n`;
  return [
    `Supported events for source ${source.name} (+=enabled, -=disabled):\n`,
    ...words.map(word => `  - ${wide(word)}`),
    ...source.events.map((event, index) => `  ${hasEvent(events, index) ? '+' : '-'} ${wide(event)}`),
  ].join('');
}
