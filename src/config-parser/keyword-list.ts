/** All keyword rows of haproxy.cfg by section, for docs/keywords.md, for -dK, and for tests. */
import { GLOBAL_KEYWORDS } from './haproxy/global-reader.ts';
import { CACHE_KEYWORDS } from './haproxy/cache-section.ts';
import { HTTP_ERRORS_KEYWORDS } from './haproxy/http-errors.ts';
import { LOG_FORWARD_KEYWORDS } from './haproxy/log-forward.ts';
import { OTHER_SECTIONS } from './haproxy/other-sections.ts';
import { PEERS_KEYWORDS } from './haproxy/peers-section.ts';
import { RESOLVERS_KEYWORDS } from './haproxy/resolvers-section.ts';
import { RING_KEYWORDS } from './haproxy/ring-section.ts';
import { PROXY_KEYWORDS } from './haproxy/proxy-section.ts';
import { USERLIST_KEYWORDS } from './haproxy/userlist.ts';
import type { Keyword } from './keyword.ts';
import type { SectionKind } from './line-context.ts';
import { SECTION_NAMES } from './section-names.ts';

/** What a row tells without its parse function. */
export type KeywordFacts = Omit<Keyword<never>, 'parse'>;

export interface ListedKeyword {
  readonly section: SectionKind;
  readonly keyword: KeywordFacts;
}

const ROWS: readonly KeywordFacts[] = [
  ...GLOBAL_KEYWORDS,
  ...PROXY_KEYWORDS,
  ...USERLIST_KEYWORDS,
  ...HTTP_ERRORS_KEYWORDS,
  ...LOG_FORWARD_KEYWORDS,
  ...CACHE_KEYWORDS,
  ...PEERS_KEYWORDS,
  ...RING_KEYWORDS,
  ...RESOLVERS_KEYWORDS,
  ...OTHER_SECTIONS.flatMap(section => section.keywords),
];

/** In the order of the sections, then of the names. */
export function listKeywords(): readonly ListedKeyword[] {
  return SECTION_NAMES.flatMap(section =>
    ROWS.filter(({ sections }) => sections.includes(section))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(keyword => ({ section, keyword })),
  );
}

/** What `-dKcfg` prints. */
export function renderKeywordList(): string {
  const lines = ['# List of registered configuration keywords:'];
  let last: SectionKind | undefined;
  for (const { section, keyword } of listKeywords()) {
    if (keyword.removed !== undefined) continue;
    if (section !== last) lines.push(section);
    last = section;
    lines.push(`\t${keyword.name}${keyword.args === '' ? '' : ` ${keyword.args}`}`);
  }
  return `${lines.join('\n')}\n`;
}
