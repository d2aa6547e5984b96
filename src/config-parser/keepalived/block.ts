/**
 * Second pass: plain lines -> a tree of statements. A statement is the words up to the end of its line or to a
 * brace; `{` opens the block of the statement before it, on its line or on the next. Called by parse.ts.
 */
import { parse as parseLine } from '../grammar/generated/keepalived.js';
import type { Position } from '../../model/diagnostic.ts';
import type { Word } from '../../model/word.ts';
import type { PlainLine } from './preprocess.ts';
import type { Report } from './report.ts';

export interface Statement {
  readonly position: Position;
  /** The keyword. */
  readonly name: string;
  /** The words after the keyword, only double quotes resolved. */
  readonly words: readonly Word[];
  /** What stands after the keyword, untouched: script commands have quoting rules of their own. */
  readonly raw: string;
  /** Statements between its braces. */
  block?: Statement[];
}

interface Token {
  readonly text: string;
  readonly brace?: boolean;
  readonly unclosed?: boolean;
  readonly offset: number;
  readonly rest: string;
}

interface Level {
  readonly statements: Statement[];
  readonly opened?: Position;
}

export function buildBlocks(lines: readonly PlainLine[], report: Report): Statement[] {
  const root: Statement[] = [];
  const stack: Level[] = [{ statements: root }];
  for (const line of lines) readLine(line, stack, report);
  const open = stack.at(-1)?.opened;
  if (stack.length > 1 && open !== undefined) report.warn(open, `Missing '}': this block is never closed`);
  return root;
}

function readLine(line: PlainLine, stack: Level[], report: Report): void {
  let pending: Token[] = [];
  const flush = (): void => {
    const level = stack.at(-1);
    if (pending.length > 0 && level !== undefined) level.statements.push(statementOf(pending, line));
    pending = [];
  };
  for (const token of parseLine(line.text, { startRule: 'Words' }) as Token[]) {
    if (token.unclosed === true) report.warn(at(line, token), `Unmatched quote: '${line.text}'`);
    if (token.brace !== true) pending.push(token);
    else {
      flush();
      if (token.text === '{') openBlock(stack, at(line, token), report);
      else closeBlock(stack, at(line, token), report);
    }
  }
  flush();
}

function at(line: PlainLine, token: Token): Position {
  const { column } = line.position;
  return { ...line.position, column: column === 0 ? 0 : column + token.offset };
}

function statementOf(tokens: readonly Token[], line: PlainLine): Statement {
  const [first, ...others] = tokens as [Token, ...Token[]];
  const last = others.at(-1);
  const raw =
    others[0] === undefined || last === undefined ? '' : line.text.slice(others[0].offset, endOf(last));
  return {
    position: at(line, first),
    name: first.text,
    words: others.map(token => ({ text: token.text, position: at(line, token) })),
    raw,
  };
}

function endOf(token: Token): number {
  const quoted = token.rest.startsWith('"');
  return token.offset + token.text.length + (quoted ? (token.unclosed === true ? 1 : 2) : 0);
}

function openBlock(stack: Level[], position: Position, report: Report): void {
  const owner = stack.at(-1)?.statements.at(-1);
  const statements: Statement[] = [];
  if (owner === undefined || owner.block !== undefined)
    report.warn(position, "Unexpected '{' - ignoring the block");
  else owner.block = statements;
  stack.push({ statements, opened: position });
}

function closeBlock(stack: Level[], position: Position, report: Report): void {
  if (stack.length === 1) report.warn(position, "Extra '}' found");
  else stack.pop();
}
