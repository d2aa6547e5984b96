/** Header fetches of requests and responses (manual, section 7.3.6): items split at commas, whole values, counts. */
import { parseIpv4, parseIpv6 } from '../../base/ip-address.ts';
import type { IpAddress } from '../../base/ip-address.ts';
import type { Headers } from '../../http/head.ts';
import type { Arguments } from '../arguments.ts';
import type { SampleContext } from '../context.ts';
import type { CompileScope, Each, Fetched, FetchRow } from '../row.ts';
import type { SampleType, Value } from '../sample.ts';
import { hashName } from '../../http/known-fields.ts';
import { eachItem, eachValue, headerInteger, lastItem, lastValue } from './header-text.ts';
import { requestOf, responseOf } from './message.ts';

type HeadersOf = (ctx: SampleContext) => Headers | undefined;
/** What a header is made of: its items, or its whole values. */
interface Parts {
  readonly each: (headers: Headers, name: string, visit: (part: string) => boolean, hash: number) => boolean;
  readonly last: (headers: Headers, name: string, hash: number) => string | undefined;
}

const ITEMS: Parts = { each: eachItem, last: lastItem };
const VALUES: Parts = { each: eachValue, last: lastValue };

type Read = (item: string) => Value | undefined;

const requestHeaders: HeadersOf = ctx => requestOf(ctx)?.headers;
const responseHeaders: HeadersOf = ctx => responseOf(ctx)?.headers;

/** How far back a negative occurrence may look. */
const MOST_OCCURRENCES = 10;

function occurrence(args: Arguments): number | string {
  const occ = Number(args[1]?.int ?? 0);
  if (occ < -MOST_OCCURRENCES)
    return `occurrence too large, must be between -${MOST_OCCURRENCES} and positive`;
  return occ;
}

const itself: Read = item => item;

function compileHeader(headersOf: HeadersOf, parts: Parts, read: Read) {
  return (args: Arguments): Fetched | { error: string } => {
    const name = (args[0]?.text ?? '').toLowerCase();
    const occ = occurrence(args);
    if (typeof occ === 'string') return { error: occ };
    if (occ > 0 && name === '') return { error: "require 'name' argument with 'occurrence' argument" };
    const hash = hashName(name);
    const pick = occ === 0 ? pickLast(parts, name, read) : pickNth(parts, name, read, occ);
    const each: Each = (ctx, visit) => {
      const headers = headersOf(ctx);
      if (headers === undefined) return false;
      const visitPart = read === itself ? visit : (part: string) => visitIfRead(read(part), visit);
      return parts.each(headers, name, visitPart, hash);
    };
    const get = (ctx: SampleContext): Value | undefined => {
      const headers = headersOf(ctx);
      return headers === undefined ? undefined : pick(headers);
    };
    return occ === 0 ? { get, each } : { get };
  };
}

function visitIfRead(value: Value | undefined, visit: (value: Value) => boolean): boolean {
  return value !== undefined && visit(value);
}

type Pick = (headers: Headers) => Value | undefined;

function pickLast(parts: Parts, name: string, read: Read): Pick {
  const hash = hashName(name);
  return headers => {
    const last = parts.last(headers, name, hash);
    return last === undefined ? undefined : read(last);
  };
}

function pickNth(parts: Parts, name: string, read: Read, occ: number): Pick {
  const hash = hashName(name);
  return headers => {
    const all: string[] = [];
    const visit = (part: string): boolean => {
      all.push(part);
      return all.length === occ;
    };
    parts.each(headers, name, visit, hash);
    const part = occ > 0 ? all[occ - 1] : all[all.length + occ];
    return part === undefined ? undefined : read(part);
  };
}

function compileCount(headersOf: HeadersOf, parts: Parts) {
  return (args: Arguments): Fetched => {
    const name = (args[0]?.text ?? '').toLowerCase();
    const hash = hashName(name);
    return {
      get: ctx => {
        const headers = headersOf(ctx);
        if (headers === undefined) return undefined;
        let count = 0;
        const visit = (): boolean => {
          count++;
          return false;
        };
        parts.each(headers, name, visit, hash);
        return count;
      },
    };
  };
}

/** An address alone, an IPv4 one with a port, or an IPv6 one in brackets. */
function readAddress(item: string): IpAddress | undefined {
  const withPort = /^([0-9.]+):([0-9]{1,5})$/.exec(item);
  if (withPort !== null) return Number(withPort[2]) > 65535 ? undefined : parseIpv4(withPort[1] as string);
  if (item.startsWith('[') && item.endsWith(']')) return parseIpv6(item.slice(1, -1));
  return parseIpv4(item) ?? parseIpv6(item);
}

function compileNames(headersOf: HeadersOf) {
  return (args: Arguments): Fetched => {
    const delimiter = (args[0]?.text ?? ',').charAt(0);
    return {
      get: ctx => {
        const headers = headersOf(ctx);
        if (headers === undefined) return undefined;
        const names = Array.from({ length: headers.count }, (_, index) => headers.lowerNameAt(index));
        return names.join(delimiter);
      },
    };
  };
}

/** Every line, and the empty one behind. */
function renderHeaders(headers: Headers): string {
  let text = '';
  for (let index = 0; index < headers.count; index++)
    text += `${headers.lowerNameAt(index)}: ${headers.valueAt(index)}\r\n`;
  return `${text}\r\n`;
}

/** Names and values, each behind its length in HAProxy's variable-length form (SPOE, section 3.1). */
function encodeHeaders(headers: Headers): string {
  let bytes = '';
  for (let index = 0; index < headers.count; index++) {
    const name = headers.lowerNameAt(index);
    const value = headers.valueAt(index);
    bytes += encodeLength(name.length) + name + encodeLength(value.length) + value;
  }
  return `${bytes}\0\0`;
}

function encodeLength(length: number): string {
  if (length < 240) return String.fromCharCode(length);
  let bytes = String.fromCharCode((length & 15) | 240);
  let rest = Math.floor((length - 240) / 16);
  while (rest >= 128) {
    bytes += String.fromCharCode((rest & 127) | 128);
    rest = Math.floor((rest - 128) / 128);
  }
  return bytes + String.fromCharCode(rest);
}

function whole(headersOf: HeadersOf, render: (headers: Headers) => string) {
  return (): Fetched => ({
    get: ctx => {
      const headers = headersOf(ctx);
      return headers === undefined ? undefined : render(headers);
    },
  });
}

const NAME_OCC = ['name:str?', 'occ:int?'] as const;
const NAME = ['name:str?'] as const;

/** The rows of one side; `prefix` is `req` or `res`. */
function sideRows(prefix: 'req' | 'res'): FetchRow[] {
  const headersOf = prefix === 'req' ? requestHeaders : responseHeaders;
  const sources = [prefix === 'req' ? 'HTTP request headers' : 'HTTP response headers'] as const;
  const side = prefix === 'req' ? 'request' : 'response';
  const row = (
    word: string,
    out: SampleType,
    args: FetchRow['args'],
    summary: string,
    compile: NonNullable<FetchRow['compile']>,
  ): FetchRow => ({
    name: `${prefix}.${word}`,
    out,
    sources,
    summary: `${summary} of the ${side}`,
    ...(args === undefined ? {} : { args }),
    compile,
  });
  return [
    row('hdr', 'str', NAME_OCC, 'comma separated item of a header', compileHeader(headersOf, ITEMS, itself)),
    row(
      'hdr_val',
      'int',
      NAME_OCC,
      'header item as an integer',
      compileHeader(headersOf, ITEMS, headerInteger),
    ),
    row(
      'hdr_ip',
      'addr',
      NAME_OCC,
      'header item as an address',
      compileHeader(headersOf, ITEMS, readAddress),
    ),
    row('hdr_cnt', 'int', NAME, 'how many items a header has', compileCount(headersOf, ITEMS)),
    row('fhdr', 'str', NAME_OCC, 'whole value of a header', compileHeader(headersOf, VALUES, itself)),
    row('fhdr_cnt', 'int', NAME, 'how often a header stands', compileCount(headersOf, VALUES)),
    row('hdr_names', 'str', ['delim:str?'], 'names of all headers', compileNames(headersOf)),
    row('hdrs', 'str', undefined, 'all headers as text', whole(headersOf, renderHeaders)),
    row('hdrs_bin', 'bin', undefined, 'all headers in binary form', whole(headersOf, encodeHeaders)),
  ];
}

/** `hdr` follows the ruleset's direction; `hdr_cnt` and its like always read the request. */
const CHANNEL_HEADER: FetchRow = {
  name: 'hdr',
  args: NAME_OCC,
  out: 'str',
  sources: ['HTTP request headers', 'HTTP response headers'],
  summary: 'comma separated item of a header of the message at hand',
  compile: (args: Arguments, scope: CompileScope) =>
    compileHeader(scope.isResponse ? responseHeaders : requestHeaders, ITEMS, itself)(args),
};

export const HEADER_FETCHES: readonly FetchRow[] = [...sideRows('req'), ...sideRows('res'), CHANNEL_HEADER];
