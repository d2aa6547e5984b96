/**
 * Every option of `server`, `default-server` and `server-template` lines (manual, section 5.2), one row each.
 * server-line.ts walks a line through them; docs and tests read the rows.
 */
import type { ServerOption } from './server-option.ts';
import { CHECK_OPTIONS } from './server-options-check.ts';
import { CONNECTION_OPTIONS } from './server-options-connection.ts';
import { STATE_OPTIONS } from './server-options-state.ts';
import { TLS_OPTIONS } from './server-options-tls.ts';

export const SERVER_OPTIONS: readonly ServerOption[] = [
  ...STATE_OPTIONS,
  ...CHECK_OPTIONS,
  ...CONNECTION_OPTIONS,
  ...TLS_OPTIONS,
].toSorted((one, other) => (one.name < other.name ? -1 : 1));

const BY_NAME: ReadonlyMap<string, ServerOption> = new Map(SERVER_OPTIONS.map(row => [row.name, row]));

export function findServerOption(word: string): ServerOption | undefined {
  const bracket = word.indexOf('(');
  if (bracket <= 0) return BY_NAME.get(word);
  const row = BY_NAME.get(word.slice(0, bracket));
  return row?.parenthesised === true ? row : undefined;
}
