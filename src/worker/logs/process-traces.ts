/** `traces` sections and `-dt`: what they order is carried out when a process begins, and tried before. */
import type { Config, OtherSection } from '../../model/config.ts';
import type { Diagnostic, Severity } from '../../model/diagnostic.ts';
import type { Word } from '../../model/word.ts';
import { TraceBoard } from '../../state/trace-board.ts';
import type { TraceWord } from '../../traces/source.ts';
import { TraceBook, traceSinks } from '../../traces/trace-book.ts';
import { startTraces } from '../../traces/trace-option.ts';
import { orderTrace, type TraceAnswer } from '../../traces/trace-order.ts';
import { Traces } from '../../traces/traces.ts';
import type { RingPlaces } from './log-rings.ts';
import { ringsOf } from './ring-settings.ts';
import { TraceOutlet } from './trace-outlet.ts';

export function traceSinksOf(config: Config): readonly TraceWord[] {
  const rings = [...ringsOf(config).values()];
  return traceSinks(rings.map(({ name, description }) => ({ name, summary: description })));
}

/** With a board of its own, on which everything is carried out. */
export function beginTraces(config: Config, nbthread: number, options: readonly string[]): TraceBook {
  const book = newBook(config, nbthread);
  for (const line of linesOf(config)) orderTrace(book, wordsOf(line));
  for (const option of options) startTraces(book, option);
  return book;
}

/** Of the control thread, which has the rings. */
export function controlTraces({ board, sinks }: TraceBook, rings: RingPlaces, nbthread: number): Traces {
  return new Traces(board, 0, nbthread, new TraceOutlet(board, sinks, rings, 0).write);
}

function newBook(config: Config, nbthread: number): TraceBook {
  const book = new TraceBook(TraceBoard.create(nbthread), traceSinksOf(config));
  book.prepare();
  return book;
}

function linesOf({ otherSections }: Config): OtherSection['lines'] {
  return otherSections.filter(({ kind }) => kind === 'traces').flatMap(({ lines }) => lines);
}

function wordsOf(line: readonly Word[]): readonly string[] {
  return line.slice(1).map(({ text }) => text);
}

const SEVERITIES: Readonly<Record<TraceAnswer['kind'], Severity | undefined>> = {
  done: undefined,
  list: 'notice',
  warning: 'warning',
  error: 'alert',
};

/** What the lines of sections say about themselves. */
export function checkTraces(config: Config): readonly Diagnostic[] {
  const book = newBook(config, 1);
  return linesOf(config).flatMap(line => {
    const { kind, text } = orderTrace(book, wordsOf(line));
    const severity = SEVERITIES[kind];
    const position = line[0]?.position;
    if (severity === undefined || position === undefined) return [];
    return [{ severity, position, message: `'trace' : ${text.trimEnd()}` }];
  });
}

/** Of the options `-dt`; undefined: none. */
export function mistakeInTraces(config: Config, options: readonly string[]): string | undefined {
  const book = newBook(config, 1);
  for (const option of options) {
    const wrong = startTraces(book, option);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
