/** Converters that read or change what surrounds them: variables, captures, names of sections, conditions. */
import type { Arguments, Mistake } from '../arguments.ts';
import { castSample, bareValue } from '../cast.ts';
import type { SampleContext } from '../context.ts';
import { readVariable, storeOf } from '../fetches/variables.ts';
import type { CompileScope, Convert, ConverterRow } from '../row.ts';
import type { Sample, SampleType } from '../sample.ts';
import { parseStoreConditions, storeVariable } from '../store-conditions.ts';

function compileSetVariable(args: Arguments): Convert | Mistake {
  const name = args[0]?.variable;
  if (name === undefined) return { error: 'missing variable name' };
  const words = args.slice(1).flatMap(argument => (argument === undefined ? [] : [argument.text]));
  const conditions = parseStoreConditions(words);
  if (!Array.isArray(conditions)) return conditions;
  return (value: Sample, ctx) => (storeVariable(ctx, name, value, conditions) ? value : undefined);
}

function textOfVariable(args: Arguments, index: number, scope: CompileScope) {
  const text = args[index]?.text ?? '';
  if (text === '') return () => '';
  const name = scope.env.variables.resolve(text);
  if (typeof name === 'string') return { error: `failed to register variable name '${text}'` };
  const read = readVariable(name);
  return (ctx: SampleContext): string => {
    const value = read(ctx);
    return value === undefined ? '' : ((castSample(value, 'str') as string | undefined) ?? '');
  };
}

function compileConcat(args: Arguments, scope: CompileScope): Convert | Mistake {
  const start = args[0]?.text ?? '';
  const end = args[2]?.text ?? '';
  const middle = textOfVariable(args, 1, scope);
  if (typeof middle !== 'function') return middle;
  return (text: string, ctx) => text + start + middle(ctx) + end;
}

function compileAddItem(args: Arguments, scope: CompileScope): Convert | Mistake {
  const delimiter = args[0]?.text ?? '';
  const suffix = args[2]?.text ?? '';
  const item = textOfVariable(args, 1, scope);
  if (typeof item !== 'function') return item;
  return (text: string, ctx) => {
    const added = item(ctx) + suffix;
    return text !== '' && added !== '' ? text + delimiter + added : text + added;
  };
}

function capture(side: 'requestCaptures' | 'responseCaptures', name: string): ConverterRow {
  return {
    name,
    args: ['id:int'],
    in: 'str',
    out: 'str',
    summary: `stored into a capture slot of the ${side === 'requestCaptures' ? 'request' : 'response'}`,
    impure: true,
    compile: args => {
      const slot = Number(args[0]?.int ?? 0);
      return (text: string, ctx) => {
        const captures = ctx[side];
        if (slot < 0 || slot >= captures.length) return undefined;
        captures[slot] = text;
        return text;
      };
    },
  };
}

/** `[<backend>/]<server>` of the current thread's directory. */
function findServer(text: string, scope: CompileScope, ctx: SampleContext): [number, number] | undefined {
  const slash = text.indexOf('/');
  const { directory } = scope.env;
  const backend =
    slash < 0
      ? directory.backend(ctx.backend?.name ?? scope.env.proxy?.name ?? '')
      : directory.backend(text.slice(0, slash));
  if (backend === undefined) return undefined;
  const server = directory.server(backend, text.slice(slash + 1));
  return server === undefined ? undefined : [backend.id, server];
}

type Condition = (ctx: SampleContext) => boolean;

const WHEN: Readonly<Record<string, Condition>> = {
  stopping: ctx => ctx.process.stopping,
  error: hadError,
  normal: ctx => !hadError(ctx),
  forwarded: isForwarded,
  toapplet: wentToApplet,
  processed: ctx => isForwarded(ctx) || wentToApplet(ctx),
};

function isForwarded({ server }: SampleContext): boolean {
  return server !== undefined;
}

/** Statistics, metrics, a cache and services of scripts answer in place of a server. */
function wentToApplet({ transaction }: SampleContext): boolean {
  return transaction?.servedBy !== undefined;
}

function hadError({ transaction }: SampleContext): boolean {
  if (transaction === undefined) return false;
  const end = transaction.terminationState.charAt(0);
  return (
    transaction.redispatched ||
    !'-L'.includes(end) ||
    (end === '-' && transaction.retries > 0) ||
    transaction.status >= 500
  );
}

function compileWhen(args: Arguments, scope: CompileScope): Convert | Mistake {
  const text = args[0]?.text ?? '';
  const negated = text.startsWith('!');
  const word = negated ? text.slice(1) : text;
  let condition = WHEN[word];
  if (word === 'acl') {
    const name = args[1]?.text ?? '';
    if (name === '') return { error: "'acl' selector requires an extra argument with the ACL name" };
    const acl = scope.env.acls.find(name, scope.env, scope.phases);
    if (acl === undefined || acl === 'broken') return { error: `ACL '${name}' not found` };
    condition = acl.test;
  }
  if (condition === undefined)
    return {
      error: `expects a supported keyword among {${Object.keys(WHEN).join(',')},acl} but got '${word}'`,
    };
  const holds = condition;
  return (value: Sample, ctx) => (holds(ctx) !== negated ? value : undefined);
}

function compareWithVariable(args: Arguments): Convert | Mistake {
  const name = args[0]?.variable;
  if (name === undefined) return { error: 'missing variable name' };
  const read = readVariable(name);
  return (text: string, ctx) => {
    const value = read(ctx);
    const other = value === undefined ? undefined : castSample(value, 'str');
    return typeof other === 'string' ? compareText(text, other) : undefined;
  };
}

/** Difference of the first bytes that differ, or the sign of the difference in length. */
function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const difference = a.charCodeAt(index) - b.charCodeAt(index);
    if (difference !== 0) return difference;
  }
  return Math.sign(a.length - b.length);
}

const CONDITION_ARGS = ['cond:str?', 'cond:str?', 'cond:str?', 'cond:str?'] as const;

/** `same` rows keep the type of what they are given. */
export const keep = (convert: Convert, type: SampleType): { convert: Convert; out: SampleType } => ({
  convert: type === 'any' ? convert : unwrapped(convert),
  out: type,
});

/** The value reached the converter self-describing; behind it the static type goes on. */
function unwrapped(convert: Convert): Convert {
  const apply = convert as (value: Sample, ctx: SampleContext) => Sample | undefined;
  return (value: Sample, ctx: SampleContext) => {
    const result = apply(value, ctx);
    return result === undefined ? undefined : bareValue(result);
  };
}

export const STATE_CONVERTERS: readonly ConverterRow[] = [
  {
    name: 'set-var',
    args: ['var:variable', ...CONDITION_ARGS],
    in: 'any',
    out: 'same',
    summary: 'stored into a variable',
    impure: true,
    compile: (args, _scope, type) => {
      const convert = compileSetVariable(args);
      return 'error' in convert ? convert : keep(convert, type);
    },
  },
  {
    name: 'unset-var',
    args: ['var:variable'],
    in: 'any',
    out: 'same',
    summary: 'drops a variable',
    impure: true,
    compile: (args, _scope, type) => {
      const name = args[0]?.variable;
      if (name === undefined) return { error: 'missing variable name' };
      return keep((value: Sample, ctx) => {
        storeOf(ctx, name.scope)?.unset(name.slot);
        return value;
      }, type);
    },
  },
  {
    name: 'when',
    args: ['condition:str', 'arg:str?', 'arg:str?'],
    in: 'any',
    out: 'any',
    summary: 'lets the sample pass only under a condition',
    impure: true,
    compile: (args, scope, type) => {
      const convert = compileWhen(args, scope);
      return 'error' in convert ? convert : keep(convert, type);
    },
  },
  {
    name: 'concat',
    args: ['start:str', 'var:str?', 'end:str?'],
    in: 'str',
    out: 'str',
    summary: 'followed by text, a variable and text',
    impure: true,
    compile: compileConcat,
  },
  {
    name: 'add_item',
    args: ['delim:str', 'var:str?', 'suff:str?'],
    in: 'str',
    out: 'str',
    summary: 'followed by a variable and a suffix, a delimiter between',
    impure: true,
    compile: (args, scope) =>
      (args[1]?.text ?? '') === '' && (args[2]?.text ?? '') === ''
        ? { error: 'expects at least one of variable name and suffix' }
        : compileAddItem(args, scope),
  },
  {
    name: 'strcmp',
    args: ['var:variable'],
    in: 'str',
    out: 'int',
    summary: 'compared with a variable: negative, zero or positive',
    impure: true,
    compile: compareWithVariable,
  },
  capture('requestCaptures', 'capture-req'),
  capture('responseCaptures', 'capture-res'),
  {
    name: 'nbsrv',
    in: 'str',
    out: 'int',
    summary: 'usable servers of the backend of that name',
    impure: true,
    compile: (_args, scope) => (text: string, ctx) => {
      const backend = scope.env.directory.backend(text);
      return backend === undefined ? undefined : ctx.servers.usable(backend.id);
    },
  },
  {
    name: 'srv_is_up',
    in: 'str',
    out: 'bool',
    summary: 'the server of that name is neither down nor in maintenance',
    impure: true,
    compile: (_args, scope) => (text: string, ctx) => {
      const found = findServer(text, scope, ctx);
      return found === undefined ? undefined : ctx.servers.isUp(found[0], found[1]);
    },
  },
  {
    name: 'srv_queue',
    in: 'str',
    out: 'int',
    summary: 'requests queued on the server of that name',
    impure: true,
    compile: (_args, scope) => (text: string, ctx) => {
      const found = findServer(text, scope, ctx);
      return found === undefined ? undefined : ctx.servers.queue(found[0], found[1]);
    },
  },
  {
    name: 'fe_exists',
    in: 'str',
    out: 'bool',
    summary: 'a frontend of that name exists',
    impure: true,
    compile: (_args, scope) => (text: string) => scope.env.directory.frontend(text) !== undefined,
  },
];
