/** docs/keywords.md: every keyword of haproxy.cfg with its arguments and whether it has its effect yet. */
import { listKeywords } from './keyword-list.ts';
import type { KeywordFacts, ListedKeyword } from './keyword-list.ts';
import type { SectionKind } from './line-context.ts';
import { NO_EFFECT, NOT_SUPPORTED_YET } from './not-supported-yet.ts';
import { SECTION_NAMES } from './section-names.ts';

/** Sections that share one table of keywords are one chapter. */
const PROXIES: readonly SectionKind[] = ['defaults', 'frontend', 'backend', 'listen'];

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function code(text: string): string {
  return text === '' ? '' : `\`${cell(text)}\``;
}

function status(keyword: KeywordFacts, section: SectionKind): string {
  if (keyword.removed !== undefined) return `refused: ${cell(keyword.removed)}`;
  if (NOT_SUPPORTED_YET.has(keyword.name) || NOT_SUPPORTED_YET.has(`section ${section}`))
    return 'not supported yet';
  if (NO_EFFECT.has(keyword.name)) return 'no effect';
  if (keyword.experimental === true) return 'experimental';
  return keyword.deprecated === undefined ? '' : 'deprecated';
}

function row({ section, keyword }: ListedKeyword, places: string): string {
  const name = keyword.negatable === true ? `[no] ${keyword.name}` : keyword.name;
  return `| ${code(name)} | ${code(keyword.args)} |${places} ${cell(keyword.summary)} | ${status(keyword, section)} |`;
}

function places({ sections }: KeywordFacts): string {
  return ` ${PROXIES.filter(section => sections.includes(section))
    .map(section => (section === 'defaults' ? 'D' : section.charAt(0).toUpperCase()))
    .join('')} |`;
}

function proxyChapter(all: readonly ListedKeyword[]): readonly string[] {
  const seen = new Set<string>();
  const rows = all
    .filter(({ section, keyword }) => {
      if (!PROXIES.includes(section) || seen.has(keyword.name)) return false;
      seen.add(keyword.name);
      return true;
    })
    .toSorted((a, b) => (a.keyword.name < b.keyword.name ? -1 : 1));
  return [
    '## defaults, frontend, backend, listen',
    '',
    'D: defaults, F: frontend, B: backend, L: listen.',
    '',
    '| Keyword | Arguments | In | Meaning | Status |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(one => row(one, places(one.keyword))),
    '',
  ];
}

function chapter(name: SectionKind, all: readonly ListedKeyword[]): readonly string[] {
  const rows = all.filter(({ section }) => section === name);
  return [
    `## ${name}`,
    '',
    '| Keyword | Arguments | Meaning | Status |',
    '| --- | --- | --- | --- |',
    ...rows.map(one => row(one, '')),
    '',
  ];
}

export function renderKeywordsPage(): string {
  const all = listKeywords();
  const others = SECTION_NAMES.filter(section => !PROXIES.includes(section) && section !== 'global');
  return [
    '# Keywords of haproxy.cfg',
    '',
    'Written by `scripts/keywords-doc.mjs` from the tables that drive the parser. An empty status means that the',
    'keyword does what the manual says; words that are not supported yet are accepted with a warning.',
    '',
    ...chapter('global', all),
    ...proxyChapter(all),
    ...others.flatMap(section => chapter(section, all)),
  ].join('\n');
}
