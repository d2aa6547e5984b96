/** HTTP_GET and SSL_GET. */
import type { Word } from '../../../model/word.ts';
import { boolRow, textRow } from '../value-rows.ts';
import { readBool, readInteger } from '../values.ts';
import { virtualhostRow } from './check-defaults.ts';
import { CONNECTING, type CheckerDraft, type Row } from './checker-rows.ts';
import { readUrl, urlTable } from './http-url.ts';

const NB_GET_RETRY: Row = {
  name: 'nb_get_retry',
  args: '<n>',
  least: 1,
  summary: 'old name of retry',
  deprecated: 'retry',
  parse: (draft, statement, scope) => {
    const value = readInteger(statement, scope, 0, 1 << 30);
    if (value !== undefined) draft.retry = value;
  },
};

function urlRow(block: string): Row {
  const table = urlTable(block);
  return {
    name: 'url',
    args: '{ path <STRING> ... }',
    summary: 'one URL to test',
    parse: (draft, statement, scope) => {
      const url = readUrl(table, statement, scope);
      if (url !== undefined) draft.urls.push(url);
    },
  };
}

export function httpRows(block: string): Row[] {
  return [
    ...CONNECTING,
    NB_GET_RETRY,
    virtualhostRow<CheckerDraft>(),
    {
      name: 'http_protocol',
      args: '1.0|1.0C|1.1',
      least: 1,
      summary: 'HTTP version',
      parse: (draft, { words }, scope) => {
        const word = words[0] as Word;
        const found = (['1.0', '1.0C', '1.1'] as const).find(version => version === word.text.toUpperCase());
        if (found !== undefined) draft.protocol = found;
        else scope.report.warn(word.position, `Invalid http_protocol '${word.text}' - ignoring`);
      },
    },
    boolRow('enable_sni', 'enableSni', 'send SNI'),
    textRow('sni_name', 'sniName', 'SNI value'),
    {
      name: 'fast_recovery',
      args: '[<BOOL>]',
      summary: 'no delay between URLs, which there never is',
      withoutEffect: true,
      parse: (_draft, statement, scope) => void readBool(statement, scope),
    },
    urlRow(block),
  ];
}
