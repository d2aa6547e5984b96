/** The keywords of error pages in proxies (manual, section 4.2); error-pages.ts reads them. */
import type { ErrorFile } from '../../model/proxy.ts';
import type { Keyword } from '../keyword.ts';
import type { SectionKind } from '../line-context.ts';
import { readErrorFile, readErrorFiles, readErrorLocation, readHttpError } from './error-pages.ts';
import type { ProxyDraft } from './proxy-draft.ts';

const ALL: readonly SectionKind[] = ['defaults', 'frontend', 'listen', 'backend'];

function add(draft: ProxyDraft, page: ErrorFile | undefined): void {
  if (page !== undefined) draft.shared.errorFiles.push(page);
}

function locationKeyword(name: string, code: string): Keyword<ProxyDraft> {
  return {
    name,
    sections: ALL,
    args: '<code> <url>',
    arity: [2, 2],
    summary: `redirects instead of an error page, with ${code}`,
    parse: (draft, words, context) => add(draft, readErrorLocation(name, words, context)),
  };
}

export const ERROR_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'errorfile',
    sections: ALL,
    args: '<code> <file>',
    arity: [2, 2],
    summary: 'file sent as an error page',
    parse: (draft, words, context) => add(draft, readErrorFile(words, context)),
  },
  {
    name: 'errorfiles',
    sections: ALL,
    args: '<name> [<code> ...]',
    arity: [1, 64],
    summary: 'error pages of an http-errors section',
    parse: (draft, words, context) => {
      for (const page of readErrorFiles(words, context)) add(draft, page);
    },
  },
  locationKeyword('errorloc', '302'),
  locationKeyword('errorloc302', '302'),
  locationKeyword('errorloc303', '303'),
  {
    name: 'http-error status',
    sections: ALL,
    args: '<code> [content-type <type>] [{ default-errorfiles | errorfile <file> | errorfiles <name> | file <file> | lf-file <file> | string <str> | lf-string <fmt> }] [hdr <name> <fmt>]*',
    arity: [1, 256],
    summary: 'an error page in all its parts',
    parse: (draft, _, context) => add(draft, readHttpError(context.line.slice(1), context)),
  },
  {
    name: 'http-error',
    sections: ALL,
    args: '<arguments in another order>',
    arity: [1, 256],
    summary: 'an error page in all its parts',
    parse: (draft, words, context) => add(draft, readHttpError(words, context)),
  },
];
