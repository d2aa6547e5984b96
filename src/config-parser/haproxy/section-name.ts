/** The name behind a section keyword. */
import type { Word } from '../../model/word.ts';
import type { ParserContext } from '../parser-context.ts';

/** HAProxy's names: letters, digits, `_`, `-`, `:` and `.`. */
export function findBadNameCharacter(name: string): string | undefined {
  return /[^A-Za-z0-9_:.-]/.exec(name)?.[0];
}

/** Sections behind whose name HAProxy looks at nothing. */
const IGNORE_MORE: ReadonlySet<string> = new Set([
  'resolvers',
  'mailers',
  'ring',
  'http-errors',
  'healthcheck',
]);

/** Undefined after an error: missing, bad characters, or words behind it. */
export function readSectionName(words: readonly Word[], context: ParserContext): string | undefined {
  const [keyword, name, extra] = words as [Word, Word?, Word?];
  if (name === undefined) {
    context.alert(keyword, `'${keyword.text}' expects a name as argument.`);
    return undefined;
  }
  const bad = findBadNameCharacter(name.text);
  if (bad !== undefined)
    context.alert(name, `character '${bad}' is not permitted in '${keyword.text}' name '${name.text}'.`);
  if (extra !== undefined && IGNORE_MORE.has(keyword.text))
    context.warn(extra, `'${keyword.text}' : unexpected argument '${extra.text}' is ignored.`);
  else if (extra !== undefined)
    context.alert(extra, `'${keyword.text}' cannot handle unexpected argument '${extra.text}'.`);
  return name.text;
}

/** For sections without a name. */
export function refuseSectionName(words: readonly Word[], context: ParserContext): void {
  const [keyword, extra] = words as [Word, Word?];
  if (extra !== undefined)
    context.alert(extra, `'${keyword.text}' cannot handle unexpected argument '${extra.text}'.`);
}
