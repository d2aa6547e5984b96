/** `-dt[<source>[:<level>[:<verbosity>]],...]` of the command line (manual of management): traces on standard error. */
import { TRACE_RUNNING } from '../state/trace-board.ts';
import { ERROR, TRACE_LEVELS } from './source.ts';
import { UNHEARD_SOURCES } from './sources.ts';
import type { TraceBook, TraceTarget } from './trace-book.ts';
import { verbosityNamed } from './trace-order.ts';

/** Undefined: it is done. A word that is none gives the ones there are. */
export function startTraces(book: TraceBook, option: string): string | undefined {
  const wishes = option === '' ? [''] : option.split(',');
  for (const wish of wishes) {
    const wrong = startTrace(book, wish);
    if (wrong !== undefined) return wrong;
  }
  book.board.arm();
  return undefined;
}

function startTrace(book: TraceBook, wish: string): string | undefined {
  const [name = '', level = '', verbosity = ''] = wish.split(':');
  if (UNHEARD_SOURCES.has(name)) return undefined;
  const isAll = name === '' || name === 'all';
  const targets = isAll ? book.targets : book.targets.filter(({ source }) => source.name === name);
  if (targets.length === 0)
    return `unknown trace name '${name}', known ones are: ${book.targets.map(({ source }) => source.name).join(', ')}`;
  const levels = TRACE_LEVELS.map(one => one.name);
  if (level !== '' && !levels.includes(level))
    return `no such trace level '${level}', known ones are: ${levels.join(', ')}`;
  const known = new Set(
    targets.flatMap(({ source }) => ['quiet', ...source.verbosities.map(one => one.name)]),
  );
  if (verbosity !== '' && !known.has(verbosity))
    return `no such trace verbosity '${verbosity}', known ones are: ${[...known].join(', ')}`;
  for (const target of targets) begin(book, target, level === '' ? ERROR : levels.indexOf(level), verbosity);
  return undefined;
}

/** Of a verbosity that it does not know a source takes its own. */
function begin(book: TraceBook, { source, row }: TraceTarget, level: number, verbosity: string): void {
  row.sink = book.sinks.findIndex(({ name }) => name === 'stderr');
  row.level = level;
  const wanted = verbosityNamed(source, verbosity);
  if (wanted >= 0) row.verbosity = wanted;
  row.state = TRACE_RUNNING;
}
