/** Flags of an ACL line (manual, section 7.1.2): between the criterion and its patterns. */
import type { Word } from '../model/word.ts';
import { findMethod } from './match/method.ts';
import type { MatchMethod } from './match/method.ts';

export interface AclFlags {
  readonly ignoreCase: boolean;
  readonly method: MatchMethod | undefined;
  /** Files, each with the case rule in force where it stood. */
  readonly files: readonly { readonly name: Word; readonly ignoreCase: boolean }[];
  readonly asMap: boolean;
  /** Names of hosts may stand for addresses: no `-n`. */
  readonly resolves: boolean;
  readonly id: number | undefined;
  /** Any flag, even `--`, says that having no pattern is meant. */
  readonly any: boolean;
  readonly patterns: readonly Word[];
}

interface FlagMistake {
  readonly error: string;
  readonly at: Word;
}

interface Draft {
  ignoreCase: boolean;
  method: MatchMethod | undefined;
  files: { readonly name: Word; readonly ignoreCase: boolean }[];
  asMap: boolean;
  resolves: boolean;
  id: number | undefined;
}

export function parseAclFlags(words: readonly Word[]): AclFlags | FlagMistake {
  const draft: Draft = {
    ignoreCase: false,
    method: undefined,
    files: [],
    asMap: false,
    resolves: true,
    id: undefined,
  };
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] as Word;
    if (!word.text.startsWith('-')) break;
    if (word.text === '--') {
      at++;
      break;
    }
    const argument = words[at + 1];
    const used = readFlag(draft, word, argument);
    if (typeof used === 'string') return { error: used, at: word };
    at += used;
  }
  return { ...draft, any: at > 0, patterns: words.slice(at) };
}

/** How many words beside its own the flag took, or what is wrong. */
function readFlag(draft: Draft, { text }: Word, argument: Word | undefined): number | string {
  switch (text) {
    case '-i':
      draft.ignoreCase = true;
      return 0;
    case '-n':
      draft.resolves = false;
      return 0;
    case '-M':
      draft.asMap = true;
      return 0;
    case '-f':
      if (argument === undefined) return 'missing file name after -f';
      draft.files.push({ name: argument, ignoreCase: draft.ignoreCase });
      return 1;
    case '-m':
      return readMethod(draft, argument);
    case '-u':
      if (argument === undefined || !/^[0-9]+$/.test(argument.text))
        return 'the argument of -u must be an integer';
      draft.id = Number(argument.text);
      return 1;
    default:
      return `'${text}' is not a valid ACL option. Please use '--' before any pattern beginning with a '-'`;
  }
}

function readMethod(draft: Draft, argument: Word | undefined): number | string {
  if (draft.files.length > 0)
    return "'-m' must only be specified before patterns and files in parsing ACL expression";
  if (draft.method !== undefined)
    return "only one explicit matching method can be defined with '-m' parameter. if migrating from an old version, just keep the last one";
  const method = findMethod(argument?.text ?? '');
  if (method === undefined || method === 'regm')
    return `unknown matching method '${argument?.text ?? ''}' when parsing ACL expression`;
  draft.method = method;
  return 1;
}
