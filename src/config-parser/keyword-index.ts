/**
 * Finds the keyword row of a line and applies it: prefix `no`/`default`, sections, number of words, removed and
 * deprecated words. Every section is read through one index made of its keyword table.
 */
import type { Word } from '../model/word.ts';
import { MUST_BE_ALLOWED } from './experimental.ts';
import type { Keyword } from './keyword.ts';
import type { SectionKind } from './line-context.ts';
import { didYouMean } from './nearest.ts';
import type { ParserContext } from './parser-context.ts';
import { SECTION_NAMES } from './section-names.ts';
import { ignoresMore } from './surplus-words.ts';

interface KeywordIndex<Draft> {
  readonly keywords: readonly Keyword<Draft>[];
  /** By name, and for each first word the most words a name beginning with it has. */
  readonly byName: ReadonlyMap<string, Keyword<Draft>>;
  readonly longest: ReadonlyMap<string, number>;
}

export function createKeywordIndex<Draft>(keywords: readonly Keyword<Draft>[]): KeywordIndex<Draft> {
  const byName = new Map<string, Keyword<Draft>>();
  const longest = new Map<string, number>();
  for (const keyword of keywords) {
    if (byName.has(keyword.name)) throw new Error(`two rows for the keyword '${keyword.name}'`);
    byName.set(keyword.name, keyword);
    const words = keyword.name.split(' ');
    const head = words[0] as string;
    longest.set(head, Math.max(longest.get(head) ?? 0, words.length));
  }
  return { keywords, byName, longest };
}

interface Found<Draft> {
  readonly keyword: Keyword<Draft>;
  /** How many words its name has. */
  readonly length: number;
}

function findKeyword<Draft>(index: KeywordIndex<Draft>, line: readonly Word[]): Found<Draft> | undefined {
  const head = (line[0] as Word).text;
  const most = Math.min(index.longest.get(head) ?? 0, line.length);
  for (let length = most; length > 0; length--) {
    const name =
      length === 1
        ? head
        : line
            .slice(0, length)
            .map(word => word.text)
            .join(' ');
    const keyword = index.byName.get(name);
    if (keyword !== undefined) return { keyword, length };
  }
  return undefined;
}

/** The names that may stand in a section, for hints and the documentation. */
function namesIn<Draft>(index: KeywordIndex<Draft>, section: SectionKind): readonly string[] {
  return index.keywords
    .filter(({ sections, removed }) => removed === undefined && sections.includes(section))
    .map(({ name }) => name);
}

/** Second words of a family are compared with their like, first words with first words. */
function reportUnknown<Draft>(
  index: KeywordIndex<Draft>,
  line: readonly Word[],
  context: ParserContext,
): void {
  const [head, second] = line as [Word, ...Word[]];
  const names = namesIn(index, context.section);
  const family = names.filter(name => name.startsWith(`${head.text} `));
  if (family.length === 0) {
    const heads = new Set([...names.map(name => name.split(' ', 1)[0] as string), ...SECTION_NAMES]);
    const hint = didYouMean(head.text, heads);
    context.alert(head, `unknown keyword '${head.text}' in '${context.section}' section`, hint);
    return;
  }
  const tails = family.map(name => name.slice(head.text.length + 1));
  if (second === undefined) context.alert(head, `'${head.text}' expects one of ${quoteAll(tails)}.`);
  else
    context.alert(
      second,
      `unknown keyword '${head.text} ${second.text}' in '${context.section}' section`,
      didYouMean(second.text, tails),
    );
}

function quoteAll(names: readonly string[]): string {
  return names.map(name => `'${name}'`).join(', ');
}

function cutPrefix(line: readonly Word[], context: ParserContext): readonly Word[] {
  const first = line[0]?.text;
  if (first !== 'no' && first !== 'default') return line;
  context.prefix = first;
  return line.slice(1);
}

function checkPrefix<Draft>(keyword: Keyword<Draft>, context: ParserContext): boolean {
  if (context.prefix === undefined || keyword.negatable === true) return true;
  if (keyword.name.startsWith('option ')) {
    const option = keyword.name.slice('option '.length);
    context.alert(context.position, `negation/default is not supported for option '${option}'.`);
    return false;
  }
  context.alert(
    context.position,
    `negation/default currently supported only for options, log, busy-polling, set-dumpable, strict-limits, insecure-fork-wanted and numa-cpu-mapping.`,
  );
  return false;
}

function checkSection<Draft>(keyword: Keyword<Draft>, context: ParserContext): boolean {
  const { section } = context;
  if (keyword.sections.includes(section)) return true;
  const at = context.line[0] as Word;
  context.alert(at, `'${keyword.name}' not allowed in '${section}' section.`);
  return false;
}

function checkArity<Draft>(keyword: Keyword<Draft>, args: readonly Word[], context: ParserContext): boolean {
  const [least, most] = keyword.arity;
  const extra = args[most];
  if (extra !== undefined && ignoresMore(keyword.name, context.section))
    context.warn(extra, `'${keyword.name}' : unexpected argument '${extra.text}' is ignored.`);
  else if (extra !== undefined) {
    context.alert(extra, `'${keyword.name}' cannot handle unexpected argument '${extra.text}'.`);
    return false;
  }
  if (args.length >= least || context.prefix !== undefined) return true;
  context.alert(context.line.at(-1) as Word, `'${keyword.name}' expects ${keyword.args} as arguments.`);
  return false;
}

function checkRemoved<Draft>(keyword: Keyword<Draft>, context: ParserContext): boolean {
  if (keyword.removed !== undefined) {
    context.alert(context.line[0] as Word, keyword.removed);
    return false;
  }
  if (keyword.experimental === true && !context.useExperimental()) {
    context.alert(
      context.line[0] as Word,
      `'${keyword.name}' directive is experimental, ${MUST_BE_ALLOWED}.`,
    );
    return false;
  }
  if (keyword.deprecated !== undefined && !context.deprecatedAllowed)
    context.warn(context.line[0] as Word, keyword.deprecated);
  return true;
}

/** Applies one line to a draft. `words` are the whole line, not empty. False: a mistake was reported. */
export function applyLine<Draft>(
  index: KeywordIndex<Draft>,
  draft: Draft,
  words: readonly Word[],
  context: ParserContext,
): boolean {
  const before = context.fatalCount;
  applyWords(index, draft, words, context);
  return context.fatalCount === before;
}

function applyWords<Draft>(
  index: KeywordIndex<Draft>,
  draft: Draft,
  words: readonly Word[],
  context: ParserContext,
): void {
  const line = cutPrefix(words, context);
  context.line = line;
  if (line.length === 0) {
    context.alert(words[0] as Word, `'${words[0]?.text}' expects a keyword.`);
    return;
  }
  const found = findKeyword(index, line);
  if (found === undefined) {
    reportUnknown(index, line, context);
    return;
  }
  const { keyword, length } = found;
  const args = line.slice(length);
  if (!checkPrefix(keyword, context) || !checkRemoved(keyword, context)) return;
  if (!checkSection(keyword, context) || !checkArity(keyword, args, context)) return;
  const most = keyword.arity[1];
  if (args.length > most) context.line = line.slice(0, length + most);
  keyword.parse(draft, args.slice(0, most), context);
  context.notSupportedYet(line[0] as Word, keyword.name);
}
