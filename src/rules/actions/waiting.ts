/**
 * Actions that hold an exchange up: wait-for-body, wait-for-handshake, pause, do-resolve (manual, section 4.4). None
 * blocks: it answers YIELD with what it waits for, and is called again by resume().
 */
import type { IpAddress } from '../../base/ip-address.ts';
import { storeOf } from '../../acl/fetches/variables.ts';
import { parseSize, parseTime } from '../../config-parser/units.ts';
import { HTTP, type ActionDefinition } from '../action-definition.ts';
import type { Action, RuleContext } from '../context.ts';
import type { RuleLine } from '../rule-line.ts';
import { BAD_MESSAGE, CONTINUE, REJECT, TIMED_OUT, YIELD, type Verdict } from '../verdict.ts';
import { takeTime } from './exchange.ts';

// ── wait-for-body ──

interface WaitForBody {
  readonly timeMs: number;
  /** 0: the whole body. */
  readonly atLeast: number;
  /** The most that is waited for, where a usual buffer is too small; 0: a usual one does. */
  readonly largeRoom: number;
}

const WAIT_SHAPE = 'expects time <time> [ at-least <bytes> ]';

const LARGE = 'use-large-buffer';

function parseWaitForBody(line: RuleLine): WaitForBody | undefined {
  let timeMs: number | undefined;
  let atLeast = 0;
  let largeRoom = 0;
  while (line.left > 0) {
    const keyword = line.next;
    if (keyword !== 'time' && keyword !== 'at-least' && keyword !== LARGE) break;
    line.take();
    if (keyword === LARGE) {
      largeRoom = line.env.largeBodyBytes;
      if (largeRoom === 0) return line.error(`'${LARGE}' needs 'tune.bufsize.large' in the global section`);
      continue;
    }
    const word = line.take()?.text;
    if (word === undefined) return line.error(`missing argument for '${keyword}'`);
    const number = keyword === 'time' ? parseTime(word, 'ms', 'wait-for-body') : parseSize(word);
    if (number.error !== undefined) return line.error(number.error);
    if (keyword === 'time') timeMs = number.value;
    else atLeast = number.value;
  }
  return timeMs === undefined ? line.error(WAIT_SHAPE) : { timeMs, atLeast, largeRoom };
}

function compileWaitForBody(line: RuleLine): Action | undefined {
  const wait = parseWaitForBody(line);
  if (wait === undefined) return undefined;
  const { timeMs, atLeast, largeRoom } = wait;
  const { onResponse } = line;
  return (ctx, resumed) => {
    const body = onResponse ? ctx.responseBody : ctx.requestBody;
    ctx.largeRoom = largeRoom;
    if (!onResponse && body?.broken === true) return BAD_MESSAGE;
    // Nobody looked at the body before the first wait for it.
    if (
      body === undefined
        ? resumed
        : body.complete || body.length >= Math.min(atLeast || Infinity, ctx.bodyRoom)
    )
      return CONTINUE;
    if (resumed && ctx.waitOver) return TIMED_OUT;
    ctx.waitBytes = atLeast;
    return waitFor(ctx, onResponse ? 'response body' : 'request body', resumed ? undefined : timeMs);
  };
}

/** `ms` undefined: the time that runs already goes on. */
function waitFor(ctx: RuleContext, what: RuleContext['waitFor'], ms: number | undefined): Verdict {
  ctx.waitFor = what;
  if (ms !== undefined) {
    ctx.waitMs = ms;
    ctx.waitOver = false;
  }
  return YIELD;
}

// ── pause ──

function compilePause(line: RuleLine): Action | undefined {
  const time = takeTime(line, 'pause');
  if (time === undefined) return undefined;
  return (ctx, resumed) => {
    if (resumed) return ctx.waitOver ? CONTINUE : waitFor(ctx, 'time', undefined);
    const ms = time(ctx);
    return ms === undefined || ms <= 0 ? CONTINUE : waitFor(ctx, 'time', ms);
  };
}

// ── do-resolve ──

function compileDoResolve(line: RuleLine): Action | undefined {
  const [variableName = '', resolvers = '', preference, ...more] = (line.source.actionArgs ?? '')
    .split(',')
    .map(part => part.trim());
  if (variableName === '' || resolvers === '' || more.length > 0)
    return line.error("do-resolve expects '(<variable>,<resolvers>[,ipv4|ipv6]) <expression>'");
  if (preference !== undefined && preference !== 'ipv4' && preference !== 'ipv6')
    return line.error(`do-resolve: invalid option '${preference}'`);
  const variable = line.env.variables.resolve(variableName);
  if (typeof variable === 'string') return line.error(variable);
  const expression = line.takeExpression();
  if (expression === undefined) return undefined;
  const family = preference === 'ipv4' ? 4 : preference === 'ipv6' ? 6 : 0;
  const { scope, slot } = variable;
  return ctx => {
    const name = expression.string(ctx);
    if (name === undefined || name === '') return CONTINUE;
    const answer: IpAddress | 'pending' | undefined = ctx.resolveName({ resolvers, name, family });
    if (answer === 'pending') return waitFor(ctx, 'resolution', 0);
    if (answer !== undefined) storeOf(ctx, scope)?.set(slot, answer);
    return CONTINUE;
  };
}

/** Whoever waits is woken, and looks again: by then the context may be another request's. */
function compileWaitForHandshake(): Action {
  return (ctx, resumed) => {
    const early = ctx.client?.tls?.early;
    if (early === undefined || early.state === 'complete') return CONTINUE;
    if (early.state === 'failed') return REJECT;
    if (resumed && ctx.waitOver) return TIMED_OUT;
    if (!resumed) early.whenOver(() => ctx.wakeUp());
    return waitFor(ctx, 'handshake', resumed ? undefined : 0);
  };
}

export const WAITING_ACTIONS: readonly ActionDefinition[] = [
  {
    name: 'wait-for-body',
    rulesets: HTTP,
    args: 'time <time> [ at-least <bytes> ] [use-large-buffer]',
    compile: compileWaitForBody,
  },
  { name: 'wait-for-handshake', rulesets: ['http-request'], args: '', compile: compileWaitForHandshake },
  { name: 'pause', rulesets: HTTP, args: '{ <timeout> | <expr> }', compile: compilePause },
  {
    name: 'do-resolve',
    rulesets: ['tcp-request content', 'http-request'],
    args: '(<var>,<resolvers>[,ipv4|ipv6]) <expr>',
    compile: compileDoResolve,
  },
];
