/** Variables as samples (manual, section 2.8 and fetch `var`). */
import { castSample } from '../cast.ts';
import type { SampleContext } from '../context.ts';
import type { FetchRow } from '../row.ts';
import { Binary, Method, type Sample } from '../sample.ts';
import type { VariableName, VariableScope, VariableStore } from '../variables.ts';

export function storeOf(ctx: SampleContext, scope: VariableScope): VariableStore | undefined {
  switch (scope) {
    case 'proc':
      return ctx.processVariables;
    case 'sess':
      return ctx.sessionVariables;
    case 'txn':
      return ctx.transactionVariables;
    case 'req':
      return ctx.requestVariables;
    case 'res':
      return ctx.responseVariables;
    case 'check':
      return ctx.checkVariables;
    case 'parent':
      return undefined;
  }
}

/** Reads a variable; undefined when it, or its scope, does not exist here. */
export function readVariable({ scope, slot }: VariableName): (ctx: SampleContext) => Sample | undefined {
  if (scope === 'txn') return ctx => ctx.transactionVariables?.get(slot);
  if (scope === 'req') return ctx => ctx.requestVariables?.get(slot);
  return ctx => storeOf(ctx, scope)?.get(slot);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\r': '\\r',
  '\n': '\\n',
  '\b': '\\b',
  '\0': '\\0',
};

function quote(text: string): string {
  return `"${text.replace(/["\\\r\n\x08\0]/g, char => ESCAPES[char] as string)}"`;
}

/** A value among others, so that its type can be told. */
function renderForDump(value: Sample): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Method) return quote(value.name);
  if (value instanceof Binary) return `x${Buffer.from(value.bytes, 'latin1').toString('hex')}`;
  return (castSample(value, 'str') as string | undefined) ?? '';
}

const ALL_SCOPES: readonly VariableScope[] = ['sess', 'txn', 'req', 'res', 'proc'];

export const VARIABLE_FETCHES: readonly FetchRow[] = [
  {
    name: 'var',
    args: ['var-name:variable', 'default:str?'],
    out: 'any',
    sources: ['constant'],
    summary: 'value of a variable, or the default',
    compile: args => {
      const name = args[0]?.variable;
      if (name === undefined) return { error: 'missing variable name' };
      const read = readVariable(name);
      const fallback = args[1]?.text;
      return fallback === undefined ? read : ctx => read(ctx) ?? fallback;
    },
  },
  {
    name: 'dump_all_vars',
    args: ['scope:str?', 'prefix:str?', 'delimiter:str?'],
    out: 'str',
    sources: ['constant'],
    summary: 'names and values of the variables of a scope',
    compile: (args, scope) => {
      const wanted = args[0]?.text ?? '';
      const scopes = ALL_SCOPES.filter(name => wanted === '' || name === wanted);
      if (scopes.length === 0) return { error: `unknown scope '${wanted}'` };
      const prefix = args[1]?.text ?? '';
      const delimiter = args[2]?.text ?? ', ';
      const names = scope.env.variables;
      return ctx =>
        scopes
          .flatMap(name => [...(storeOf(ctx, name)?.entries() ?? [])])
          .map(([slot, value]) => ({ name: names.nameOf(slot), value }))
          .filter(({ name }) => name?.name.startsWith(prefix))
          .map(({ name, value }) => `${name?.scope}.${name?.name}=${renderForDump(value)}`)
          .join(delimiter);
    },
  },
];
