/** Cookie fetches (manual, section 7.3.6): a request carries many on a line, a response one Set-Cookie each. */
import { cookiePair, endOfCookie } from '../../http/cookie-field.ts';
import type { Headers } from '../../http/head.ts';
import type { Arguments } from '../arguments.ts';
import type { SampleContext } from '../context.ts';
import type { CompileScope, Fetched, FetchRow } from '../row.ts';
import type { SampleType, Value } from '../sample.ts';
import { eachItem, eachValue, headerInteger } from './header-text.ts';
import { requestOf, responseOf } from './message.ts';

type VisitCookie = (name: string, value: string) => boolean;

/** Visits the `name=value` pairs of one item; Set-Cookie has its name in the first pair only. */
function eachPair(item: string, isRequest: boolean, visit: VisitCookie): boolean {
  let at = 0;
  while (at < item.length) {
    const end = endOfCookie(item, at, isRequest);
    const pair = cookiePair(item.slice(at, end));
    if (pair !== undefined && !pair.name.startsWith('$') && visit(pair.name, pair.value)) return true;
    if (!isRequest) return false;
    at = end + 1;
  }
  return false;
}

function eachCookie(headers: Headers, isRequest: boolean, visit: VisitCookie): boolean {
  return eachItem(headers, isRequest ? 'cookie' : 'set-cookie', item => eachPair(item, isRequest, visit));
}

function headersOf(ctx: SampleContext, isRequest: boolean): Headers | undefined {
  return isRequest ? requestOf(ctx)?.headers : responseOf(ctx)?.headers;
}

function compileCookie(isRequest: boolean, read: (value: string) => Value) {
  return (args: Arguments): Fetched => {
    const wanted = args[0]?.text ?? '';
    const matches = (name: string): boolean => wanted === '' || name === wanted;
    return {
      get: ctx => {
        const headers = headersOf(ctx, isRequest);
        if (headers === undefined) return undefined;
        let found: string | undefined;
        eachCookie(headers, isRequest, (name, value) => {
          if (!matches(name)) return false;
          found = value;
          return wanted === '';
        });
        return found === undefined ? undefined : read(found);
      },
      each: (ctx, visit) => {
        const headers = headersOf(ctx, isRequest);
        if (headers === undefined) return false;
        return eachCookie(headers, isRequest, (name, value) => matches(name) && visit(read(value)));
      },
    };
  };
}

function compileCookieCount(isRequest: boolean) {
  return (args: Arguments): Fetched => {
    const wanted = args[0]?.text ?? '';
    return {
      get: ctx => {
        const headers = headersOf(ctx, isRequest);
        if (headers === undefined) return undefined;
        let count = 0;
        eachCookie(headers, isRequest, name => {
          if (wanted === '' || name === wanted) count++;
          return false;
        });
        return count;
      },
    };
  };
}

function compileCookieNames(isRequest: boolean) {
  return (args: Arguments): Fetched => {
    const delimiter = (args[0]?.text ?? ',').charAt(0);
    return {
      get: ctx => {
        const headers = headersOf(ctx, isRequest);
        if (headers === undefined) return undefined;
        const names: string[] = [];
        const visit = (item: string): boolean =>
          eachPair(item, isRequest, name => {
            names.push(name);
            return false;
          });
        if (isRequest) eachItem(headers, 'cookie', visit);
        else eachValue(headers, 'set-cookie', visit);
        return names.join(delimiter);
      },
    };
  };
}

function sideRows(prefix: 'req' | 'res'): FetchRow[] {
  const isRequest = prefix === 'req';
  const sources = [isRequest ? 'HTTP request headers' : 'HTTP response headers'] as const;
  const side = isRequest ? 'request' : 'response';
  const row = (
    word: string,
    out: SampleType,
    args: NonNullable<FetchRow['args']>,
    summary: string,
    compile: NonNullable<FetchRow['compile']>,
  ): FetchRow => ({
    name: `${prefix}.${word}`,
    out,
    args,
    sources,
    summary: `${summary} of the ${side}`,
    compile,
  });
  return [
    row(
      'cook',
      'str',
      ['name:str?'],
      'value of a cookie',
      compileCookie(isRequest, value => value),
    ),
    row('cook_val', 'int', ['name:str?'], 'cookie as an integer', compileCookie(isRequest, headerInteger)),
    row('cook_cnt', 'int', ['name:str?'], 'how often a cookie stands', compileCookieCount(isRequest)),
    row('cook_names', 'str', ['delim:str?'], 'names of all cookies', compileCookieNames(isRequest)),
  ];
}

const CHANNEL_COOKIE: FetchRow = {
  name: 'cookie',
  args: ['name:str?'],
  out: 'str',
  sources: ['HTTP request headers', 'HTTP response headers'],
  summary: 'value of a cookie of the message at hand',
  compile: (args: Arguments, scope: CompileScope) => compileCookie(!scope.isResponse, value => value)(args),
};

export const COOKIE_FETCHES: readonly FetchRow[] = [...sideRows('req'), ...sideRows('res'), CHANNEL_COOKIE];
