/**
 * Every option of `bind` and `stats socket` lines (manual, section 5.1), one row each. bind-line.ts walks a line
 * through them; docs and tests read the rows.
 */
import type { BindOption } from './bind-draft.ts';
import { BIND_SOCKET_OPTIONS } from './bind-options-socket.ts';
import { BIND_TLS_OPTIONS } from './bind-options-tls.ts';

export const BIND_OPTIONS: readonly BindOption[] = [...BIND_SOCKET_OPTIONS, ...BIND_TLS_OPTIONS].toSorted(
  (one, other) => (one.name < other.name ? -1 : 1),
);

const BY_NAME: ReadonlyMap<string, BindOption> = new Map(BIND_OPTIONS.map(row => [row.name, row]));

export function findBindOption(name: string): BindOption | undefined {
  return BY_NAME.get(name);
}
