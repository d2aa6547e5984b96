/** regsub: search and replace within a string (manual, section 7.3.1). */
import { compileRegex, expandReplacement, isRegexMistake } from '../regex/regex.ts';
import type { CompiledRegex } from '../regex/regex.ts';
import type { ConverterRow } from '../row.ts';

/** Replaces the first match, or all; an empty match stands in front of the next character. */
function substitute(regex: CompiledRegex, subject: string, replacement: string, all: boolean): string {
  let output = '';
  let rest = subject;
  for (let round = 0; ; round++) {
    const found = round === 0 || all ? regex.match(rest, round > 0) : undefined;
    if (found === undefined) break;
    const expanded = expandReplacement(replacement, found.groups);
    if (expanded === undefined) break;
    output += rest.slice(0, found.start) + expanded;
    if (rest === '') return output;
    let end = found.end;
    if (end === 0) {
      output += rest.charAt(0);
      end = 1;
    }
    rest = rest.slice(end);
  }
  return output + rest;
}

export const REGEX_CONVERTERS: readonly ConverterRow[] = [
  {
    name: 'regsub',
    args: ['regex:str', 'subst:str', 'flags:str?'],
    in: 'str',
    out: 'str',
    summary: 'matches of a regular expression replaced; flags: i ignores case, g replaces all',
    compile: args => {
      const flags = args[2]?.text ?? '';
      const wrong = /[^ig]/.exec(flags);
      if (wrong !== null)
        return { error: `invalid regex flag '${wrong[0]}', only 'i' and 'g' are supported` };
      const regex = compileRegex(args[0]?.text ?? '', flags.includes('i'));
      if (isRegexMistake(regex)) return { error: regex.error };
      const replacement = args[1]?.text ?? '';
      const all = flags.includes('g');
      return (text: string) => substitute(regex, text, replacement, all);
    },
  },
];
