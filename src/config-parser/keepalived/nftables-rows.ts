/** The table in which `no_accept` is enforced (keepalived.conf(5), nftables). */
import type { NftablesSettings } from '../../model/keepalived.ts';
import type { KeepalivedKeyword } from './keyword.ts';
import { readInteger } from './values.ts';

const MOST = 2 ** 31 - 1;

/** keepalived's. */
export const NFTABLES: NftablesSettings = { table: 'keepalived', priority: -1, counters: false };

export const NFTABLES_ROWS: readonly KeepalivedKeyword<{ nftables: NftablesSettings }>[] = [
  {
    name: 'nftables',
    args: '[TABLE]',
    summary: 'table that enforces no_accept',
    parse: (draft, { words }) =>
      void (draft.nftables = { ...draft.nftables, table: words[0]?.text ?? NFTABLES.table }),
  },
  {
    name: 'nftables_priority',
    args: 'PRIORITY',
    least: 1,
    summary: 'priority of its chains',
    parse: (draft, statement, scope) => {
      const priority = readInteger(statement, scope, -MOST, MOST);
      if (priority !== undefined) draft.nftables = { ...draft.nftables, priority };
    },
  },
  {
    name: 'nftables_counters',
    args: '',
    summary: 'its rules count packets',
    parse: draft => void (draft.nftables = { ...draft.nftables, counters: true }),
  },
];
