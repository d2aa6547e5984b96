/** What an exchange is handled with: log level, timeouts, queue priority, retries (manual, section 4.4). */
import { parseTime } from '../../config-parser/units.ts';
import { CONTENT, EVERYWHERE, HTTP, HTTP_ALL, type ActionDefinition } from '../action-definition.ts';
import type { Action, RuleContext, TimeoutKind } from '../context.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';
import { asNumber, takeNumber, type NumberSource } from './connection.ts';

const LOG_LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

function compileSetLogLevel(line: RuleLine): Action | undefined {
  const name = line.take()?.text ?? '';
  const level = LOG_LEVELS.indexOf(name);
  if (level < 0 && name !== 'silent')
    return line.error("expects exactly 1 argument (log level name or 'silent')");
  return ctx => {
    ctx.setLogLevel(level);
    return CONTINUE;
  };
}

/** Milliseconds: a time, or an expression that gives them. `rule` is how errors name it. */
export function takeTime(line: RuleLine, rule: string): NumberSource | undefined {
  const word = line.next;
  if (!/^\d/.test(word)) {
    const expression = line.takeExpression();
    return expression && asNumber(expression);
  }
  line.take();
  const time = parseTime(word, 'ms', rule);
  if (time.error !== undefined) return line.error(time.error);
  const ms = time.value;
  return ms === 0 ? line.error(`null value is not valid for a '${rule}' rule`) : () => ms;
}

/** Which side of a proxy a timeout belongs to. */
const TIMEOUT_SIDE: Readonly<Record<TimeoutKind, 'frontend' | 'backend' | 'any'>> = {
  client: 'frontend',
  connect: 'backend',
  queue: 'backend',
  server: 'backend',
  tarpit: 'any',
  tunnel: 'backend',
};

function isTimeoutKind(name: string): name is TimeoutKind {
  return Object.hasOwn(TIMEOUT_SIDE, name);
}

function compileSetTimeout(line: RuleLine): Action | undefined {
  if (line.left < 2) return line.error('expects exactly 2 arguments');
  const kind = line.take()?.text ?? '';
  if (!isTimeoutKind(kind))
    return line.error(
      `'set-timeout' rule supports 'client'/'connect'/'queue'/'server'/'tarpit'/'tunnel' (got '${kind}')`,
    );
  const side = TIMEOUT_SIDE[kind];
  const misplaced = (side === 'frontend' && !line.isFrontend) || (side === 'backend' && !line.isBackend);
  if (misplaced && line.source.fromDefaults !== true)
    return line.error(`'${line.env.section.name}' has no ${side} capability`);
  const time = takeTime(line, `set-timeout ${kind}`);
  if (time === undefined) return undefined;
  return ctx => {
    const ms = time(ctx);
    if (ms !== undefined) ctx.setTimeout(kind, ms);
    return CONTINUE;
  };
}

/** Sample expression whose value, kept within -`limit`..`limit`, is handed to `set`. */
function compilePriority(
  limit: number,
  set: (ctx: RuleContext, value: number) => void,
): ActionDefinition['compile'] {
  return line => {
    const expression = line.takeExpression();
    const number = expression && asNumber(expression);
    if (number === undefined) return undefined;
    return ctx => {
      const value = number(ctx);
      if (value !== undefined) set(ctx, Math.max(-limit, Math.min(limit, value)));
      return CONTINUE;
    };
  };
}

/** Requests are served in the order in which they come: none is more important than another. */
function compileSetNice(line: RuleLine): Action | undefined {
  if (line.take() === undefined) return line.error('expects exactly 1 argument (integer value)');
  line.warn(`'${line.kind} set-nice' has no effect: all requests are served alike.`);
  return () => CONTINUE;
}

const RETRIES = 'an expression or an integer between 1 and 100';

function compileSetRetries(line: RuleLine): Action | undefined {
  if (line.left === 0) return line.error(`expects exactly 1 argument (${RETRIES})`);
  if (!line.isBackend) return line.error(`'${line.action}' only available in backend or listen section`);
  if (/^-?\d+$/.test(line.next) && (Number(line.next) < 0 || Number(line.next) > 100))
    return line.error(`expects ${RETRIES}`);
  const number = takeNumber(line);
  if (number === undefined) return undefined;
  return ctx => {
    const count = number(ctx);
    if (count !== undefined && count >= 0 && count <= 100) ctx.setRetries(count);
    return CONTINUE;
  };
}

/** What `%OG` and the steps of log profiles call a ruleset. */
const LOG_ORIGINS: Readonly<Record<string, string>> = {
  'tcp-request connection': 'tcp-req-conn',
  'tcp-request session': 'tcp-req-sess',
  'tcp-request content': 'tcp-req-cont',
  'tcp-response content': 'tcp-res-cont',
  'http-request': 'http-req',
  'http-response': 'http-res',
  'http-after-response': 'http-after-res',
};

function compileDoLog(line: RuleLine): Action | undefined {
  let profile: string | undefined;
  if (line.accept('profile')) {
    profile = line.take()?.text;
    if (profile === undefined) return line.error("'profile' expects a log-profile name");
  }
  const origin = LOG_ORIGINS[line.kind] ?? 'unspec';
  return ctx => {
    ctx.logNow(origin, profile);
    return CONTINUE;
  };
}

const REQUEST = ['tcp-request content', 'http-request'] as const;
const TIMEOUT_ARGS = '{ client | connect | queue | server | tarpit | tunnel } { <timeout> | <expr> }';

export const EXCHANGE_ACTIONS: readonly ActionDefinition[] = [
  { name: 'set-nice', rulesets: [...CONTENT, ...HTTP], args: '<nice>', compile: compileSetNice },
  {
    name: 'set-log-level',
    rulesets: [...CONTENT, ...HTTP_ALL],
    args: '<level>',
    compile: compileSetLogLevel,
  },
  {
    name: 'set-timeout',
    rulesets: ['http-request', 'http-response'],
    args: TIMEOUT_ARGS,
    compile: compileSetTimeout,
  },
  {
    name: 'set-priority-class',
    rulesets: REQUEST,
    args: '<expr>',
    compile: compilePriority(2047, (ctx, value) => ctx.setPriorityClass(value)),
  },
  {
    name: 'set-priority-offset',
    rulesets: REQUEST,
    args: '<expr>',
    compile: compilePriority(524287, (ctx, value) => ctx.setPriorityOffset(value)),
  },
  { name: 'set-retries', rulesets: REQUEST, args: '{ <int> | <expr> }', compile: compileSetRetries },
  { name: 'do-log', rulesets: EVERYWHERE, args: '[profile <log_profile>]', compile: compileDoLog },
];
