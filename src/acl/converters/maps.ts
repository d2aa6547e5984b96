/** Maps: `map[_<match>][_<type>]` (manual, section 7.3.1, converter map). */
import { parseIp } from '../../base/ip-address.ts';
import type { Arguments, ArgumentSpec } from '../arguments.ts';
import { parseWholeInt } from '../integer.ts';
import { METHOD_TYPES } from '../match/method.ts';
import type { MatchMethod } from '../match/method.ts';
import type { StoredPattern } from '../match/pattern.ts';
import type { RegularIndex } from '../match/regular.ts';
import type { ParseValue, PatternSet } from '../pattern-set.ts';
import { placeText } from '../place-text.ts';
import { expandReplacement } from '../regex/regex.ts';
import type { CompileScope, Convert, ConverterRow } from '../row.ts';
import type { Sample, Value } from '../sample.ts';

type Output = 'str' | 'int' | 'ip' | 'key';

const parseInt64: ParseValue = text => parseWholeInt(text);
const parseAddress: ParseValue = text => parseIp(text);
const VALUE_PARSERS: Readonly<Record<Output, ParseValue | undefined>> = {
  str: undefined,
  key: undefined,
  int: parseInt64,
  ip: parseAddress,
};

function openSet(
  args: Arguments,
  scope: CompileScope,
  method: MatchMethod,
  output: Output,
): PatternSet | string {
  const name = args[0]?.text ?? '';
  if (name === '') return 'missing file name';
  const user = scope.at === undefined ? 'map' : `map at ${placeText(scope.at)}`;
  const display = `pattern loaded from file '${name}' used by ${user}`;
  const list = scope.env.patterns.open(name, 'map', true, display);
  return typeof list === 'string' ? list : list.setFor(method, false, VALUE_PARSERS[output], false);
}

function parseDefault(
  args: Arguments,
  output: Output,
): { readonly value: Sample | undefined } | { readonly error: string } {
  const text = args[1]?.text;
  if (text === undefined) return { value: undefined };
  if (output === 'str') return { value: text };
  const value = output === 'int' ? parseWholeInt(text) : parseIp(text);
  return value === undefined ? { error: `map: cannot parse default ${output} <${text}>.` } : { value };
}

/** The replacement of a pattern with the groups of its match. */
function expandMatch(set: PatternSet, found: StoredPattern, subject: string): string | undefined {
  const match = (set.index as RegularIndex).regexOf(found)?.match(subject);
  return match === undefined ? undefined : expandReplacement(found.entry.value ?? '', match.groups);
}

function compileMap(
  args: Arguments,
  scope: CompileScope,
  method: MatchMethod,
  output: Output,
): Convert | { error: string } {
  const set = openSet(args, scope, method, output);
  if (typeof set === 'string') return { error: set };
  const fallback = output === 'key' ? { value: undefined } : parseDefault(args, output);
  if ('error' in fallback) return fallback;
  if (method === 'regm')
    return (value: Value) => {
      const found = set.find(value);
      return found === undefined ? fallback.value : expandMatch(set, found, value as string);
    };
  if (output === 'key') return (value: Value) => set.find(value)?.entry.key;
  return (value: Value) => {
    const found = set.find(value);
    return found === undefined ? fallback.value : found.data;
  };
}

const METHODS: readonly MatchMethod[] = ['str', 'beg', 'sub', 'dir', 'dom', 'end', 'reg', 'int', 'ip'];
const OUTPUT_TYPES = { str: 'str', int: 'int', ip: 'addr', key: 'str' } as const;

function mapRow(name: string, method: MatchMethod, output: Output): ConverterRow {
  const args: readonly ArgumentSpec[] =
    output === 'key' ? ['map_file:str'] : ['map_file:str', 'default_value:str?'];
  const result =
    output === 'key' ? 'the key that matched' : `its value${output === 'str' ? '' : ` as ${output}`}`;
  return {
    name,
    args,
    in: METHOD_TYPES[method],
    out: OUTPUT_TYPES[output],
    summary: `looks up a map by ${method} match: ${result}`,
    impure: true,
    compile: (given, scope) => compileMap(given, scope, method, output),
  };
}

export const MAP_CONVERTERS: readonly ConverterRow[] = [
  mapRow('map', 'str', 'str'),
  ...METHODS.flatMap(method => [
    mapRow(`map_${method}`, method, 'str'),
    mapRow(`map_${method}_int`, method, 'int'),
    mapRow(`map_${method}_ip`, method, 'ip'),
    mapRow(`map_${method}_key`, method, 'key'),
  ]),
  mapRow('map_regm', 'regm', 'str'),
];
