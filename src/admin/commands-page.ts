/** The table of commands in docs/admin-socket.md, made from the table that serves them. */
import type { Command } from './command.ts';
import { usageOf } from './help.ts';
import { COMMANDS } from './table.ts';

const TABLE_START = '<!-- commands: written by scripts/admin-doc.mjs -->';
const TABLE_END = '<!-- end of commands -->';

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function row(command: Command): string {
  const { level, mode, summary } = command;
  return `| \`${cell(usageOf(command))}\` | ${mode === undefined ? level : `${level}, ${mode}`} | ${cell(summary)} |`;
}

function renderCommandTable(): string {
  const rows = [...COMMANDS].sort((a, b) => (usageOf(a) < usageOf(b) ? -1 : 1)).map(row);
  return ['| command | level | what it does |', '|---|---|---|', ...rows].join('\n');
}

/** The page with its table as it is now; undefined: the page has no place for it. */
export function withCommandTable(page: string): string | undefined {
  const [start, end] = [page.indexOf(TABLE_START), page.indexOf(TABLE_END)];
  if (start < 0 || end < start) return undefined;
  return `${page.slice(0, start + TABLE_START.length)}\n\n${renderCommandTable()}\n\n${page.slice(end)}`;
}
