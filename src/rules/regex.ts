/** Regular expressions as arguments of rules. */
import { compileRegex as compile, isRegexMistake, type CompiledRegex } from '../acl/regex/regex.ts';
import type { RuleLine } from './rule-line.ts';

export function compileRegex(pattern: string, line: RuleLine): CompiledRegex | undefined {
  const regex = compile(pattern);
  return isRegexMistake(regex) ? line.error(regex.error) : regex;
}
