/**
 * A line of text into words: quotes, escapes and variables resolved (manual, sections 2.2 and 2.3). Most lines
 * have no quotes or backslashes and are cut here; the others go through grammar/haproxy.peggy, which costs ten
 * times as much.
 */
import type { Position } from '../model/diagnostic.ts';
import type { Word } from '../model/word.ts';
import type { LineTree, VariableTree, WordTree } from './ast.ts';
import { parse as parseLine, SyntaxError as GrammarError } from './grammar/generated/haproxy.js';
import type { Lookup } from './environment.ts';

/** HAProxy's limit of words a line. */
const MAX_WORDS = 64;

type LineWords =
  | { readonly words: readonly Word[]; readonly fault?: undefined }
  | { readonly words?: undefined; readonly fault: LineFault };

/** Why a line cannot be cut; `message` is complete, with the caret line. */
interface LineFault {
  readonly message: string;
  readonly position: Position;
  /** Only an argument without a value is wrong: nothing is where the line is not read. */
  readonly empty?: true;
}

interface LineSource {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const QUOTING = /["'\\]/;

/** Control characters made visible, and a long line cut so that the place at `offset` is seen. */
function showLine(text: string, offset: number): { readonly shown: string; readonly caret: number } {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  if (printable.length <= 80) return { shown: printable, caret: offset };
  const start = Math.max(0, offset - 60);
  const cut = printable.slice(start, start + 74);
  const head = start > 0 ? '...' : '';
  return { shown: `${head}${cut}...`, caret: offset - start + head.length };
}

function lineFault(source: LineSource, offset: number, message: string): LineFault {
  const trimmed = source.text.trimStart();
  const indent = source.text.length - trimmed.length;
  const { shown, caret } = showLine(trimmed, Math.max(0, offset - indent));
  return {
    message: `${message}:\n  ${shown}\n  ${' '.repeat(caret)}^`,
    position: { file: source.file, line: source.line, column: offset + 1 },
  };
}

function fault(source: LineSource, offset: number, message: string): LineWords {
  return { fault: lineFault(source, offset, message) };
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 12);
}

/** Cuts a line without quotes and backslashes at blanks; `#` starts a comment anywhere. */
function cutPlain({ text, file, line }: LineSource): readonly Word[] {
  const hash = text.indexOf('#');
  const end = hash < 0 ? text.length : hash;
  const words: Word[] = [];
  for (let index = 0; index < end; index++) {
    if (isBlank(text.charCodeAt(index))) continue;
    const start = index;
    while (index < end && !isBlank(text.charCodeAt(index))) index++;
    words.push({ text: text.slice(start, index), position: { file, line, column: start + 1 } });
  }
  return words;
}

/** Joins the parts of one written word; `${LIST[*]}` may give several, or none. */
class Joiner {
  readonly texts: string[] = [];
  private current: string | undefined;

  append(text: string): void {
    this.current = (this.current ?? '') + text;
  }

  spread(value: string): void {
    const parts = value.split(/\s+/);
    parts.forEach((part, index) => {
      if (index > 0) this.end();
      if (part !== '') this.append(part);
    });
  }

  end(): void {
    if (this.current !== undefined) this.texts.push(this.current);
    this.current = undefined;
  }
}

const PSEUDO_VARIABLES = new Set(['.LINE', '.FILE', '.SECTION']);

function findBadPseudoVariable(tree: LineTree): VariableTree | undefined {
  for (const { parts } of tree) {
    for (const part of parts) {
      if (typeof part !== 'string' && part.name.startsWith('.') && !PSEUDO_VARIABLES.has(part.name))
        return part;
    }
  }
  return undefined;
}

function joinWord(tree: WordTree, lookup: Lookup): readonly string[] {
  const joiner = new Joiner();
  for (const part of tree.parts) {
    if (typeof part === 'string') joiner.append(part);
    else {
      const value = lookup(part.name) ?? part.fallback;
      if (part.spread) joiner.spread(value ?? '');
      else joiner.append(value ?? '');
    }
  }
  joiner.end();
  return joiner.texts;
}

/** Where an empty word comes from, and why: the first variable without a value, else the quotes. */
function emptinessOf(tree: WordTree, lookup: Lookup): { readonly offset: number; readonly why: string } {
  const variable = tree.parts.find(part => typeof part !== 'string');
  if (variable === undefined) return { offset: tree.offset, why: '' };
  const state = lookup(variable.name) === undefined ? 'not set' : 'empty';
  return { offset: variable.offset, why: `: the environment variable '${variable.name}' is ${state}` };
}

function joinLine(tree: LineTree, source: LineSource, lookup: Lookup): LineWords {
  const bad = findBadPseudoVariable(tree);
  if (bad !== undefined) return forbiddenFirst(source, bad.offset);
  const { file, line } = source;
  const words: Word[] = [];
  for (const one of tree) {
    for (const text of joinWord(one, lookup)) {
      if (text === '' && words.length === 0) return { words: [] };
      if (text === '' && !isCondition(words))
        return emptyWord(source, emptinessOf(one, lookup), words.length);
      words.push({ text, position: { file, line, column: one.offset + 1 } });
    }
  }
  return { words };
}

function forbiddenFirst(source: LineSource, offset: number): LineWords {
  const what = 'forbidden first char in environment variable name';
  return fault(source, offset, `${what} at position ${offset + 1}`);
}

/** The condition of `.if` and `.elif` may be empty: it is false (manual, section 2.4). */
function isCondition([word]: readonly Word[]): boolean {
  return word?.text === '.if' || word?.text === '.elif';
}

function emptyWord(
  source: LineSource,
  { offset, why }: ReturnType<typeof emptinessOf>,
  index: number,
): LineWords {
  const where = `argument number ${index} at position ${offset + 1}`;
  const message = `${where} is empty and marks the end of the argument list${why}`;
  return { fault: { ...lineFault(source, offset, message), empty: true } };
}

function cutQuoted(source: LineSource, lookup: Lookup): LineWords {
  let tree: LineTree;
  try {
    tree = parseLine(source.text) as LineTree;
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    const { offset } = error.location.start;
    return fault(source, offset, `${error.message} at position ${offset + 1}`);
  }
  return joinLine(tree, source, lookup);
}

/** `source.text` is one line without its line feed; what follows a carriage return is no part of it. */
export function readWords(source: LineSource, lookup: Lookup): LineWords {
  const carriageReturn = source.text.indexOf('\r');
  const one = carriageReturn < 0 ? source : { ...source, text: source.text.slice(0, carriageReturn) };
  const nul = one.text.indexOf('\0');
  if (nul >= 0) return fault(one, nul, `Stray NUL character at position ${nul + 1}`);
  const result: LineWords = QUOTING.test(one.text) ? cutQuoted(one, lookup) : { words: cutPlain(one) };
  if (result.words === undefined || result.words.length <= MAX_WORDS) return result;
  const last = result.words[MAX_WORDS - 1] as Word;
  const place = `word ${MAX_WORDS}, position ${last.position.column}`;
  return {
    fault: { message: `too many words, truncating after ${place}: <${last.text}>.`, position: last.position },
  };
}
