/**
 * Sample fetches and converters as scripts call them, `txn.f:req_hdr('host')`: compiled at the first call with those
 * arguments from that place, kept for the next.
 */
import { compileFetch, appendConverter, bindAs, type Chain } from '../acl/expression.ts';
import { isMistake } from '../acl/arguments.ts';
import { converterNames, fetchNames } from '../acl/catalog.ts';
import type { SampleContext } from '../acl/context.ts';
import type { CompileEnvironment } from '../acl/environment.ts';
import type { FetchRow } from '../acl/row.ts';
import { Binary, Method, type Sample } from '../acl/sample.ts';
import { isResponsePhase } from '../acl/phase.ts';
import { IpAddress } from '../base/ip-address.ts';
import type { LuaValue } from './machine/stack.ts';
import { ScriptError } from './machine/script-errors.ts';

interface Place {
  readonly env: CompileEnvironment;
  readonly phases: number;
}

type Read = (ctx: SampleContext) => Sample | undefined;
type Convert = (value: LuaValue, ctx: SampleContext) => Sample | undefined;

/** Names as scripts write them: what no name of Lua may hold is an underscore. */
function scriptNames(names: Iterable<string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of names) found.set(name.replaceAll(/[.+-]/g, '_'), name);
  return found;
}

const FETCHES = scriptNames(fetchNames());
const CONVERTERS = scriptNames(converterNames());

/** What a place may ask for with changing words is not kept for ever. */
const MOST_KEPT = 1000;

class Kept<T> {
  readonly #byPlace = new WeakMap<CompileEnvironment, Map<string, T>>();

  get(env: CompileEnvironment, key: string, make: () => T): T {
    let some = this.#byPlace.get(env);
    if (some === undefined) this.#byPlace.set(env, (some = new Map()));
    let one = some.get(key);
    if (one === undefined) {
      one = make();
      if (some.size >= MOST_KEPT) some.clear();
      some.set(key, one);
    }
    return one;
  }
}

const INPUT: FetchRow = {
  name: 'input',
  out: 'str',
  sources: ['constant'],
  summary: 'what a script hands over',
  compile: () => () => undefined,
};

const TYPES: Readonly<Record<string, 'str' | 'int' | 'bool'>> = {
  string: 'str',
  number: 'int',
  bigint: 'int',
  boolean: 'bool',
};

export class ScriptSampleCalls {
  readonly #reads = new Kept<Read>();
  readonly #converts = new Kept<Convert>();
  /** What the converter that runs is given. */
  #input: Sample | undefined;

  knowsFetch(name: string): boolean {
    return FETCHES.has(name);
  }

  knowsConverter(name: string): boolean {
    return CONVERTERS.has(name);
  }

  fetch(place: Place, ctx: SampleContext, name: string, args: readonly string[]): Sample | undefined {
    const key = `${place.phases} ${name}(${args.join('\0')}`;
    return this.#reads.get(place.env, key, () => compileRead(place, FETCHES.get(name) ?? name, args))(ctx);
  }

  convert(
    place: Place,
    ctx: SampleContext,
    name: string,
    value: LuaValue,
    args: readonly string[],
  ): Sample | undefined {
    const type = TYPES[typeof value];
    if (type === undefined) return undefined;
    const key = `${place.phases} ${type} ${name}(${args.join('\0')}`;
    const make = (): Convert => this.#compileConvert(place, type, CONVERTERS.get(name) ?? name, args);
    return this.#converts.get(place.env, key, make)(value, ctx);
  }

  #compileConvert(
    { env, phases }: Place,
    type: 'str' | 'int' | 'bool',
    name: string,
    args: readonly string[],
  ): Convert {
    const start: Chain = {
      text: name,
      fetch: INPUT,
      converted: false,
      type,
      get: () => this.#input,
      each: undefined,
      constant: false,
      phases: -1,
      needsHttp: false,
      incremental: false,
      pure: false,
    };
    const chain = appendConverter(start, callOf(name, args), {
      env,
      phases,
      isResponse: isResponsePhase(phases),
    });
    if (isMistake(chain)) throw new ScriptError(chain.error);
    const get = bindAs(chain, 'any');
    return (value, ctx) => {
      this.#input = sampleOfValue(value);
      return get(ctx);
    };
  }
}

function callOf(name: string, args: readonly string[]): Parameters<typeof compileFetch>[0] {
  return { name, offset: 0, args: args.length === 0 ? null : args.map(text => ({ text, offset: 0 })) };
}

function compileRead({ env, phases }: Place, name: string, args: readonly string[]): Read {
  const chain = compileFetch(callOf(name, args), name, { env, phases, isResponse: isResponsePhase(phases) });
  if (isMistake(chain)) throw new ScriptError(chain.error);
  return bindAs(chain, 'any');
}

/** As scripts see a sample. */
export function valueOfSample(sample: Sample | undefined, boolsAreIntegers: boolean): LuaValue {
  if (typeof sample === 'boolean' && boolsAreIntegers) return sample ? 1 : 0;
  if (sample instanceof Binary) return sample.bytes;
  if (sample instanceof Method) return sample.name;
  return sample instanceof IpAddress ? sample.toString() : sample;
}

/** Of `sf` and `sc`: always text, empty where there is no sample. */
export function textOfSample(sample: Sample | undefined): string {
  if (sample === undefined) return '';
  if (typeof sample === 'boolean') return sample ? '1' : '0';
  return String(valueOfSample(sample, false));
}

/** A value of a script as variables hold it. */
export function sampleOfValue(value: LuaValue): Sample {
  if (value === undefined) return false;
  return typeof value === 'number' && !Number.isInteger(value) ? 0 : value;
}
