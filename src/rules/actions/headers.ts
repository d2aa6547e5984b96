/** Adding, setting and deleting headers (manual, section 4.4: add-header, del-header, set-header). */
import type { Headers } from '../../http/head.ts';
import { hashName } from '../../http/known-fields.ts';
import { HTTP_ALL, type ActionDefinition } from '../action-definition.ts';
import type { Action } from '../context.ts';
import { failedRewrite, fits, headersOf, sideOf, sizeOf, followHost } from '../http-message.ts';
import { compileRegex } from '../regex.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

/** RFC 9110, section 5.6.2; a pseudo header of HTTP/2 starts with a colon. */
const FORBIDDEN = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/;

function warnForbiddenCharacter(line: RuleLine, name: string): void {
  const wrong = FORBIDDEN.exec(name.startsWith(':') ? name.slice(1) : name);
  if (wrong !== null) line.warn(`header name '${name}' contains forbidden character '${wrong[0]}'`);
}

function compileSetHeader(line: RuleLine): Action | undefined {
  const name = line.take()?.text;
  if (name === undefined || line.left === 0) return line.error('expects exactly 2 arguments');
  const format = line.takeFormat('http');
  if (format === undefined) return undefined;
  warnForbiddenCharacter(line, name);
  const side = sideOf(line);
  const headers = headersOf(side);
  const replaces = line.action === 'set-header';
  const lowerName = name.toLowerCase();
  const hash = hashName(name);
  const { render } = format;
  return ctx => {
    const edited = headers(ctx);
    if (edited === undefined) return CONTINUE;
    const value = render(ctx);
    const replaced = replaces ? sizeOf(edited, lowerName, hash) : 0;
    if (replaced > 0) edited.remove(lowerName, hash);
    if (!fits(ctx, side, name.length + value.length + 4 - replaced)) return failedRewrite(ctx);
    edited.add(name, value, hash);
    followHost(ctx, side, lowerName, value);
    return CONTINUE;
  };
}

type NameTest = (lowerName: string) => boolean;

export function removeMatching(headers: Headers, test: NameTest): void {
  for (let index = headers.count - 1; index >= 0; index--)
    if (test(headers.lowerNameAt(index))) headers.removeAt(index);
}

/** `-m <method>` of del-header; names compare without case. */
export function nameTest(method: string, pattern: string): NameTest | undefined {
  const wanted = pattern.toLowerCase();
  if (method === 'str') return name => name === wanted;
  if (method === 'beg') return name => name.startsWith(wanted);
  if (method === 'end') return name => name.endsWith(wanted);
  if (method === 'sub') return name => name.includes(wanted);
  return undefined;
}

/** The method after `-m`, or `str`; undefined after an error. */
export function takeNameMethod(line: RuleLine): string | undefined {
  if (!line.accept('-m')) return 'str';
  return line.take()?.text ?? line.error('-m flag expects exactly 1 argument');
}

function compileDelHeader(line: RuleLine): Action | undefined {
  const pattern = line.take();
  if (pattern === undefined) return line.error('expects at least 1 argument');
  const method = takeNameMethod(line);
  if (method === undefined) return undefined;
  const headers = headersOf(sideOf(line));
  if (method === 'reg') return compileDelByRegex(line, pattern.text);
  const test = nameTest(method, pattern.text);
  if (test === undefined) return line.error(`-m with unsupported matching method '${method}'`);
  const exact = pattern.text.toLowerCase();
  if (method === 'str') {
    const hash = hashName(exact);
    return ctx => {
      headers(ctx)?.remove(exact, hash);
      return CONTINUE;
    };
  }
  return ctx => {
    const edited = headers(ctx);
    if (edited !== undefined) removeMatching(edited, test);
    return CONTINUE;
  };
}

/** The regex sees names in lower case, as HAProxy keeps them. */
function compileDelByRegex(line: RuleLine, pattern: string): Action | undefined {
  const regex = compileRegex(pattern, line);
  if (regex === undefined) return undefined;
  const headers = headersOf(sideOf(line));
  return ctx => {
    const edited = headers(ctx);
    if (edited === undefined) return CONTINUE;
    for (let index = edited.count - 1; index >= 0; index--)
      if (regex.test(edited.lowerNameAt(index))) edited.removeAt(index);
    return CONTINUE;
  };
}

export const HEADER_ACTIONS: readonly ActionDefinition[] = [
  { name: 'add-header', rulesets: HTTP_ALL, args: '<name> <fmt>', compile: compileSetHeader },
  { name: 'set-header', rulesets: HTTP_ALL, args: '<name> <fmt>', compile: compileSetHeader },
  { name: 'del-header', rulesets: HTTP_ALL, args: '<name> [ -m <meth> ]', compile: compileDelHeader },
];
