/**
 * First pass over keepalived.conf (keepalived.conf(5), ADVANCED CONFIGURATION): comments, `@id` lines, `include`,
 * `$NAME=` definitions (one line or many) and their use, `~SEQ()` and `~LST()`. What comes out are plain lines with
 * the place they came from. Called by parse.ts.
 */
import { environmentVariable } from '../../base/environment-variable.ts';
import { parse as parseLine } from '../grammar/generated/keepalived.js';
import type { Position } from '../../model/diagnostic.ts';
import { includeFiles, type IncludeCheck } from './include.ts';
import type { Report } from './report.ts';
import type { ConfigSource } from './source.ts';

export interface PlainLine {
  readonly text: string;
  /** `column` is where `text` starts in the file; 0 when it was put together from definitions. */
  readonly position: Position;
}

type Line =
  | { kind: 'conditional'; negated: boolean; id: string; rest: string }
  | { kind: 'definition'; name: string; value: string }
  | { kind: 'sequence'; hex: boolean; name: string; bounds: number[]; rest: string }
  | { kind: 'list'; names: string[]; sets: string[][]; rest: string }
  | { kind: 'include'; word: string; pattern: string }
  | { kind: 'text'; text: string };

/** Stand for a `#` or `!` that starts no comment until the line is complete. */
const HASH = '\uE000';
const BANG = '\uE001';

/** Definitions that use themselves and sequences without end stop here. */
const MAX_DEPTH = 50;
const MAX_LINES = 100_000;
const MAX_DIAGNOSTICS = 1000;

interface Definition {
  readonly lines: string[];
}

export class Preprocessor {
  readonly lines: PlainLine[] = [];
  readonly #definitions = new Map<string, Definition>();
  readonly #source: ConfigSource;
  readonly #report: Report;
  /** A definition whose lines are still being read. */
  #collecting: Definition | undefined;
  #includeCheck: IncludeCheck = { readable: false, match: false, wildcard: false, brace: false };
  #directory = '';
  #exhausted = false;
  /** Lines looked at, of files and of what they expand to. */
  #seen = 0;

  constructor(source: ConfigSource, report: Report) {
    this.#source = source;
    this.#report = report;
  }

  /** Reads a file's text; `path` names it in messages and gives the directory of its includes. */
  file(path: string, text: string, depth = 0): void {
    const directory = this.#directory;
    const includeCheck = this.#includeCheck;
    this.#directory = directoryOf(path);
    let line = 0;
    for (const raw of text.split('\n')) {
      line++;
      const position = { file: path, line, column: 1 + (raw.length - raw.trimStart().length) };
      this.#raw(
        stripComment(raw.replace(/\r+$/, ''), () => this.#unterminated(position, raw)),
        position,
        depth,
      );
    }
    this.#collecting = undefined;
    this.#directory = directory;
    this.#includeCheck = includeCheck;
  }

  #unterminated(position: Position, raw: string): void {
    this.#report.warn(position, `Unterminated quote '${raw.trim()}'`);
  }

  #raw(text: string, position: Position, depth: number): void {
    if (this.#collecting === undefined) {
      if (text !== '') this.#line(text, position, depth);
      return;
    }
    const collecting = this.#collecting;
    const continued = text.endsWith('\\');
    const body = (continued ? text.slice(0, -1) : text).trim();
    if (body !== '') collecting.lines.push(body);
    if (!continued) this.#collecting = undefined;
  }

  #line(text: string, position: Position, depth: number): void {
    if (this.#exhausted) return;
    if (depth > MAX_DEPTH || ++this.#seen > MAX_LINES || this.#report.diagnostics.length > MAX_DIAGNOSTICS) {
      this.#exhausted = true;
      this.#report.alert(
        position,
        'definitions, sequences or includes are nested too deep or expand without end',
      );
      return;
    }
    const line = parseLine(text, { startRule: 'Line' }) as Line;
    switch (line.kind) {
      case 'conditional':
        if ((line.id === this.#source.configId) !== line.negated && line.rest !== '')
          this.#line(line.rest, position, depth + 1);
        return;
      case 'definition':
        this.#define(line.name, line.value);
        return;
      case 'sequence':
        this.#sequence(line, position, depth);
        return;
      case 'list':
        this.#list(line, position, depth);
        return;
      case 'include':
        this.#include(line.word, line.pattern, position, depth);
        return;
      case 'text':
        this.#text(line.text, position, depth);
    }
  }

  #define(name: string, value: string): void {
    const multiline = value.endsWith('\\');
    const first = (multiline ? value.slice(0, -1) : value).trim();
    const definition: Definition = { lines: first === '' && multiline ? [] : [first] };
    this.#definitions.set(name, definition);
    if (multiline) this.#collecting = definition;
  }

  #sequence(line: Line & { kind: 'sequence' }, position: Position, depth: number): void {
    const { bounds, name, hex, rest } = line;
    const end = bounds.at(-1) ?? 0;
    const start = bounds.length > 1 ? (bounds[0] ?? 1) : end < 0 ? -1 : 1;
    const step = bounds.length > 2 ? (bounds[1] ?? 1) : end >= start ? 1 : -1;
    if (step === 0 || Math.sign(end - start) === -Math.sign(step)) {
      this.#report.warn(position, `Invalid ~SEQ specification: from ${start} to ${end} by ${step}`);
      return;
    }
    for (let value = start; step > 0 ? value <= end : value >= end; value += step) {
      this.#definitions.set(name, { lines: [hex ? value.toString(16) : String(value)] });
      this.#line(rest, position, depth + 1);
      if (this.#exhausted) return;
    }
  }

  #list(line: Line & { kind: 'list' }, position: Position, depth: number): void {
    for (const values of line.sets) {
      if (values.length > line.names.length) {
        this.#report.warn(position, `Invalid ~LST specification: {${values.join(',')}} has too many values`);
        return;
      }
      for (const [index, name] of line.names.entries())
        this.#definitions.set(name, { lines: [values[index] ?? ''] });
      this.#line(line.rest, position, depth + 1);
      if (this.#exhausted) return;
    }
  }

  #include(word: string, pattern: string, position: Position, depth: number): void {
    const files = includeFiles(this.#source, word, pattern, this.#directory, this.#includeCheck);
    for (const problem of files.problems) this.#report.misses(position, problem);
    for (const remark of files.remarks) this.#report.remark(position, remark);
    for (const { path, text } of files.texts) this.file(path, text, depth + 1);
  }

  #text(text: string, position: Position, depth: number): void {
    const expanded = text.includes('$') ? this.#substitute(text, position.file) : undefined;
    if (expanded === undefined) {
      if (text.startsWith('~')) this.#report.warn(position, `Invalid ~SEQ or ~LST specification '${text}'`);
      else this.#plain(text, position);
      return;
    }
    for (const line of expanded) {
      const stripped = stripComment(line, () => {});
      if (stripped !== '') this.#line(stripped, { ...position, column: 0 }, depth + 1);
    }
  }

  #plain(text: string, position: Position): void {
    const setting = /^include_check\b(.*)/.exec(text);
    if (setting !== null) this.#includeCheck = checkOf(this.#includeCheck, setting[1] ?? '');
    this.lines.push({ text: text.replaceAll(HASH, '#').replaceAll(BANG, '!'), position });
  }

  /** Replaces the first parameter that is defined; undefined when there is none. */
  #substitute(text: string, file: string): string[] | undefined {
    for (const use of text.matchAll(/\$\{([^{}]*)\}|\$([A-Za-z_]\w*)(?=\s|$)/g)) {
      const lines = this.#valueOf(use[1] ?? use[2] ?? '', file);
      if (lines === undefined) continue;
      const before = text.slice(0, use.index);
      const after = text.slice(use.index + use[0].length);
      if (lines.length <= 1) return [before + (lines[0] ?? '') + after];
      return [before + (lines[0] ?? ''), ...lines.slice(1, -1), (lines.at(-1) ?? '') + after];
    }
    return undefined;
  }

  #valueOf(name: string, file: string): readonly string[] | undefined {
    const defined = this.#definitions.get(name);
    if (defined !== undefined) return defined.lines;
    const value = this.#predefined(name, file);
    return value === undefined ? undefined : [value];
  }

  /** keepalived.conf(5), "Pre-defined definitions". */
  #predefined(name: string, file: string): string | undefined {
    const [word, ...args] = name.trim().split(/\s+/);
    if (word === '_PWD') return directoryOf(file);
    if (word === '_INSTANCE') return this.#source.configId;
    if (word === '_HASH') return HASH;
    if (word === '_BANG') return BANG;
    if (word === '_ENV') return environmentVariable(this.#source.environment, args[0] ?? '');
    if (word !== '_RANDOM') return undefined;
    const least = Number(args[0] ?? 0);
    const most = Number(args[1] ?? 32767);
    if (!Number.isInteger(least) || !Number.isInteger(most) || most < least) return undefined;
    return String(least + (this.#source.random() % (most - least + 1)));
  }
}

function directoryOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) || '/' : '.';
}

/** `include_check [+|-]readable ...`; no option means all of them. */
function checkOf(old: IncludeCheck, options: string): IncludeCheck {
  const words = options.trim().split(/\s+/).filter(Boolean);
  const all = { readable: true, match: true, wildcard: true, brace: true };
  if (words.length === 0) return all;
  const relative = /^[+-]/.test(words[0] ?? '');
  const check = relative ? { ...old } : { readable: false, match: false, wildcard: false, brace: false };
  const names = {
    read: 'readable',
    readable: 'readable',
    match: 'match',
    wildcard_match: 'wildcard',
    brace_match: 'brace',
  } as const;
  let add = true;
  for (const word of words) {
    if (word.startsWith('+')) add = true;
    else if (word.startsWith('-')) add = false;
    const bare = word.replace(/^[+-]/, '');
    if (Object.hasOwn(names, bare)) check[names[bare as keyof typeof names]] = add;
  }
  return check;
}

/** Comments run from `!` or `#` to the end of the line, but not inside double quotes or after a backslash. */
function stripComment(text: string, onUnterminated: () => void): string {
  let out = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"') quoted = !quoted;
    else if (char === '\\' && at + 1 < text.length) {
      const next = text.charAt(++at);
      out += quoted || (next !== '#' && next !== '!') ? char + next : next === '#' ? HASH : BANG;
      continue;
    } else if (!quoted && (char === '!' || char === '#')) break;
    out += char;
  }
  if (quoted) onUnterminated();
  return out.trim();
}
