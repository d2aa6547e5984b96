/** JSON: escaping for it and reading out of it (manual, section 7.3.1; RFC 8259). */
import type { Arguments, Mistake } from '../arguments.ts';
import type { Convert, ConverterRow } from '../row.ts';
import type { Sample } from '../sample.ts';
import { findJson, parseJsonPath, type JsonPath } from './json-path.ts';

type InputCode = 'ascii' | 'utf8' | 'utf8s' | 'utf8p' | 'utf8ps';

const INPUT_CODES: ReadonlySet<string> = new Set(['ascii', 'utf8', 'utf8s', 'utf8p', 'utf8ps']);

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
};

function escapeCode(code: number): string {
  const char = String.fromCharCode(code);
  const short = SHORT[char];
  if (short !== undefined) return short;
  return code >= 0x20 && code < 0x7f ? char : `\\u${code.toString(16).padStart(4, '0')}`;
}

interface Decoded {
  readonly code: number;
  readonly length: number;
  /** Not UTF-8 at all, or only written longer than need be. */
  readonly state: 'good' | 'overlong' | 'bad';
}

/** One character of UTF-8, as bytes in latin1 chars. */
function decodeUtf8(text: string, at: number): Decoded {
  const lead = text.charCodeAt(at);
  if (lead < 0x80) return { code: lead, length: 1, state: 'good' };
  const size = lead >= 0xf0 && lead < 0xf8 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (size === 1 || lead >= 0xf8) return { code: lead, length: 1, state: 'bad' };
  let code = lead & (0xff >> (size + 1));
  for (let index = 1; index < size; index++) {
    const next = text.charCodeAt(at + index);
    if (Number.isNaN(next) || (next & 0xc0) !== 0x80) return { code, length: index, state: 'bad' };
    code = (code << 6) | (next & 0x3f);
  }
  const least = size === 2 ? 0x80 : size === 3 ? 0x800 : 0x10000;
  if (code < least) return { code, length: size, state: 'overlong' };
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return { code, length: size, state: isSurrogate || code > 0x10ffff ? 'bad' : 'good' };
}

/** What stands behind it in the basic plane is none (Unicode, section 23.7). */
const LAST_CHARACTER = 0xfffd;

/** `s` skips what is wrong, `p` lets overlong forms pass. */
function escapeUtf8(text: string, input: Exclude<InputCode, 'ascii'>): string | undefined {
  const skips = input.endsWith('s');
  const permissive = input.includes('p');
  let output = '';
  for (let at = 0; at < text.length;) {
    const { code, length, state } = decodeUtf8(text, at);
    at += length;
    const isWrong = state === 'bad' || (state === 'overlong' && !permissive) || code > LAST_CHARACTER;
    if (!isWrong) output += escapeCode(code);
    else if (!skips) return undefined;
  }
  return output;
}

function escapeAscii(text: string): string {
  let output = '';
  for (let at = 0; at < text.length; at++) output += escapeCode(text.charCodeAt(at));
  return output;
}

function compileEscape(args: Arguments): Convert | Mistake {
  const given = args[0]?.text ?? '';
  const input = given === '' ? 'ascii' : given;
  if (!INPUT_CODES.has(input))
    return {
      error: "Unexpected input code type. Allowed value are 'ascii', 'utf8', 'utf8s', 'utf8p' and 'utf8ps'",
    };
  if (input === 'ascii') return escapeAscii;
  return (text: string) => escapeUtf8(text, input as Exclude<InputCode, 'ascii'>);
}

/** Numbers as C's `%g` shows them: six significant digits. */
function renderNumber(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const [mantissa, exponent] = value.toExponential(5).split('e') as [string, string];
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 6)) {
    const sign = power < 0 ? '-' : '+';
    return `${trimZeros(mantissa)}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return trimZeros(value.toFixed(Math.max(0, 5 - (value === 0 ? 0 : power))));
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** The value at a path; objects and null have none. */
export function queryJson(text: string, path: JsonPath, asInt: boolean): Sample | undefined {
  const token = findJson(text, path);
  if (token === undefined) return undefined;
  const first = token.charAt(0);
  if (token === 'true') return true;
  if (token === 'false') return false;
  if (first === '"') return unescapeJson(token);
  if (first === '[') return token;
  if (!/^-?[0-9]/.test(token)) return undefined;
  if (!asInt) return renderNumber(Number(token));
  const int = Math.trunc(Number(/^-?[0-9]+/.exec(token)?.[0] ?? Number.NaN));
  return Number.isSafeInteger(int) ? int : undefined;
}

/** A JSON string's text, as UTF-8 bytes. */
function unescapeJson(token: string): string | undefined {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    const decoded = JSON.parse(Buffer.from(token, 'latin1').toString('utf8')) as string;
    return Buffer.from(decoded, 'utf8').toString('latin1');
  } catch {
    return undefined;
  }
}

export function compileQuery(args: Arguments): { path: JsonPath; asInt: boolean } | Mistake {
  const path = parseJsonPath(args[0]?.text ?? '');
  const type = args[1]?.text ?? '';
  if (type !== '' && type !== 'int') return { error: 'output_type only supports "int" as argument' };
  return { path, asInt: type === 'int' };
}

export const JSON_CONVERTERS: readonly ConverterRow[] = [
  {
    name: 'json',
    args: ['input-code:str'],
    in: 'str',
    out: 'str',
    summary: 'escaped for a JSON string',
    compile: compileEscape,
  },
  {
    name: 'json_query',
    args: ['json_path:str', 'output_type:str?'],
    in: 'str',
    out: 'any',
    summary: 'value at a path of a JSON document',
    compile: args => {
      const query = compileQuery(args);
      if ('error' in query) return query;
      if ((args[0]?.text ?? '') === '') return { error: 'json_path must not be empty' };
      return (text: string) => queryJson(text, query.path, query.asInt);
    },
  },
];
