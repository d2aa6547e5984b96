/** Opens `cache` sections. */
import type { SectionOpener } from '../config-draft.ts';
import { applyLine, createKeywordIndex } from '../keyword-index.ts';
import { CACHE_KEYWORDS, checkCache, createCacheDraft } from './cache-section.ts';
import { readSectionName } from './section-name.ts';

const INDEX = createKeywordIndex(CACHE_KEYWORDS);

export const openCache: SectionOpener = (words, config, context) => {
  const name = readSectionName(words, context) ?? '';
  if (config.caches.some(other => other.name === name))
    context.alert(context.position, `Duplicate cache name '${name}'.`);
  const draft = createCacheDraft(name, context.position);
  config.caches.push(draft);
  return { line: (line, at) => applyLine(INDEX, draft, line, at), end: at => checkCache(draft, at) };
};
