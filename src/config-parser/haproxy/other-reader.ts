/** Opens the sections of other-sections.ts. */
import type { OtherSection } from '../../model/config.ts';
import type { Word } from '../../model/word.ts';
import type { ConfigDraft, SectionOpener, SectionReader } from '../config-draft.ts';
import { MUST_BE_ALLOWED } from '../experimental.ts';
import { applyLine, createKeywordIndex } from '../keyword-index.ts';
import type { ParserContext } from '../parser-context.ts';
import type { OtherDraft } from './other-rows.ts';
import { OTHER_SECTIONS } from './other-sections.ts';
import type { OtherSectionRow } from './other-sections.ts';
import { readSectionName, refuseSectionName } from './section-name.ts';

function readName(row: OtherSectionRow, words: readonly Word[], context: ParserContext): string {
  if (row.name === 'none') refuseSectionName(words, context);
  else if (row.name === 'required' || words.length > 1) return readSectionName(words, context) ?? '';
  return '';
}

export function refuseRepetition(
  kind: string,
  name: string,
  config: ConfigDraft,
  context: ParserContext,
): void {
  const first = config.otherSections.find(section => section.kind === kind && section.name === name);
  if (first === undefined) return;
  const where = `${first.position.file}:${first.position.line}`;
  context.alert(
    context.position,
    `${kind} '${name}' has same name as another ${kind} (declared at ${where}).`,
  );
}

function checkExperimental(row: OtherSectionRow, context: ParserContext): void {
  if (row.experimental !== true || context.useExperimental()) return;
  context.alert(context.position, `section '${row.kind}' is experimental, ${MUST_BE_ALLOWED}.`);
}

function createOpener(row: OtherSectionRow): SectionOpener {
  const index = createKeywordIndex(row.keywords);
  return (words, config, context): SectionReader => {
    const name = readName(row, words, context);
    checkExperimental(row, context);
    if (row.repeatable !== true) refuseRepetition(row.kind, name, config, context);
    context.notSupportedYet(words[0] as Word, `section ${row.kind}`);
    const folder = context.resolvePath('');
    const draft: OtherDraft = { lines: [], names: new Map() };
    const { position } = context;
    const section: OtherSection = { kind: row.kind, name, position, lines: draft.lines, folder };
    config.otherSections.push(section);
    return {
      line: (line, at) => void applyLine(index, draft, line, at),
      end: () => undefined,
    };
  };
}

export const OTHER_OPENERS: Readonly<Record<string, SectionOpener>> = Object.fromEntries(
  OTHER_SECTIONS.map(row => [row.kind, createOpener(row)]),
);
