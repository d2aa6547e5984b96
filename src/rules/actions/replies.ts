/** Actions that answer in the server's place: deny, tarpit, return, redirect, auth (manual, section 4.4). */
import { HTTP, type ActionDefinition } from '../action-definition.ts';
import type { Action } from '../context.ts';
import { pageByStatus } from '../default-pages.ts';
import { compileRefusalReply, compileReply } from '../http-reply.ts';
import { compileRedirect } from '../redirect.ts';
import type { RuleLine } from '../rule-line.ts';
import { AUTHENTICATE, DENY, INTERNAL_ERROR, RETURN, TARPIT, type Verdict } from '../verdict.ts';

function compileRefusal(verdict: Verdict, defaultStatus: number): ActionDefinition['compile'] {
  return line => {
    const reply = compileRefusalReply(line, defaultStatus);
    if (reply === undefined) return undefined;
    const { make } = reply;
    return ctx => {
      ctx.reply = make(ctx);
      return ctx.reply === undefined ? INTERNAL_ERROR : verdict;
    };
  };
}

function compileDeny(line: RuleLine): Action | undefined {
  return compileRefusal(DENY, line.onResponse ? 502 : 403)(line);
}

function compileReturn(line: RuleLine): Action | undefined {
  const reply = compileReply(line, 200);
  if (reply === undefined) return undefined;
  const { make } = reply;
  return ctx => {
    ctx.reply = make(ctx);
    return ctx.reply === undefined ? INTERNAL_ERROR : RETURN;
  };
}

/** `option http-use-proxy-header`: requests that name a whole URI come from the clients of a proxy. */
function asksAsProxy(usesProxyHeader: boolean, target: string): boolean {
  return usesProxyHeader && !target.startsWith('/') && !target.startsWith('*');
}

function compileAuth(line: RuleLine): Action | undefined {
  let realm = line.kind === 'stats http-request' ? 'HAProxy Statistics' : line.env.section.name;
  if (line.accept('realm')) {
    const word = line.take();
    if (word === undefined) return line.error('missing realm value');
    realm = word.text;
  }
  const challenge = `Basic realm="${realm}"`;
  const usesProxyHeader = line.env.section.options.flags.has('http-use-proxy-header');
  return ctx => {
    const asProxy = asksAsProxy(usesProxyHeader, ctx.requestLine?.target ?? '/');
    const page = pageByStatus(ctx, asProxy ? 407 : 401);
    if (page === undefined) return INTERNAL_ERROR;
    const name = asProxy ? 'proxy-authenticate' : 'www-authenticate';
    const others = page.headers.filter(([other]) => other.toLowerCase() !== name);
    ctx.reply = { ...page, headers: [...others, [name, challenge]] };
    return AUTHENTICATE;
  };
}

const BODY =
  '[ { default-errorfiles | errorfile <file> | errorfiles <name> | file <file> | lf-file <file> | string <str> | lf-string <fmt> } ]';
const REFUSAL = `[ { status | deny_status } <code> ] [ content-type <type> ] ${BODY} [ hdr <name> <fmt> ]*`;

export const REPLY_ACTIONS: readonly ActionDefinition[] = [
  { name: 'deny', rulesets: HTTP, args: REFUSAL, final: true, compile: compileDeny },
  {
    name: 'tarpit',
    rulesets: ['http-request'],
    args: REFUSAL,
    final: true,
    compile: compileRefusal(TARPIT, 500),
  },
  {
    name: 'return',
    rulesets: HTTP,
    args: `[ status <code> ] [ content-type <type> ] ${BODY} [ hdr <name> <fmt> ]*`,
    final: true,
    compile: compileReturn,
  },
  {
    name: 'redirect',
    rulesets: HTTP,
    args: '{ location <loc> | prefix <pfx> | scheme <sch> } [code <code>] <option>*',
    final: true,
    compile: line => compileRedirect(line, true),
  },
  { name: 'auth', rulesets: ['http-request'], args: '[realm <realm>]', final: true, compile: compileAuth },
];
