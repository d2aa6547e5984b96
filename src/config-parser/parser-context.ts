/**
 * The LineContext that every keyword sees. One object serves a whole run: parse.ts moves it from line to line,
 * so nobody may keep it.
 */
import { dirname, isAbsolute, join } from 'node:path';
import type { Diagnostic, Position, Severity } from '../model/diagnostic.ts';
import type { Word } from '../model/word.ts';
import { isNewMistake, linesWithMistakes } from './diagnostic-order.ts';
import type { Environment, Lookup } from './environment.ts';
import type { FileReader, LineContext, SectionKind } from './line-context.ts';
import { NO_EFFECT, NOT_SUPPORTED_YET } from './not-supported-yet.ts';

/** Where relative paths start (`default-path`). */
export type DefaultPath =
  { readonly mode: 'current' | 'config' | 'parent' } | { readonly mode: 'origin'; readonly path: string };

const NOWHERE: Position = { file: '', line: 0, column: 0 };

function positionOf(at: Word | Position): Position {
  return 'position' in at ? at.position : at;
}

export class ParserContext implements LineContext {
  section: SectionKind = 'global';
  prefix?: 'no' | 'default';
  line: readonly Word[] = [];
  position: Position = NOWHERE;
  /** Where `expose-experimental-directives` was said. */
  experimentalSince: Position | undefined;
  experimentalUsed = false;
  globalTls: ReadonlyMap<string, readonly string[]> = new Map();
  deprecatedAllowed = false;
  defaultPath: DefaultPath = { mode: 'current' };
  /** `.SECTION`: the name of the section, or its kind where it has none. */
  sectionName = '';
  readonly diagnostics: Diagnostic[] = [];
  readonly variables: Environment;
  /** Alerts that stop the load. */
  fatalCount = 0;
  private readonly reader: FileReader;
  private misread: ReadonlySet<string> | undefined;

  constructor(variables: Environment, reader: FileReader) {
    this.variables = variables;
    this.reader = reader;
  }

  /** Called before the words of a line are read. */
  startLine(position: Position): void {
    this.position = position;
    this.line = [];
    delete this.prefix;
  }

  readonly environment: Lookup = name => {
    if (!name.startsWith('.')) return this.variables.lookup(name);
    if (name === '.LINE') return String(this.position.line);
    return name === '.FILE' ? this.position.file : this.sectionName;
  };

  readonly useExperimental = (): boolean => {
    this.experimentalUsed = true;
    return this.experimentalSince !== undefined;
  };

  readonly resolvePath = (path: string): string => {
    if (isAbsolute(path) || this.defaultPath.mode === 'current') return path;
    if (this.defaultPath.mode === 'origin') return join(this.defaultPath.path, path);
    const folder = dirname(this.position.file);
    return join(this.defaultPath.mode === 'parent' ? join(folder, '..') : folder, path);
  };

  readonly readFile: FileReader = path => this.reader(this.resolvePath(path));

  alert(at: Word | Position, message: string, hint?: string): void {
    this.add('alert', at, message, hint);
  }

  complain(at: Word | Position, message: string): void {
    this.diagnostics.push({ severity: 'alert', harmless: true, position: positionOf(at), message });
  }

  warn(at: Word | Position, message: string): void {
    this.add('warning', at, message);
  }

  notice(at: Word | Position, message: string): void {
    this.add('notice', at, message);
  }

  diag(at: Word | Position, message: string): void {
    this.add('diag', at, message);
  }

  /** An alert about a whole file. */
  alertAboutFile(file: string, message: string): void {
    this.add('alert', { file, line: 0, column: 0 }, message);
  }

  /** All lines were read. What is reported from here on adds to their mistakes and does not follow from them. */
  endReading(): void {
    if (this.fatalCount > 0) this.misread = linesWithMistakes(this.diagnostics);
  }

  notSupportedYet(at: Word | Position, what: string): void {
    if (NOT_SUPPORTED_YET.has(what)) this.warn(at, `'${what}' is not supported yet, it is ignored.`);
    else if (NO_EFFECT.has(what)) this.notice(at, `'${what}' has no effect in this program.`);
  }

  private add(severity: Severity, at: Word | Position, message: string, hint?: string): void {
    const position = positionOf(at);
    const diagnostic = { severity, position, message, ...(hint === undefined ? {} : { hint }) };
    if (this.misread !== undefined && !isNewMistake(diagnostic, this.misread)) return;
    if (severity === 'alert') this.fatalCount++;
    this.diagnostics.push(diagnostic);
  }
}
