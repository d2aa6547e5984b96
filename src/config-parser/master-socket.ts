/** `-S <bind>[,<option>...]`: the master's admin socket, as a `stats socket` line with commas for blanks (management guide, 9.4). */
import type { Bind } from '../model/bind.ts';
import { Environment } from './environment.ts';
import { readBindLine } from './haproxy/bind-line.ts';
import { parsed, refused, type Parsed } from './parsed.ts';
import { ParserContext } from './parser-context.ts';

const OPTION = { file: '-S', line: 0, column: 0 };

/** One list of addresses gives one socket each. */
export function parseMasterSocket(
  text: string,
  variables: Readonly<Record<string, string | undefined>>,
): Parsed<readonly Bind[]> {
  const context = new ParserContext(new Environment(variables), path => ({ error: `cannot read ${path}` }));
  const words = text.split(',').map(word => ({ text: word, position: OPTION }));
  const binds = readBindLine(words, { keyword: '-S', port: 'optional' }, context);
  const wrong = context.diagnostics.find(({ severity }) => severity === 'alert');
  if (wrong !== undefined) return refused(wrong.message);
  return binds.length === 0 ? refused(`'${text}' is no address`) : parsed(binds);
}
