/** SMTP_CHECK, and its `host` blocks, each of which is a checker of its own: what keepalived had before there were several. */
import { KeywordTable } from '../keyword.ts';
import { textRow } from '../value-rows.ts';
import { blockOf } from '../values.ts';
import { CONNECTING, type ConnectingDraft, type Row } from './checker-rows.ts';

export function smtpRows(block: string): Row[] {
  const table = new KeywordTable<ConnectingDraft>(`${block}/host`, CONNECTING);
  return [
    ...CONNECTING,
    textRow('helo_name', 'heloName', 'HELO name'),
    {
      name: 'host',
      args: '{ connect_ip <ip> ... }',
      summary: 'another place to check',
      deprecated: 'another SMTP_CHECK',
      parse: (draft, statement, scope) => {
        const host: ConnectingDraft = {};
        table.read(host, blockOf(statement, scope), scope);
        draft.hosts.push(host);
      },
    },
  ];
}
