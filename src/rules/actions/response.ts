/** set-status and early-hint (manual, section 4.4). */
import type { ActionDefinition } from '../action-definition.ts';
import type { Action } from '../context.ts';
import { reasonPhrase } from '../../http/reasons.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

function compileSetStatus(line: RuleLine): Action | undefined {
  const word = line.take()?.text;
  if (word === undefined)
    return line.error('expects 1 argument: <status>; or 3 arguments: <status> reason <fmt>');
  const status = Number(word);
  if (!/^\d{3}$/.test(word) || status < 100)
    return line.error('expects an integer status code between 100 and 999');
  let reason = reasonPhrase(status);
  if (line.next === 'reason' && line.left > 1) {
    line.take();
    reason = line.take()?.text ?? '';
  }
  return ctx => {
    if (ctx.response !== undefined) {
      ctx.response.status = ctx.status = status;
      ctx.response.reason = reason;
    }
    return CONTINUE;
  };
}

/**
 * Hints of neighbouring rules go out as one message: a rule that an unconditional hint follows leaves the sending
 * to that one. HTTP/1.0 clients get none.
 */
function compileEarlyHint(line: RuleLine): Action | undefined {
  const name = line.take()?.text;
  if (name === undefined || line.left === 0) return line.error('expects exactly 2 arguments');
  const format = line.takeFormat('http');
  if (format === undefined) return undefined;
  const { render } = format;
  const { followedBy } = line.source;
  const isLast = followedBy?.action !== 'early-hint' || followedBy.condition !== undefined;
  return ctx => {
    if ((ctx.requestLine?.version ?? 0) < 11) return CONTINUE;
    ctx.earlyHints ??= [];
    ctx.earlyHints.push([name, render(ctx)]);
    if (!isLast) return CONTINUE;
    ctx.sendEarlyHints(ctx.earlyHints);
    ctx.earlyHints = undefined;
    return CONTINUE;
  };
}

export const RESPONSE_ACTIONS: readonly ActionDefinition[] = [
  {
    name: 'set-status',
    rulesets: ['http-response', 'http-after-response'],
    args: '<status> [reason <str>]',
    compile: compileSetStatus,
  },
  { name: 'early-hint', rulesets: ['http-request'], args: '<name> <fmt>', compile: compileEarlyHint },
];
