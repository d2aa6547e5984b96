/**
 * Sample expressions, text -> closures: finds the rows, checks types and phases, resolves arguments, folds
 * what is constant. Called for every `%[...]`, ACL criterion and rule argument.
 */
import type { Call, ExpressionAst, ExpressionError } from '../config-parser/expression.ts';
import { parseExpression } from '../config-parser/expression.ts';
import { didYouMean } from '../config-parser/nearest.ts';
import type { Position } from '../model/diagnostic.ts';
import { isMistake, parseArguments } from './arguments.ts';
import type { Mistake } from './arguments.ts';
import { castBetween, isFreeCast } from './cast.ts';
import type { CompiledExpression } from './compiled.ts';
import type { SampleContext } from './context.ts';
import { converterRow, converterNames, fetchNames, fetchRow } from './catalog.ts';
import type { CompileEnvironment } from './environment.ts';
import { isResponsePhase, phasesOf, firstPhase } from './phase.ts';
import type { Source } from './phase.ts';
import type { CompileScope, ConverterRow, Convert, Each, FetchRow, Fetched, Getter } from './row.ts';
import type { SampleType, Value } from './sample.ts';
import { scriptConverterRow, scriptFetchRow } from './script-rows.ts';

/** A chain before its output is bound to a type: ACLs and log formats bind it themselves. */
export interface Chain {
  readonly text: string;
  readonly fetch: FetchRow;
  /** Any converter in it. */
  readonly converted: boolean;
  readonly type: SampleType;
  readonly get: Getter;
  readonly each: Each | undefined;
  readonly constant: boolean;
  readonly phases: number;
  readonly needsHttp: boolean;
  readonly incremental: boolean;
  /** It looks at the head of a message only and changes nothing: it may be asked early, or not at all. */
  readonly pure: boolean;
}

const HEAD_SOURCES: ReadonlySet<Source> = new Set(['HTTP request headers', 'HTTP response headers']);

const HTTP_SOURCES: ReadonlySet<Source> = new Set([
  'HTTP request headers',
  'HTTP request',
  'HTTP request body',
  'HTTP response headers',
  'HTTP response',
  'HTTP response body',
]);

export function compileExpression(
  text: string,
  at: Position,
  phases: number,
  env: CompileEnvironment,
): CompiledExpression | undefined {
  const chain = compileChain(text, phases, env, at);
  if (isMistake(chain)) {
    report(env, at, chain);
    return undefined;
  }
  const wrongPlace = checkPhase(chain, phases);
  if (wrongPlace !== undefined) {
    report(env, at, { error: wrongPlace });
    return undefined;
  }
  return bindChain(chain);
}

function report(env: CompileEnvironment, position: Position, mistake: MistakeWithHint): void {
  env.report({
    severity: 'alert',
    position,
    message: mistake.error,
    ...(mistake.hint === undefined ? {} : { hint: mistake.hint }),
  });
}

export interface MistakeWithHint extends Mistake {
  readonly hint?: string;
}

/** What is wrong with using it in these phases; undefined: legal in at least one, as where a section is both sides. */
export function checkPhase(chain: Chain, phases: number): string | undefined {
  if (phases === 0 || (phases & chain.phases) !== 0) return undefined;
  const place = firstPhase(phases) ?? 'unknown place';
  return (
    `sample fetch <${chain.text}> may not be reliably used in a ${place} ` +
    `because it needs '${chain.fetch.sources.join(',')}' which is not available here`
  );
}

export function compileChain(
  text: string,
  phases: number,
  env: CompileEnvironment,
  at: Position,
): Chain | MistakeWithHint {
  const ast = parseExpression(text);
  if (isExpressionError(ast)) return ast;
  return compileAst(ast, text, { env, phases, isResponse: isResponsePhase(phases), at });
}

function isExpressionError(ast: ExpressionAst | ExpressionError): ast is ExpressionError {
  return 'error' in ast;
}

function compileAst(ast: ExpressionAst, text: string, scope: CompileScope): Chain | MistakeWithHint {
  const start = compileFetch(ast.fetch, text, scope);
  if (isMistake(start)) return start;
  let chain: Chain = start;
  for (const call of ast.converters) {
    const next = appendConverter(chain, call, scope);
    if (isMistake(next)) return next;
    chain = next;
  }
  return foldChain(chain);
}

/** Of one call alone, as scripts make them. */
export function compileFetch(call: Call, text: string, scope: CompileScope): Chain | MistakeWithHint {
  const row = fetchRow(call.name) ?? scriptFetchRow(call.name, scope.env);
  if (row === undefined)
    return { error: `unknown fetch method '${call.name}'`, ...hintFor(call.name, fetchNames()) };
  const args = parseArguments(call, row.args ?? [], scope.env);
  if (isMistake(args)) return { error: `fetch method '${call.name}' : ${args.error}` };
  const fetched = row.compile(args, scope);
  if (isMistake(fetched)) return { error: `invalid args in fetch method '${call.name}' : ${fetched.error}` };
  const full: Fetched = typeof fetched === 'function' ? { get: fetched } : fetched;
  return {
    text,
    fetch: row,
    converted: false,
    type: full.type ?? row.out,
    get: full.get,
    each: full.each,
    constant: full.constant === true,
    phases: phasesOf(row.sources),
    needsHttp: row.sources.some(source => HTTP_SOURCES.has(source)),
    incremental: row.incremental === true,
    pure: row.incremental !== true && row.sources.every(source => HEAD_SOURCES.has(source)),
  };
}

function hintFor(name: string, names: Iterable<string>): { hint?: string } {
  const hint = didYouMean(name, names);
  return hint === undefined ? {} : { hint };
}

export function appendConverter(chain: Chain, call: Call, scope: CompileScope): Chain | MistakeWithHint {
  const row = converterRow(call.name) ?? scriptConverterRow(call.name, scope.env);
  if (row === undefined)
    return { error: `unknown converter '${call.name}'`, ...hintFor(call.name, converterNames()) };
  const cast = castBetween(chain.type, row.in);
  if (cast === undefined) return { error: `converter '${call.name}' cannot be applied` };
  const args = parseArguments(call, row.args ?? [], scope.env);
  if (isMistake(args)) return { error: `invalid args in converter '${call.name}' : ${args.error}` };
  const compiled = row.compile(args, scope, chain.type);
  if (isMistake(compiled)) return { error: `invalid args in converter '${call.name}' : ${compiled.error}` };
  const convert = typeof compiled === 'function' ? compiled : compiled.convert;
  const identity = isFreeCast(chain.type, row.in) && chain.type !== 'bool' && chain.type !== 'int';
  return {
    ...chain,
    converted: true,
    type: typeof compiled === 'function' ? outputType(chain.type, row) : compiled.out,
    get:
      chain.type === row.in || (identity && row.in !== 'any')
        ? pipe(chain.get, convert)
        : pipeCast(chain.get, cast, convert),
    each: chain.each && pipeEach(chain.each, cast, convert),
    constant: chain.constant && row.impure !== true,
    pure: chain.pure && row.impure !== true,
  };
}

function outputType(input: SampleType, row: ConverterRow): SampleType {
  if (row.out !== 'same') return row.out;
  return isFreeCast(input, row.in) && row.in !== 'any' && input !== 'any'
    ? row.in
    : row.in === 'any'
      ? 'any'
      : row.in;
}

function pipe(get: Getter, convert: Convert): Getter {
  const apply = convert as (value: Value, ctx: SampleContext) => Value | undefined;
  return ctx => {
    const value = get(ctx);
    return value === undefined ? undefined : apply(value, ctx);
  };
}

function pipeCast(get: Getter, cast: (value: Value) => Value | undefined, convert: Convert): Getter {
  const apply = convert as (value: Value, ctx: SampleContext) => Value | undefined;
  return ctx => {
    const value = get(ctx);
    if (value === undefined) return undefined;
    const converted = cast(value);
    return converted === undefined ? undefined : apply(converted, ctx);
  };
}

function pipeEach(each: Each, cast: (value: Value) => Value | undefined, convert: Convert): Each {
  const apply = convert as (value: Value, ctx: SampleContext) => Value | undefined;
  return (ctx, visit) =>
    each(ctx, value => {
      const input = cast(value);
      const output = input === undefined ? undefined : apply(input, ctx);
      return output !== undefined && visit(output);
    });
}

/** A constant chain is computed once, at load. */
function foldChain(chain: Chain): Chain {
  if (!chain.constant || !chain.converted) return chain;
  const value = chain.get(undefined as unknown as SampleContext);
  return { ...chain, get: () => value };
}

export function bindChain(chain: Chain): CompiledExpression {
  return {
    text: chain.text,
    type: chain.type,
    phases: chain.phases,
    needsHttp: chain.needsHttp,
    constant: chain.constant,
    sample: bindAs(chain, 'any'),
    bool: bindAs(chain, 'bool') as CompiledExpression['bool'],
    int: bindAs(chain, 'int') as CompiledExpression['int'],
    ip: bindAs(chain, 'addr') as CompiledExpression['ip'],
    string: bindAs(chain, 'str') as CompiledExpression['string'],
    binary: bindAs(chain, 'bin') as CompiledExpression['binary'],
  };
}

/** The chain's value as one type; a getter of absent values when there is no cast. */
export function bindAs(chain: Pick<Chain, 'type' | 'get'>, to: SampleType): Getter {
  const { get, type } = chain;
  if (type === to) return get;
  // only when it is there an address is known to be of IPv4, and to have a number
  const cast = castBetween(type === 'addr' && to === 'int' ? 'any' : type, to);
  if (cast === undefined) return () => undefined;
  return ctx => {
    const value = get(ctx);
    return value === undefined ? undefined : cast(value);
  };
}
