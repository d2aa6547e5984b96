/** Parameters of the query string and of form bodies, and the body itself (manual, section 7.3.6). */
import { latin1Slice } from '../../base/latin1.ts';
import type { Arguments } from '../arguments.ts';
import type { BodyFacts, SampleContext } from '../context.ts';
import type { Fetched, FetchRow } from '../row.ts';
import type { SampleType, Value } from '../sample.ts';
import { headerInteger } from './header-text.ts';
import { requestOf, responseOf } from './message.ts';

type TextOf = (ctx: SampleContext) => string | undefined;

function isDelimiter(char: string, extra: string): boolean {
  return char === '&' || char === ';' || char === extra;
}

/** Visits the values of a parameter (`''`: of any); the name must stand right behind a delimiter. */
function eachParameter(
  text: string,
  name: string,
  delimiter: string,
  ignoreCase: boolean,
  visit: (value: string) => boolean,
): boolean {
  let at = 0;
  while (at < text.length) {
    let end = at;
    while (end < text.length && !isDelimiter(text.charAt(end), delimiter)) end++;
    const equals = text.indexOf('=', at);
    if (equals >= at && equals < end) {
      const key = text.slice(at, equals);
      const isIt = name === '' || key === name || (ignoreCase && key.toLowerCase() === name.toLowerCase());
      if (isIt && visit(text.slice(equals + 1, end))) return true;
    }
    at = end + 1;
  }
  return false;
}

function compileParameter(
  textOf: TextOf,
  name: string,
  delimiter: string,
  ignoreCase: boolean,
  read: (value: string) => Value,
): Fetched {
  return {
    get: ctx => {
      const text = textOf(ctx);
      let found: string | undefined;
      if (text !== undefined)
        eachParameter(text, name, delimiter, ignoreCase, value => {
          found = value;
          return true;
        });
      return found === undefined ? undefined : read(found);
    },
    each: (ctx, visit) => {
      const text = textOf(ctx);
      return (
        text !== undefined && eachParameter(text, name, delimiter, ignoreCase, value => visit(read(value)))
      );
    },
  };
}

/** What follows the delimiter in the URL. */
function parameterList(delimiter: string): TextOf {
  return ctx => {
    const target = requestOf(ctx)?.target;
    const at = target === undefined ? -1 : target.indexOf(delimiter);
    return at < 0 ? undefined : (target as string).slice(at + 1);
  };
}

function compileUrlParameter(read: (value: string) => Value) {
  return (args: Arguments): Fetched => {
    const given = args[1]?.text ?? '';
    const delimiter = given === '' ? '?' : given.charAt(0);
    const ignoreCase = args[2]?.text === 'i';
    return compileParameter(parameterList(delimiter), args[0]?.text ?? '', delimiter, ignoreCase, read);
  };
}

function bodyOf(side: 'request' | 'response'): (ctx: SampleContext) => BodyFacts | undefined {
  if (side === 'request') return ctx => (requestOf(ctx) === undefined ? undefined : ctx.requestBody);
  return ctx => (responseOf(ctx) === undefined ? undefined : ctx.responseBody);
}

function bodyText(side: 'request' | 'response'): TextOf {
  const facts = bodyOf(side);
  const head = side === 'request' ? requestOf : responseOf;
  return ctx => {
    const body = facts(ctx);
    if (body === undefined) return head(ctx) === undefined ? undefined : '';
    if (!body.complete && !ctx.final) ctx.needMoreData = true;
    return latin1Slice(body.buffer, body.offset, body.offset + body.length);
  };
}

const URL_PARAMETER_ARGS = ['name:str?', 'delim:str?', 'i:str?'] as const;

function parameterRow(
  name: string,
  out: SampleType,
  summary: string,
  read: (value: string) => Value,
): FetchRow {
  return {
    name,
    args: URL_PARAMETER_ARGS,
    out,
    sources: ['HTTP request headers'],
    summary,
    compile: compileUrlParameter(read),
  };
}

function bodyRows(side: 'request' | 'response', prefix: string): FetchRow[] {
  const sources: FetchRow['sources'] = [
    side === 'request' ? 'HTTP request headers' : 'HTTP response headers',
  ];
  const text = bodyText(side);
  const facts = bodyOf(side);
  const head = side === 'request' ? requestOf : responseOf;
  const number = (read: (body: BodyFacts) => number) => (): Fetched => ({
    get: ctx => {
      const body = facts(ctx);
      if (body !== undefined) return read(body);
      return head(ctx) === undefined ? undefined : 0;
    },
  });
  return [
    {
      name: `${prefix}.body`,
      out: 'bin',
      sources,
      summary: `body of the ${side} held so far`,
      compile: () => text,
    },
    {
      name: `${prefix}.body_len`,
      out: 'int',
      sources,
      summary: `bytes of the ${side} body held so far`,
      compile: number(body => body.length),
    },
    {
      name: `${prefix}.body_size`,
      out: 'int',
      sources,
      summary: `announced size of the ${side} body`,
      compile: number(body => body.announced),
    },
  ];
}

export const PARAMETER_FETCHES: readonly FetchRow[] = [
  parameterRow('url_param', 'str', 'value of a query parameter', value => value),
  parameterRow('urlp_val', 'int', 'query parameter as an integer', headerInteger),
  ...bodyRows('request', 'req'),
  ...bodyRows('response', 'res'),
  {
    name: 'req.body_param',
    args: ['name:str?', 'i:str?'],
    out: 'bin',
    sources: ['HTTP request headers'],
    summary: 'form field of the request body',
    compile: args =>
      compileParameter(bodyText('request'), args[0]?.text ?? '', '&', args[1]?.text === 'i', value => value),
  },
];
