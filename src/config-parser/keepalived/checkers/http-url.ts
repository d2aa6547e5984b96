/** `url { ... }` of HTTP_GET and SSL_GET: what is asked for, and what a good answer is. */
import type { HttpUrl } from '../../../model/virtual-server.ts';
import type { Word } from '../../../model/word.ts';
import type { Statement } from '../block.ts';
import { KeywordTable, type KeepalivedKeyword } from '../keyword.ts';
import type { Scope } from '../scope.ts';
import { blockOf, escapedWords, readInteger } from '../values.ts';

interface UrlDraft {
  path?: string;
  digest?: string;
  statusCodes: [number, number][];
  virtualhost?: string;
  regex?: string;
  regexNoMatch: boolean;
  regexOptions: string[];
  regexMinOffset: number;
  regexMaxOffset: number;
}

export function urlTable(block: string): KeywordTable<UrlDraft> {
  return new KeywordTable<UrlDraft>(`${block}/url`, [
    {
      name: 'path',
      args: '<STRING>',
      least: 1,
      summary: 'request path',
      parse: (draft, { words }) => void (draft.path = words[0]?.text ?? '/'),
    },
    { name: 'digest', args: '<MD5>', least: 1, summary: 'expected page digest', parse: parseDigest },
    {
      name: 'status_code',
      args: '<n|range>...',
      least: 1,
      summary: 'accepted statuses',
      parse: parseStatusCodes,
    },
    {
      name: 'virtualhost',
      args: '<STRING>',
      least: 1,
      summary: 'Host header',
      parse: (draft, { words }) => void (draft.virtualhost = words[0]?.text ?? ''),
    },
    {
      name: 'regex',
      args: '<STRING>',
      least: 1,
      summary: 'body must match',
      parse: (draft, { raw, position }, scope) =>
        void (draft.regex = escapedWords(raw, position, scope)?.[0] ?? ''),
    },
    {
      name: 'regex_no_match',
      args: '',
      summary: 'body must not match',
      parse: draft => void (draft.regexNoMatch = true),
    },
    {
      name: 'regex_options',
      args: '<options>',
      least: 1,
      summary: 'regex compile options',
      parse: (draft, { words }) => void draft.regexOptions.push(...words.map(word => word.text)),
    },
    offsetRow('regex_min_offset', 'regexMinOffset', 'first body offset searched'),
    offsetRow('regex_max_offset', 'regexMaxOffset', 'last body offset searched'),
  ]);
}

function offsetRow(
  name: string,
  key: 'regexMinOffset' | 'regexMaxOffset',
  summary: string,
): KeepalivedKeyword<UrlDraft> {
  return {
    name,
    args: '<n>',
    least: 1,
    summary,
    parse: (draft, statement, scope) =>
      void (draft[key] = readInteger(statement, scope, 0, 1 << 30) ?? draft[key]),
  };
}

function parseDigest(draft: UrlDraft, { words }: Statement, scope: Scope): void {
  const word = words[0] as Word;
  if (/^[0-9a-f]{32}$/i.test(word.text)) draft.digest = word.text.toLowerCase();
  else scope.report.warn(word.position, `digest '${word.text}' must be 32 hexadecimal digits - ignoring`);
}

function parseStatusCodes(draft: UrlDraft, { words }: Statement, scope: Scope): void {
  for (const word of words) {
    const [, first, last = first] = /^\+?(\d+)(?:-(\d+))?$/.exec(word.text) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (!(from >= 100 && to <= 599 && from <= to))
      scope.report.warn(word.position, `Invalid status_code '${word.text}' - ignoring`);
    else draft.statusCodes.push([from, to]);
  }
}

/** An answer of 200 to 299 is good where nothing is said. Undefined: it does not say what to ask for. */
export function readUrl(
  table: KeywordTable<UrlDraft>,
  statement: Statement,
  scope: Scope,
): HttpUrl | undefined {
  const url: UrlDraft = {
    statusCodes: [],
    regexNoMatch: false,
    regexOptions: [],
    regexMinOffset: 0,
    regexMaxOffset: Infinity,
  };
  table.read(url, blockOf(statement, scope), scope);
  if (url.statusCodes.length === 0) url.statusCodes.push([200, 299]);
  const { path } = url;
  if (path !== undefined) return { ...url, path };
  scope.report.warn(statement.position, 'HTTP/SSL_GET checker url has no path - ignoring');
  return undefined;
}
