/** Readers of the values keywords take (keepalived.conf(5), PARAMETER SYNTAX). A bad value is reported and undefined. */
import { isIPv4, isIPv6 } from 'node:net';
import { parse as parseLine } from '../grammar/generated/keepalived.js';
import type { Position } from '../../model/diagnostic.ts';
import type { ScriptCommand } from '../../model/script-command.ts';
import type { Word } from '../../model/word.ts';
import type { Statement } from './block.ts';
import type { Scope } from './scope.ts';

const TRUE = new Set(['on', 'true', 'yes']);
const FALSE = new Set(['off', 'false', 'no']);

/** A flag that may say `on` or `off` itself; alone it means on. */
export function readBool(statement: Statement, scope: Scope): boolean | undefined {
  const word = statement.words[0];
  if (word === undefined) return true;
  const text = word.text.toLowerCase();
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  scope.report.warn(word.position, `Invalid value '${word.text}' for ${statement.name} - ignoring`);
  return undefined;
}

export function readInteger(
  statement: Statement,
  scope: Scope,
  least: number,
  most: number,
  index = 0,
): number | undefined {
  const word = statement.words[index];
  return word === undefined ? undefined : integerOf(word, statement.name, scope, least, most);
}

export function integerOf(
  word: Word,
  what: string,
  scope: Scope,
  least: number,
  most: number,
): number | undefined {
  const value = /^[+-]?\d+$/.test(word.text) ? Number(word.text) : NaN;
  if (value >= least && value <= most) return value;
  scope.report.warn(
    word.position,
    `${what} '${word.text}' must be an integer from ${least} to ${most} - ignoring`,
  );
  return undefined;
}

/** A decimal number of seconds, as milliseconds (microseconds stay as fractions). */
export function readSeconds(
  statement: Statement,
  scope: Scope,
  leastSec: number,
  mostSec: number,
  index = 0,
): number | undefined {
  const word = statement.words[index];
  return word === undefined ? undefined : secondsOf(word, statement.name, scope, leastSec, mostSec);
}

export function secondsOf(
  word: Word,
  what: string,
  scope: Scope,
  leastSec: number,
  mostSec: number,
): number | undefined {
  const value = /^\d*\.?\d+$|^\d+\.$/.test(word.text) ? Number(word.text) : NaN;
  if (value >= leastSec && value <= mostSec) return Math.round(value * 1e6) / 1e3;
  scope.report.warn(
    word.position,
    `${what} '${word.text}' must be seconds from ${leastSec} to ${mostSec} - ignoring`,
  );
  return undefined;
}

export function familyOf(address: string): 4 | 6 | undefined {
  if (isIPv4(address)) return 4;
  return isIPv6(address) ? 6 : undefined;
}

export function readAddress(
  statement: Statement,
  scope: Scope,
): { readonly address: string; readonly family: 4 | 6 } | undefined {
  const word = statement.words[0];
  if (word === undefined) return undefined;
  const family = familyOf(word.text);
  if (family !== undefined) return { address: word.text, family };
  scope.report.warn(word.position, `'${word.text}' is not an IP address - ignoring ${statement.name}`);
  return undefined;
}

/** IFNAMSIZ, and what the kernel allows in a name. */
export function interfaceNameOf(word: Word, scope: Scope): string | undefined {
  const { text } = word;
  if (text.length < 16 && text !== '.' && text !== '..' && !/[/\s:]/.test(text)) return text;
  scope.report.warn(
    word.position,
    `Interface name '${text}' is too long or has invalid characters - ignoring`,
  );
  return undefined;
}

/**
 * `SCRIPT [user [[:]group]]`: a command with arguments stands in quotes, its arguments in single quotes where they
 * hold blanks. With `wholeLine`, an unquoted command may have its arguments on the line and no user.
 */
export function readScript(statement: Statement, scope: Scope, wholeLine = false): ScriptCommand | undefined {
  const parts = escapedWords(statement.raw, statement.position, scope);
  const command = parts?.[0];
  if (parts === undefined || command === undefined || command.trim() === '') {
    scope.report.warn(statement.position, `'${statement.name}' needs a script - ignoring`);
    return undefined;
  }
  const quoted = /^["']/.test(statement.raw);
  const inner = /\s/.test(command) ? escapedWords(command, statement.position, scope) : [command];
  if (inner === undefined || inner.length === 0) return undefined;
  const { position } = statement;
  if (wholeLine && !quoted) return { position, argv: parts };
  return { position, argv: inner, ...accountOf(parts.slice(1)) };
}

export function accountOf(words: readonly string[]): { user?: string; group?: string } {
  const [user, group] = words.join(' ').split(/\s*:\s*|\s+/);
  return {
    ...(user === undefined || user === '' ? {} : { user }),
    ...(group === undefined || group === '' ? {} : { group }),
  };
}

export function escapedWords(text: string, position: Position, scope: Scope): string[] | undefined {
  try {
    return parseLine(text, { startRule: 'EscapedWords' }) as string[];
  } catch {
    scope.report.warn(position, `Unmatched quote: '${text}'`);
    return undefined;
  }
}

/** The words of a block that is a list: `{ a b` newline `c }`. */
export function listOf(statement: Statement): Word[] {
  return (statement.block ?? []).flatMap(item => [
    { text: item.name, position: item.position },
    ...item.words,
  ]);
}

/** A block must have braces; keepalived says so and goes on with an empty one. */
export function blockOf(statement: Statement, scope: Scope): readonly Statement[] {
  if (statement.block === undefined)
    scope.report.warn(
      statement.position,
      `Missing '{' at beginning of configuration block ${statement.name}`,
    );
  return statement.block ?? [];
}
