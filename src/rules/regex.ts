/** Regular expressions as arguments of rules. */
import {
  compileRegex as compile,
  isRegexMistake,
  limitWarning,
  type CompiledRegex,
} from '../acl/regex/regex.ts';
import type { RuleLine } from './rule-line.ts';

export function compileRegex(pattern: string, line: RuleLine): CompiledRegex | undefined {
  const regex = compile(pattern);
  if (isRegexMistake(regex)) return line.error(regex.error);
  const warning = limitWarning(regex);
  if (warning !== undefined) line.warn(warning);
  return regex;
}
