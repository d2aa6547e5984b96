/** Opens `resolvers` sections. */
import type { SectionOpener } from '../config-draft.ts';
import { applyLine, createKeywordIndex } from '../keyword-index.ts';
import { refuseRepetition } from './other-reader.ts';
import { createResolversDraft, RESOLVERS_KEYWORDS } from './resolvers-section.ts';
import { readSectionName } from './section-name.ts';

const INDEX = createKeywordIndex(RESOLVERS_KEYWORDS);

export const openResolvers: SectionOpener = (words, config, context) => {
  const name = readSectionName(words, context) ?? '';
  const { position } = context;
  refuseRepetition('resolvers', name, config, context);
  const draft = createResolversDraft(name, position);
  const folder = context.resolvePath('');
  config.resolvers.push(draft);
  config.otherSections.push({ kind: 'resolvers', name, position, lines: draft.lines, folder });
  return { line: (line, at) => void applyLine(INDEX, draft, line, at), end: () => undefined };
};
