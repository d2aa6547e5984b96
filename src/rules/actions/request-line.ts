/** Rewriting the request line: set-method, set-path, set-pathq, set-query, set-uri and replace-path, -pathq, -uri. */
import { pathAndQuery, pathOf } from '../../acl/fetches/header-text.ts';
import { expandReplacement } from '../../acl/regex/regex.ts';
import type { RequestHead } from '../../http/head.ts';
import type { ActionDefinition } from '../action-definition.ts';
import type { Action } from '../context.ts';
import { failedRewrite, fits } from '../http-message.ts';
import { compileRegex } from '../regex.ts';
import { authorityOf, withPath, withPathAndQuery, withQuery } from '../request-target.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

type Part = 'method' | 'path' | 'pathq' | 'query' | 'uri';

/** False: the new target is not a possible one. */
type Assign = (head: RequestHead, value: string) => boolean;

const ASSIGN: Readonly<Record<Part, Assign>> = {
  method: (head, value) => {
    head.method = value;
    return true;
  },
  path: (head, value) => {
    head.target = withPath(head.target, value);
    return true;
  },
  pathq: (head, value) => {
    head.target = withPathAndQuery(head.target, value);
    return true;
  },
  query: (head, value) => {
    head.target = withQuery(head.target, value);
    return true;
  },
  uri: assignUri,
};

/** An absolute target decides what `Host` says (RFC 9112, section 3.2.2). */
function assignUri(head: RequestHead, value: string): boolean {
  head.target = value;
  const authority = authorityOf(head.method, value);
  if (authority === undefined) return true;
  if (authority === '') return false;
  const { headers } = head;
  for (let index = headers.find('host'); index >= 0; index = headers.find('host', index + 1))
    headers.setValueAt(index, authority);
  return true;
}

function compileSet(part: Part): ActionDefinition['compile'] {
  return line => {
    if (line.left !== 1) return line.error('expects exactly 1 argument <format>');
    const format = line.takeFormat('http');
    if (format === undefined) return undefined;
    const assign = ASSIGN[part];
    const { render } = format;
    return ctx => {
      const head = ctx.request;
      if (head === undefined) return CONTINUE;
      const value = render(ctx);
      if (!fits(ctx, 'request', value.length - head.target.length)) return failedRewrite(ctx);
      return assign(head, value) ? CONTINUE : failedRewrite(ctx);
    };
  };
}

const READ: Readonly<Record<'path' | 'pathq' | 'uri', (target: string) => string | undefined>> = {
  path: pathOf,
  pathq: pathAndQuery,
  uri: target => target,
};

function compileReplace(part: 'path' | 'pathq' | 'uri'): (line: RuleLine) => Action | undefined {
  return line => {
    if (line.left !== 2) return line.error('expects exactly 2 arguments <match-regex> and <replace-format>');
    const regex = compileRegex(line.take()?.text ?? '', line);
    const format = line.takeFormat('http');
    if (regex === undefined || format === undefined) return undefined;
    const { render } = format;
    return ctx => {
      const head = ctx.request;
      const value = head === undefined ? undefined : READ[part](head.target);
      if (head === undefined || value === undefined || value === '') return CONTINUE;
      const match = regex.match(value);
      if (match === undefined) return CONTINUE;
      const replaced = expandReplacement(render(ctx), match.groups);
      if (replaced === undefined || !fits(ctx, 'request', replaced.length - value.length))
        return failedRewrite(ctx);
      return ASSIGN[part](head, replaced) ? CONTINUE : failedRewrite(ctx);
    };
  };
}

const REPLACE_ARGS = '<match-regex> <replace-fmt>';
const REQUEST = ['http-request'] as const;

export const REQUEST_LINE_ACTIONS: readonly ActionDefinition[] = [
  { name: 'set-method', rulesets: REQUEST, args: '<fmt>', compile: compileSet('method') },
  { name: 'set-path', rulesets: REQUEST, args: '<fmt>', compile: compileSet('path') },
  { name: 'set-pathq', rulesets: REQUEST, args: '<fmt>', compile: compileSet('pathq') },
  { name: 'set-query', rulesets: REQUEST, args: '<fmt>', compile: compileSet('query') },
  { name: 'set-uri', rulesets: REQUEST, args: '<fmt>', compile: compileSet('uri') },
  { name: 'replace-path', rulesets: REQUEST, args: REPLACE_ARGS, compile: compileReplace('path') },
  { name: 'replace-pathq', rulesets: REQUEST, args: REPLACE_ARGS, compile: compileReplace('pathq') },
  { name: 'replace-uri', rulesets: REQUEST, args: REPLACE_ARGS, compile: compileReplace('uri') },
];
