/** Entries are copied under the lock and told from the copy: nobody waits while text is made. */
import type { StickTable } from '../../state/stick-table/stick-table.ts';
import { StickTables } from '../../state/stick-table/stick-tables.ts';
import { matches, type Filter } from './stick-table-filters.ts';

/** A table of the same settings, with room for one entry. */
export function emptyCopyOf({ settings }: StickTable): StickTable {
  return StickTables.forChecking([settings]).find(settings.name) as StickTable;
}

/** False: nobody's, or not wanted. */
export function takeCopy(
  table: StickTable,
  entry: number,
  copy: StickTable,
  filters: readonly Filter[],
): boolean {
  const now = table.now;
  table.enterEntry();
  const isWanted = table.isUsed(entry, now) && matches(table, entry, filters, now);
  if (isWanted) table.copyTo(copy, entry);
  table.leave();
  return isWanted;
}
