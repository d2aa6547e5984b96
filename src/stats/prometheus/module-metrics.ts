/**
 * Metrics of what is no proxy: stick tables, and the nameservers of `resolvers` sections. Each family is told in one
 * piece. Called by exposition.ts and exporter.ts.
 */
import type { NameserverReport } from '../../model/nameserver-report.ts';
import type { StickTable } from '../../state/stick-table/stick-table.ts';
import type { StatsView } from '../view.ts';
import { header, label } from './text-format.ts';

type Wants = (name: string) => boolean;

const TABLE_FAMILIES: readonly {
  readonly name: string;
  readonly help: string;
  readonly read: (table: StickTable) => number;
}[] = [
  { name: 'size', help: 'Entries the table has room for.', read: ({ settings }) => settings.size },
  { name: 'used', help: 'Entries in the table.', read: table => table.used(table.now) },
  // nothing is told to peers
  { name: 'local_updates', help: 'Updates that were told to peers.', read: () => 0 },
];

/** The table of the configuration's last section comes first, as in `show table`. */
export function tableMetrics({ state }: StatsView, wants: Wants): string {
  const tables = [...state.tables.all].reverse();
  return TABLE_FAMILIES.map(({ name, help, read }) => {
    const family = `haproxy_sticktable_${name}`;
    if (tables.length === 0 || !wants(family)) return '';
    const lines = tables.map(table => {
      const { name: own, keyType } = table.settings;
      return `${family}{${label('name', own)},${label('type', keyType)}} ${read(table)}\n`;
    });
    return header({ name: family, help, type: 'gauge' }) + lines.join('');
  }).join('');
}

/** By counter: the metric's name, where it is another, and its help. */
const NAMESERVER_FAMILIES: Readonly<Record<string, { readonly name?: string; readonly help: string }>> = {
  sent: { help: 'Questions sent.' },
  snd_error: { name: 'send_error', help: 'Questions that could not be sent.' },
  valid: { help: 'Valid answers.' },
  update: { help: 'Answers that changed an address.' },
  cname: { help: 'Answers with another name in the place of an address.' },
  cname_error: { help: 'Answers whose other names lead nowhere.' },
  any_err: { help: 'Empty answers.' },
  nx: { help: 'Answers that there is no such name.' },
  timeout: { help: 'Questions without an answer in time.' },
  refused: { help: 'Questions refused.' },
  other: { help: 'Answers with other errors.' },
  invalid: { help: 'Answers that could not be understood.' },
  too_big: { help: 'Answers larger than is taken.' },
  truncated: { help: 'Answers that were cut.' },
  outdated: { help: 'Answers that came when another server had answered.' },
};

export function nameserverMetrics(reports: readonly NameserverReport[], wants: Wants): string {
  if (reports.length === 0) return '';
  return Object.entries(NAMESERVER_FAMILIES)
    .map(([counter, { name = counter, help }]) => {
      const family = `haproxy_resolver_${name}`;
      if (!wants(family)) return '';
      const lines = reports.map(({ resolvers, nameserver, counters }) => {
        const labels = `${label('resolver', resolvers)},${label('nameserver', nameserver)}`;
        return `${family}{${labels}} ${counters[counter] ?? 0}\n`;
      });
      return header({ name: family, help, type: 'gauge' }) + lines.join('');
    })
    .join('');
}
