/** The argument of `-cc`: quotes and variables as on a line of a configuration, then an expression as that of `.if`. */
import { evaluateConditional } from './conditional.ts';
import type { Lookup } from './environment.ts';
import { parsed, refused } from './parsed.ts';
import type { Parsed } from './parsed.ts';
import { readWords } from './words.ts';

export function evaluateArgument(text: string, lookup: Lookup): Parsed<boolean> {
  const { words, fault } = readWords({ file: '', line: 1, text }, lookup);
  if (fault !== undefined) return refused(`Syntax Error in condition: ${fault.message.split(/:?\n/, 1)[0]}`);
  const expression = words.map(word => word.text).join(' ');
  const { value, error } = evaluateConditional(expression, lookup);
  return error === undefined ? parsed(value) : refused(`Failed to evaluate condition: ${error}`);
}
