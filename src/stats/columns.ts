/** The one table of statistics columns, in the order of `show stat`: CSV, JSON, page and metrics all read it. */
import type { StatColumn } from './column.ts';
import { CHECK_COLUMNS } from './columns-checks.ts';
import { CONNECTION_COLUMNS } from './columns-connections.ts';
import { LOAD_COLUMNS } from './columns-load.ts';
import { MODULE_COLUMNS } from './columns-modules.ts';

/** Columns every version has in this order; behind them the CSV has a `-`, then those of modules. */
export const FIXED_COLUMNS: readonly StatColumn[] = [
  ...LOAD_COLUMNS,
  ...CHECK_COLUMNS,
  ...CONNECTION_COLUMNS,
];

export const STAT_COLUMNS: readonly StatColumn[] = [...FIXED_COLUMNS, ...MODULE_COLUMNS];

const BY_NAME = new Map(STAT_COLUMNS.map(column => [column.name, column]));

export function columnNamed(name: string): StatColumn | undefined {
  return BY_NAME.get(name);
}
