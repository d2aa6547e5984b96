/** Reads one configuration file line by line into a draft: directives, sections, keywords. */
import type { Word } from '../model/word.ts';
import type { ConfigDraft, SectionReader } from './config-draft.ts';
import { Directives } from './directives.ts';
import { SECTIONS, isSectionWord } from './haproxy/sections.ts';
import type { SectionKind } from './line-context.ts';
import { nearestName } from './nearest.ts';
import type { ParserContext } from './parser-context.ts';
import { SECTION_NAMES } from './section-names.ts';
import { readWords } from './words.ts';

/** HAProxy's: what follows that many errors in a file tells nobody anything. */
const MAX_ERRORS = 50;

export interface ConfigFile {
  /** As messages name it. */
  readonly path: string;
  readonly text: string;
}

class FileReading {
  private readonly directives = new Directives();
  private section: SectionReader | undefined;
  private readonly config: ConfigDraft;
  private readonly context: ParserContext;
  private readonly alertsBefore: number;

  constructor(config: ConfigDraft, context: ParserContext) {
    this.config = config;
    this.context = context;
    this.alertsBefore = context.fatalCount;
  }

  /** Answers false when nothing more must be read. */
  line(text: string, file: string, number: number): boolean {
    const { context } = this;
    context.startLine({ file, line: number, column: 0 });
    const { words, fault } = readWords({ file, line: number, text }, context.environment);
    if (fault !== undefined) {
      if (fault.empty === true && !this.directives.reads()) return true;
      context.alert(fault.position, fault.message);
      this.readOver(text);
      return this.goesOn();
    }
    if (words.length === 0 || isScope(words, context)) return true;
    const verdict = this.directives.judge(words, context);
    if (verdict === 'abort') return false;
    if (verdict === 'read') this.keyword(words);
    return this.goesOn();
  }

  end(): void {
    this.section?.end(this.context);
    this.directives.finish(this.context);
  }

  private goesOn(): boolean {
    const count = this.context.fatalCount - this.alertsBefore;
    if (count < MAX_ERRORS) return true;
    this.context.alert(this.context.position, `too many fatal errors (${count}), stopping now.`);
    return false;
  }

  private keyword(words: readonly Word[]): void {
    const name = (words[0] as Word).text;
    if (SECTIONS.has(name)) this.open(name, words);
    else if (this.section === undefined) this.outOfSection(words);
    else this.section.line(words, this.context);
  }

  /** A line that cannot be cut into words still opens its section, or is known to be missing there. */
  private readOver(text: string): void {
    const { position } = this.context;
    const words = text
      .replaceAll(/["'\\]/g, '')
      .split(/\s+/)
      .filter(part => part !== '')
      .map((part): Word => ({ text: part, position }));
    const [first] = words;
    if (first === undefined || !this.directives.reads()) return;
    if (SECTIONS.has(first.text)) this.open(first.text, words.slice(0, 2));
    else this.section?.misread?.(words);
  }

  private open(name: string, words: readonly Word[]): void {
    const opener = SECTIONS.get(name);
    if (opener === undefined) return;
    this.section?.end(this.context);
    this.context.section = name as SectionKind;
    this.context.sectionName = words[1]?.text ?? name;
    this.context.line = words;
    this.section = opener(words, this.config, this.context);
  }

  /** A mistyped section keyword is reported once and read as what was meant, so that its lines are checked too. */
  private outOfSection(words: readonly Word[]): void {
    const [word] = words as [Word, ...Word[]];
    const nearest = isSectionWord(word.text) ? undefined : nearestName(word.text, SECTION_NAMES);
    const hint = nearest === undefined ? undefined : `did you mean '${nearest}' maybe ?`;
    this.context.alert(word, `unknown keyword '${word.text}' out of section.`, hint);
    if (nearest !== undefined) this.open(nearest, words);
  }
}

/** `[name]` lines limit who reads what follows; everything is for this program. */
function isScope(words: readonly Word[], context: ParserContext): boolean {
  const [word] = words as [Word, ...Word[]];
  if (!word.text.startsWith('[')) return false;
  if (words.length > 1 || !/^\[[A-Za-z0-9_.:-]*\]$/.test(word.text))
    context.alert(word, `invalid scope '${word.text}'.`);
  return true;
}

/** The program is kinder than HAProxy about the end of the file. */
function warnMissingLf(text: string, context: ParserContext): void {
  if (text === '' || text.endsWith('\n')) return;
  const length = text.length - (text.lastIndexOf('\n') + 1);
  context.warn(
    context.position,
    `Missing LF on last line, file might have been truncated at position ${length + 1}.`,
  );
}

/** Answers false when reading was aborted and later files must not be read. */
export function readConfigFile(file: ConfigFile, config: ConfigDraft, context: ParserContext): boolean {
  const reading = new FileReading(config, context);
  const text = file.text.startsWith('\uFEFF') ? file.text.slice(1) : file.text;
  let number = 0;
  for (let start = 0; start < text.length;) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    number++;
    if (!reading.line(text.slice(start, end), file.path, number)) return false;
    start = end + 1;
  }
  warnMissingLf(text, context);
  reading.end();
  return true;
}
