/** Samples and converters that scripts have registered, as rows: `lua.<name>`, with up to twelve texts. */
import type { ArgumentSpec } from './arguments.ts';
import type { Arguments } from './arguments.ts';
import type { CompileEnvironment } from './environment.ts';
import type { ConverterRow, FetchRow } from './row.ts';

const PREFIX = 'lua.';
const MOST_ARGUMENTS = 12;
const ARGUMENTS: readonly ArgumentSpec[] = Array.from(
  { length: MOST_ARGUMENTS },
  (_, index): ArgumentSpec => `arg${index + 1}:str?`,
);

function textsOf(args: Arguments): string[] {
  return args.flatMap(arg => (arg === undefined ? [] : [arg.text]));
}

export function scriptFetchRow(name: string, { scripts }: CompileEnvironment): FetchRow | undefined {
  const make = name.startsWith(PREFIX) ? scripts?.fetch(name.slice(PREFIX.length)) : undefined;
  if (make === undefined) return undefined;
  return {
    name,
    args: ARGUMENTS,
    out: 'str',
    sources: ['internal state'],
    summary: 'sample of a script',
    compile: (args, scope) => make(textsOf(args), scope),
  };
}

export function scriptConverterRow(name: string, { scripts }: CompileEnvironment): ConverterRow | undefined {
  const make = name.startsWith(PREFIX) ? scripts?.converter(name.slice(PREFIX.length)) : undefined;
  if (make === undefined) return undefined;
  return {
    name,
    args: ARGUMENTS,
    in: 'str',
    out: 'str',
    summary: 'converter of a script',
    impure: true,
    compile: (args, scope) => {
      const convert = make(textsOf(args), scope);
      return (value: never, ctx) => convert(value, ctx);
    },
  };
}
