/**
 * Server options on lines that are not of proxies: `nameserver`, and `server` of rings (manual, sections 5.3.2 and 12.6):
 * those without an effect there are told of.
 */
import type { Word } from '../../model/word.ts';
import type { LineContext } from '../line-context.ts';

export function warnOfOption(option: Word, label: string, context: LineContext): void {
  context.warn(option, `${label} : '${option.text}' has no effect here, it is ignored.`);
}
