/**
 * Sample expressions, text -> calls with their arguments unquoted and their places kept. Names are not known
 * here: acl/ gives them their meaning.
 */
import { parse, SyntaxError } from './grammar/generated/expression.js';

export interface ExpressionAst {
  readonly fetch: Call;
  readonly converters: readonly Call[];
}

export interface Call {
  readonly name: string;
  /** Where it starts in the text. */
  readonly offset: number;
  /** null: no parentheses. `()` is one empty argument. */
  readonly args: readonly Argument[] | null;
}

export interface Argument {
  readonly text: string;
  readonly offset: number;
}

export interface ExpressionError {
  readonly error: string;
  readonly offset: number;
}

/** A fetch alone, whose arguments have no quotes, escapes and parentheses: most are, and the grammar takes five times as long. */
const PLAIN_FETCH = /^([A-Za-z0-9_.:+-]+)(?:\(([^()"'\\]*)\))?$/;

export function parseExpression(text: string): ExpressionAst | ExpressionError {
  const plain = PLAIN_FETCH.exec(text);
  if (plain !== null) return { fetch: readFetch(plain[1] as string, plain[2]), converters: [] };
  const wrong = findMistake(text);
  if (wrong !== undefined) return wrong;
  try {
    return parse(text) as ExpressionAst;
  } catch (error) {
    return explain(text, error);
  }
}

function readFetch(name: string, words: string | undefined): Call {
  if (words === undefined) return { name, offset: 0, args: null };
  let offset = name.length + 1;
  const args = words.split(',').map(text => {
    const argument = { text, offset };
    offset += text.length + 1;
    return argument;
  });
  return { name, offset: 0, args };
}

function findMistake(text: string): ExpressionError | undefined {
  if (text === '' || !/^[A-Za-z0-9_.:+-]/.test(text)) return { error: 'missing fetch method', offset: 0 };
  return undefined;
}

function explain(text: string, error: unknown): ExpressionError {
  if (!(error instanceof SyntaxError)) throw error;
  const offset = error.location.start.offset;
  if (offset === 0) return { error: 'missing fetch method', offset };
  const open = text.lastIndexOf('(', offset);
  if (offset >= text.length && open >= 0 && !text.slice(open).includes(')'))
    return { error: `expected ')' before the end of '${text}'`, offset };
  const call = /([A-Za-z0-9_.:+-]+)(\([^)]*\)?)?$/.exec(text.slice(0, offset));
  const isFetch = call === null || call.index === 0;
  const after = isFetch ? 'fetch keyword' : `converter '${call[1]}'`;
  return { error: `missing comma after ${after}`, offset };
}
