/** `include` and its stricter kin: which files a line stands for, and what is wrong with them (keepalived.conf(5)). */
import type { ConfigSource } from './source.ts';

export interface IncludeCheck {
  readable: boolean;
  match: boolean;
  wildcard: boolean;
  brace: boolean;
}

interface Included {
  readonly texts: readonly { readonly path: string; readonly text: string }[];
  readonly problems: readonly string[];
  /** Nothing was found, and nothing had to be. */
  readonly nothing: boolean;
}

/** The letter after `include` adds checks to those that `include_check` asks for. */
function strictness(word: string, base: IncludeCheck): IncludeCheck {
  const letter = word.slice('include'.length);
  const all = letter === 'a';
  const check = {
    match: base.match || all || letter === 'm',
    wildcard: base.wildcard || all || letter === 'w',
    brace: base.brace || all || letter === 'b',
  };
  return {
    ...check,
    readable: base.readable || letter !== '' || check.match || check.wildcard || check.brace,
  };
}

export function includeFiles(
  source: ConfigSource,
  word: string,
  pattern: string,
  directory: string,
  base: IncludeCheck,
): Included {
  const check = strictness(word, base);
  const problems: string[] = [];
  const paths = source.glob(pattern, directory);
  const hasWildcard = /[*?[]/.test(pattern);
  if (paths.length === 0 && (check.wildcard || (check.match && !hasWildcard)))
    problems.push(`include file '${pattern}' not found`);
  if (check.brace) {
    for (const alternative of expandBraces(pattern))
      if (alternative !== pattern && source.glob(alternative, directory).length === 0)
        problems.push(`include file '${alternative}' not found`);
  }
  const texts: { path: string; text: string }[] = [];
  for (const path of paths) {
    const text = source.read(path);
    if (text !== undefined) texts.push({ path, text });
    else if (check.readable) problems.push(`include file '${path}' cannot be read`);
  }
  return { texts, problems, nothing: paths.length === 0 && problems.length === 0 };
}

/** `{a,b{c,d}}x` -> `ax`, `bcx`, `bdx`, as csh does. */
export function expandBraces(pattern: string): string[] {
  const open = pattern.indexOf('{');
  if (open < 0) return [pattern];
  let depth = 0;
  let start = open + 1;
  const parts: string[] = [];
  for (let at = open; at < pattern.length; at++) {
    const char = pattern.charAt(at);
    if (char === '{') depth++;
    if (char === ',' && depth === 1) {
      parts.push(pattern.slice(start, at));
      start = at + 1;
    }
    if (char === '}' && --depth === 0) {
      parts.push(pattern.slice(start, at));
      const before = pattern.slice(0, open);
      const after = pattern.slice(at + 1);
      return parts.flatMap(part => expandBraces(before + part + after));
    }
  }
  return [pattern];
}
