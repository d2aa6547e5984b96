/** The `http-errors` section: error pages with a name (manual, section 4.2, `errorfiles`). */
import type { ErrorFile } from '../../model/proxy.ts';
import type { SectionOpener } from '../config-draft.ts';
import { applyLine, createKeywordIndex } from '../keyword-index.ts';
import type { Keyword } from '../keyword.ts';
import { readErrorFile } from './error-pages.ts';
import { readSectionName } from './section-name.ts';

type Pages = ErrorFile[];

export const HTTP_ERRORS_KEYWORDS: readonly Keyword<Pages>[] = [
  {
    name: 'errorfile',
    sections: ['http-errors'],
    args: '<code> <file>',
    arity: [2, 2],
    summary: 'the whole answer for a status',
    parse: (pages, words, context) => {
      const page = readErrorFile(words, context);
      if (page !== undefined) pages.push(page);
    },
  },
];

const INDEX = createKeywordIndex(HTTP_ERRORS_KEYWORDS);

export const openHttpErrors: SectionOpener = (words, config, context) => {
  const name = readSectionName(words, context) ?? '';
  const { position } = context;
  const twin = config.httpErrors.find(section => section.name === name);
  if (twin !== undefined) {
    const where = `${twin.position.file}:${twin.position.line}`;
    context.alert(position, `http-errors section '${name}' already exists (declared at ${where}).`);
  }
  const pages: Pages = [];
  config.httpErrors.push({ name, position, errorFiles: pages });
  return { line: (line, at) => void applyLine(INDEX, pages, line, at), end: () => undefined };
};
