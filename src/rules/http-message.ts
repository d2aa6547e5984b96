/** The head a rule edits, and what happens when an edit is not possible (manual, section 4.4: strict-mode). */
import type { Headers } from '../http/head.ts';
import type { RuleContext } from './context.ts';
import type { RuleLine } from './rule-line.ts';
import { CONTINUE, INTERNAL_ERROR, type Verdict } from './verdict.ts';

export type MessageSide = 'request' | 'response';

export function sideOf(line: RuleLine): MessageSide {
  return line.onResponse ? 'response' : 'request';
}

export function headersOf(side: MessageSide): (ctx: RuleContext) => Headers | undefined {
  return side === 'request' ? ctx => ctx.request?.headers : ctx => ctx.response?.headers;
}

/** Shorter additions always fit: the buffer keeps that much room for them (`tune.maxrewrite`). */
const ALWAYS_FITS = 256;

/** May the head grow by so many bytes? */
export function fits(ctx: RuleContext, side: MessageSide, bytes: number): boolean {
  return bytes <= ALWAYS_FITS || bytes <= ctx.rewriteRoom(side);
}

export function failedRewrite(ctx: RuleContext): Verdict {
  ctx.countFailedRewrite();
  return ctx.softRewrites ? CONTINUE : INTERNAL_ERROR;
}
