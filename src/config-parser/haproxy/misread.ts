/**
 * Which keywords of a section stood on lines with mistakes. What such a line would have changed is not known, so a
 * check that depends on it says nothing: its complaint could be a consequence of the mistake reported already.
 */
import type { Word } from '../../model/word.ts';
import { nearestName } from '../nearest.ts';
import type { ProxyDraft } from './proxy-draft.ts';
import type { FinishFacts, Report } from './report.ts';

/** Keywords that checks of whole sections depend on: a mistyped one is taken for the nearest. */
const DEPENDED_ON = [
  'mode',
  'balance',
  'hash-type',
  'option',
  'default-server',
  'server',
  'http-check',
  'tcp-check',
  'external-check',
  'ssl-server-verify',
  'transparent',
] as const;

type DependedOn = (typeof DEPENDED_ON)[number];

/** Everything may be different: the defaults of a section were not found. */
export const ALL_KEYWORDS = '*';

const SILENT: Report = { alert: () => undefined, warn: () => undefined };

/** The keyword a line that was reported began with, or meant to. */
export function misreadKeyword(word: string): string {
  return nearestName(word, DEPENDED_ON) ?? word;
}

/** The first word that is no prefix. */
export function keywordOf([first, second]: readonly Word[]): string {
  const isPrefix = first?.text === 'no' || first?.text === 'default';
  return (isPrefix ? second?.text : first?.text) ?? '';
}

/** Whether the section, or a defaults section it starts from, has a mistake on a line of these keywords. */
export function isMisread(draft: ProxyDraft | undefined, ...keywords: readonly DependedOn[]): boolean {
  if (draft === undefined) return false;
  const { misread } = draft.own;
  return (
    misread.has(ALL_KEYWORDS) ||
    keywords.some(keyword => misread.has(keyword)) ||
    isMisread(draft.from, ...keywords)
  );
}

/** A report that says nothing where one of the keywords was misread, in the section or in `global`. */
export function unlessMisread(
  draft: ProxyDraft,
  { misreadGlobal }: FinishFacts,
  report: Report,
  ...keywords: readonly DependedOn[]
): Report {
  const silent = isMisread(draft, ...keywords) || keywords.some(keyword => misreadGlobal.has(keyword));
  return silent ? SILENT : report;
}
