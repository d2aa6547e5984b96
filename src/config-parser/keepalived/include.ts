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
  /** What had to be there and is not. */
  readonly problems: readonly string[];
  /** What is passed over, and did not have to be there. */
  readonly remarks: readonly string[];
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
  const problems = [...missing(source, pattern, directory, check)];
  const remarks: string[] = [];
  const paths = source.glob(pattern, directory);
  const texts: { path: string; text: string }[] = [];
  for (const path of paths) {
    const trouble = source.includeTrouble?.(path);
    const text = trouble === undefined ? source.read(path) : undefined;
    if (text !== undefined) texts.push({ path, text });
    else (check.readable ? problems : remarks).push(`include file '${path}' ${trouble ?? 'cannot be read'}`);
  }
  if (paths.length === 0 && problems.length === 0) remarks.push(`no file to include: '${pattern}'`);
  return { texts, problems, remarks };
}

const WILDCARD = /[*?[]/;

function* missing(
  source: ConfigSource,
  pattern: string,
  directory: string,
  check: IncludeCheck,
): Iterable<string> {
  const isThere = (path: string): boolean => source.glob(path, directory).length > 0;
  const mayBeNone = WILDCARD.test(pattern) && isThere(folderOf(pattern));
  if ((check.wildcard || (check.match && !mayBeNone)) && !isThere(pattern))
    yield `include file '${pattern}' not found`;
  if (!check.brace) return;
  for (const alternative of expandBraces(pattern)) {
    if (alternative !== pattern && !WILDCARD.test(alternative) && !isThere(alternative))
      yield `include file '${alternative}' not found`;
  }
}

/** The folder in which a pattern's first wildcard is looked for. */
function folderOf(pattern: string): string {
  const before = pattern.slice(0, pattern.search(WILDCARD));
  return before.slice(0, before.lastIndexOf('/') + 1) || '.';
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
