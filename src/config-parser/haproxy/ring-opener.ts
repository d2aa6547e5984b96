/** Opens `ring` sections. */
import type { SectionOpener } from '../config-draft.ts';
import { applyLine, createKeywordIndex } from '../keyword-index.ts';
import { refuseRepetition } from './other-reader.ts';
import { createRingDraft, RING_KEYWORDS } from './ring-section.ts';
import { readSectionName } from './section-name.ts';

const INDEX = createKeywordIndex(RING_KEYWORDS);

export const openRing: SectionOpener = (words, config, context) => {
  const name = readSectionName(words, context) ?? '';
  const { position } = context;
  refuseRepetition('ring', name, config, context);
  const draft = createRingDraft(name, position);
  config.rings.push(draft);
  config.otherSections.push({
    kind: 'ring',
    name,
    position,
    lines: draft.lines,
    folder: context.resolvePath(''),
  });
  return { line: (line, at) => void applyLine(INDEX, draft, line, at), end: () => undefined };
};
