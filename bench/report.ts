/** A result as a Markdown table, for the terminal and docs/performance.md alike. */
import type { CaseResult, Row } from './result.ts';

export function table(result: CaseResult): string {
  const scenarios = new Set(result.rows.map(({ scenario }) => scenario));
  const columns = COLUMNS.filter(({ shown }) => shown(result, scenarios.size));
  const lines = [
    columns.map(({ title }) => title(result)),
    columns.map(({ isText }) => (isText === true ? '---' : '---:')),
    ...result.rows.map(row => columns.map(({ text }) => text(row))),
  ];
  return [`### ${result.name}: ${result.title}`, '', ...aligned(lines), ''].join('\n');
}

interface Column {
  readonly title: (result: CaseResult) => string;
  readonly text: (row: Row) => string;
  readonly shown: (result: CaseResult, scenarios: number) => boolean;
  readonly isText?: boolean;
}

const always = (): boolean => true;
const loads = (result: CaseResult): boolean => result.rows.some(row => row.perSecond !== undefined);

const COLUMNS: readonly Column[] = [
  { title: () => 'scenario', text: row => row.scenario, shown: always, isText: true },
  { title: () => 'contestant', text: row => row.contestant, shown: always, isText: true },
  { title: result => result.unit, text: row => figure(row.value), shown: always },
  { title: result => `× ${result.base}`, text: row => ratio(row.ratio), shown: always },
  { title: () => '× own first', text: row => ratio(row.growth), shown: (_, scenarios) => scenarios > 1 },
  { title: () => 'requests/s', text: row => (row.perSecond ?? 0).toFixed(0), shown: loads },
  { title: () => 'p50 ms', text: row => figure(row.p50Ms ?? NaN), shown: loads },
  { title: () => 'p99 ms', text: row => figure(row.p99Ms ?? NaN), shown: loads },
  { title: () => 'errors', text: row => String(row.errors ?? 0), shown: loads },
];

const ratio = (value: number): string => (Number.isNaN(value) ? '' : value.toFixed(2));

function figure(value: number): string {
  if (Number.isNaN(value)) return '';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map(line => (line[column] ?? '').length)),
  );
  return lines.map((line, row) => {
    const cells = line.map((cell, column) =>
      padded(cell, widths[column] ?? 0, row, lines[1]?.[column] === '---'),
    );
    return `| ${cells.join(' | ')} |`;
  });
}

function padded(cell: string, width: number, row: number, isText: boolean): string {
  if (row === 1) return isText ? '-'.repeat(width) : `${'-'.repeat(Math.max(width - 1, 1))}:`;
  return isText ? cell.padEnd(width) : cell.padStart(width);
}
