/** The name that `sni` comes to where it is written down: connections for which there is no request can send it, too. */
import { parseExpression } from '../expression.ts';

/** Undefined: the expression is more than `str(<name>)`. */
export function constantName(expression: string): string | undefined {
  const parsed = parseExpression(expression);
  if ('error' in parsed || parsed.fetch.name !== 'str' || parsed.converters.length > 0) return undefined;
  const [name, ...more] = parsed.fetch.args ?? [];
  return name === undefined || name.text === '' || more.length > 0 ? undefined : name.text;
}
