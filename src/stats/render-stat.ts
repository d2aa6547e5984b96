/**
 * Statistics as text in one of the machine formats, in pieces of a few objects each, so that whoever sends it can
 * breathe between two. `show stat` joins them, the statistics page streams them.
 */
import { CSV_HEADER, csvLine } from './render-csv.ts';
import { jsonRow } from './render-json.ts';
import { typedLines } from './render-typed.ts';
import { statSubjects, type RowFilter } from './rows.ts';
import type { Subject } from './subject.ts';
import type { StatsView } from './view.ts';

export type StatFormat = 'csv' | 'typed' | 'typed desc' | 'json';

/** Objects in a piece. */
const SLICE = 20;

export function* statPieces(view: StatsView, filter: RowFilter, format: StatFormat): Generator<string> {
  const render = lineOf(format);
  let piece = format === 'csv' ? CSV_HEADER : format === 'json' ? '[' : '';
  let count = 0;
  for (const subject of statSubjects(view, filter)) {
    if (count > 0 && format === 'json') piece += ',';
    piece += render(subject);
    if (++count % SLICE !== 0) continue;
    yield piece;
    piece = '';
  }
  if (format === 'json') piece += ']\n';
  if (piece !== '') yield piece;
}

function lineOf(format: StatFormat): (subject: Subject) => string {
  switch (format) {
    case 'csv':
      return csvLine;
    case 'json':
      return jsonRow;
    case 'typed':
      return subject => typedLines(subject, false);
    case 'typed desc':
      return subject => typedLines(subject, true);
  }
}
