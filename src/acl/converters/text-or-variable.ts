/** Arguments that are a variable's name, or the text itself. */
import { castSample } from '../cast.ts';
import type { SampleContext } from '../context.ts';
import { readVariable } from '../fetches/variables.ts';
import type { CompileScope } from '../row.ts';

export type TextOf = (ctx: SampleContext) => string | undefined;

export function textOrVariable(text: string, scope: CompileScope): TextOf & { readonly fixed?: string } {
  const name = scope.env.variables.resolve(text);
  if (typeof name === 'string') return Object.assign(() => text, { fixed: text });
  const read = readVariable(name);
  return ctx => {
    const value = read(ctx);
    return value === undefined ? undefined : (castSample(value, 'str') as string | undefined);
  };
}
