/**
 * Arguments of fetches and converters: what a table row declares, and turning the texts of a call into it
 * (numbers, masks, names of other sections, variables). Mistakes are answered as text, worded as at load.
 */
import { parseIpv4, parseIpv6 } from '../base/ip-address.ts';
import type { IpAddress } from '../base/ip-address.ts';
import type { Userlist } from '../model/config.ts';
import type { Argument, Call } from '../config-parser/expression.ts';
import type { StickTable } from '../state/stick-table/stick-table.ts';
import type { CompileEnvironment, ProxyEntry } from './environment.ts';
import type { Int } from './sample.ts';
import type { VariableName } from './variables.ts';
import { parseLeadingInt, parseWholeInt } from './integer.ts';

export type ArgumentType =
  | 'int'
  | 'str'
  | 'ipv4'
  | 'ipv6'
  | 'mask4'
  | 'mask6'
  | 'frontend'
  | 'backend'
  | 'server'
  | 'table'
  | 'userlist'
  /** A variable's name, or an integer. */
  | 'operand'
  | 'variable';

/** `name:type`, with `?` after those that may be left out: `occ:int?`. */
export type ArgumentSpec = `${string}:${ArgumentType}` | `${string}:${ArgumentType}?`;

export interface ParsedArgument {
  readonly text: string;
  readonly offset: number;
  readonly int?: Int;
  readonly ip?: IpAddress;
  readonly proxy?: ProxyEntry;
  readonly server?: { readonly backend: ProxyEntry; readonly id: number };
  readonly userlist?: Userlist;
  readonly variable?: VariableName;
  readonly table?: StickTable;
}

/** By position; undefined: left out. */
export type Arguments = readonly (ParsedArgument | undefined)[];

export interface Mistake {
  readonly error: string;
}

export function isMistake(value: unknown): value is Mistake {
  return typeof value === 'object' && value !== null && 'error' in value;
}

interface Spec {
  readonly name: string;
  readonly type: ArgumentType;
  readonly optional: boolean;
}

export function parseSpec(spec: ArgumentSpec): Spec {
  const [name, type] = spec.split(':') as [string, string];
  const optional = type.endsWith('?');
  return { name, type: (optional ? type.slice(0, -1) : type) as ArgumentType, optional };
}

/** `(<name>[,<occ>])`, as the manual shows it. */
export function renderSpecs(specs: readonly ArgumentSpec[]): string {
  if (specs.length === 0) return '';
  let text = '';
  let open = 0;
  for (const [index, spec] of specs.map(parseSpec).entries()) {
    const comma = index > 0 ? ',' : '';
    if (spec.optional) open++;
    text += spec.optional ? `[${comma}<${spec.name}>` : `${comma}<${spec.name}>`;
  }
  return `(${text}${']'.repeat(open)})`;
}

export function parseArguments(
  call: Call,
  specs: readonly ArgumentSpec[],
  env: CompileEnvironment,
): Arguments | Mistake {
  const given = call.args ?? [];
  const isEmpty = given.length === 1 && given[0]?.text === '';
  if (given.length > specs.length && !isEmpty)
    return {
      error:
        specs.length === 0 ? `does not support any args` : `too many args, expected at most ${specs.length}`,
    };
  const parsed: (ParsedArgument | undefined)[] = [];
  for (const [index, raw] of specs.entries()) {
    const spec = parseSpec(raw);
    const argument = given[index];
    if (argument === undefined && spec.optional && !isImplicit(spec)) parsed.push(undefined);
    else {
      const given = argument !== undefined || index === 0;
      const value = parseOne(argument ?? { text: '', offset: call.offset }, spec, env, given);
      if (isMistake(value)) return { error: `${value.error} in arg ${index + 1} (${spec.name})` };
      parsed.push(value);
    }
  }
  return parsed;
}

/** A proxy left out is the current one. */
function isImplicit(spec: Spec): boolean {
  return spec.type === 'backend' || spec.type === 'frontend';
}

function parseOne(
  { text, offset }: Argument,
  spec: Spec,
  env: CompileEnvironment,
  given: boolean,
): ParsedArgument | undefined | Mistake {
  if (text === '' && spec.optional && EMPTY_MEANS_ABSENT.has(spec.type)) return undefined;
  if (text === '' && !given && !isImplicit(spec)) return { error: `missing ${ARTICLES[spec.type]}` };
  const value = PARSERS[spec.type](text, env);
  return isMistake(value) ? value : { text, offset, ...value };
}

const EMPTY_MEANS_ABSENT: ReadonlySet<ArgumentType> = new Set(['int', 'operand', 'variable', 'table']);

const ARTICLES: Record<ArgumentType, string> = {
  int: 'integer',
  str: 'string',
  ipv4: 'IPv4 address',
  ipv6: 'IPv6 address',
  mask4: 'IPv4 mask',
  mask6: 'IPv6 mask',
  frontend: 'frontend',
  backend: 'backend',
  server: 'server',
  table: 'table',
  userlist: 'userlist',
  operand: 'integer or variable',
  variable: 'variable',
};

type Extra = Omit<ParsedArgument, 'text' | 'offset'>;

const PARSERS: Record<ArgumentType, (text: string, env: CompileEnvironment) => Extra | Mistake> = {
  str: () => ({}),
  table: (text, env) => {
    const table = env.tables.find(text);
    return table === undefined ? { error: `unable to find table '${text}'` } : { table };
  },
  int: text => {
    const int = parseWholeInt(text);
    return int === undefined ? { error: `failed to parse '${text}' as type 'integer'` } : { int };
  },
  ipv4: text => address(parseIpv4(text), text, 'IPv4 address'),
  ipv6: text => address(parseIpv6(text), text, 'IPv6 address'),
  mask4: text => address(parseMask4(text), text, 'IPv4 mask'),
  mask6: text => address(parseMask6(text), text, 'IPv6 mask'),
  frontend: (text, env) => proxy(text, env, 'frontend'),
  backend: (text, env) => proxy(text, env, 'backend'),
  server: parseServer,
  userlist: (text, env) => {
    const userlist = env.directory.userlist(text);
    return userlist === undefined ? { error: `unable to find userlist '${text}'` } : { userlist };
  },
  variable: (text, env) => {
    const variable = env.variables.resolve(text);
    return typeof variable === 'string' ? { error: variable } : { variable };
  },
  operand: (text, env) => {
    if (/^[-+]?[0-9]/.test(text)) {
      const int = parseWholeInt(text);
      return int === undefined ? { error: 'expects an integer or a variable name' } : { int };
    }
    if (text === '') return { int: 0 };
    const variable = env.variables.resolve(text);
    return typeof variable === 'string' ? { error: 'expects an integer or a variable name' } : { variable };
  },
};

function address(ip: IpAddress | undefined, text: string, what: string): Extra | Mistake {
  return ip === undefined ? { error: `failed to parse '${text}' as type '${what}'` } : { ip };
}

function parseMask4(text: string): IpAddress | undefined {
  if (!/^[0-9]+$/.test(text)) return parseIpv4(text);
  return parseIpv4(maskText(Number(text)));
}

function maskText(bits: number): string {
  if (bits > 32) return '';
  const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
  return [mask >>> 24, (mask >>> 16) & 255, (mask >>> 8) & 255, mask & 255].join('.');
}

function parseMask6(text: string): IpAddress | undefined {
  if (!/^[0-9]+$/.test(text)) return parseIpv6(text);
  const bits = Number(parseLeadingInt(text));
  if (bits > 128) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => {
    const within = Math.min(16, Math.max(0, bits - index * 16));
    return ((0xffff << (16 - within)) & 0xffff).toString(16);
  });
  return parseIpv6(groups.join(':'));
}

function proxy(text: string, env: CompileEnvironment, side: 'frontend' | 'backend'): Extra | Mistake {
  const found = text === '' ? env.proxy : env.directory[side](text);
  if (text !== '' && side === 'backend') env.directory.refer(text);
  if (found === undefined) return { error: `unable to find ${side} '${text}'` };
  const other = side === 'frontend' ? 'backend' : 'frontend';
  return found.kind === other
    ? { error: `proxy '${found.name}' has not ${side} capability` }
    : { proxy: found };
}

function parseServer(text: string, env: CompileEnvironment): Extra | Mistake {
  const slash = text.lastIndexOf('/');
  const backend = slash < 0 ? env.proxy : env.directory.backend(text.slice(0, slash));
  if (backend === undefined) return { error: `unable to find proxy '${text.slice(0, Math.max(slash, 0))}'` };
  const name = text.slice(slash + 1);
  const id = env.directory.server(backend, name);
  return id === undefined
    ? { error: `unable to find server '${name}' in proxy '${backend.name}'` }
    : { server: { backend, id } };
}
