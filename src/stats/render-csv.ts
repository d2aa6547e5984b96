/** Statistics as CSV: a header line that begins with `# `, then a line for each object (management manual, 9.1). */
import { valueOf, type StatColumn } from './column.ts';
import { FIXED_COLUMNS, STAT_COLUMNS } from './columns.ts';
import type { Subject } from './subject.ts';
import { asText, type ValueType } from './value.ts';

const LAST_FIXED = FIXED_COLUMNS.length - 1;

export const CSV_HEADER = `# ${cells(STAT_COLUMNS, ({ name }) => name)}\n`;

export function csvLine(subject: Subject): string {
  return `${cells(STAT_COLUMNS, column => csvValue(column, subject))}\n`;
}

/** Each cell is followed by a comma; a `-` ends the columns that never move. */
function cells(columns: readonly StatColumn[], text: (column: StatColumn) => string): string {
  let line = '';
  for (const [index, column] of columns.entries()) {
    line += `${text(column)},`;
    if (index === LAST_FIXED) line += '-,';
  }
  return line;
}

function csvValue(column: StatColumn, subject: Subject): string {
  const value = valueOf(column, subject);
  if (value === undefined) return '';
  if (typeof value === 'string') return csvText(value);
  return asText(value, column.cells[subject.kind]?.type as ValueType);
}

/** Quoted where a comma, a quote or a line end is in it; line ends become blanks. */
export function csvText(text: string): string {
  if (!/[\r\n,"]/.test(text)) return text;
  return `"${text.replace(/[\r\n]/g, ' ').replaceAll('"', '""')}"`;
}
