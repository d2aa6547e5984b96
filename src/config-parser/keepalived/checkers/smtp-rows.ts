/** SMTP_CHECK, and its `host` blocks, each of which is a checker of its own: what keepalived had before there were several. */
import { KeywordTable } from '../keyword.ts';
import { textRow } from '../value-rows.ts';
import { blockOf } from '../values.ts';
import { CONNECTING, type ConnectingDraft, type Row } from './checker-rows.ts';

export const SMTP_HOST = new KeywordTable<ConnectingDraft>(
  'virtual_server/real_server/SMTP_CHECK/host',
  CONNECTING,
);

export const SMTP_ROWS: readonly Row[] = [
  ...CONNECTING,
  textRow('helo_name', 'heloName', 'HELO name'),
  {
    name: 'host',
    args: '{ connect_ip <ip> ... }',
    summary: 'another place to check',
    deprecated: 'another SMTP_CHECK',
    parse: (draft, statement, scope) => {
      const host: ConnectingDraft = {};
      SMTP_HOST.read(host, blockOf(statement, scope), scope);
      draft.hosts.push(host);
    },
  },
];
