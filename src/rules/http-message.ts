/** The head a rule edits, and what happens when an edit is not possible (manual, section 4.4: strict-mode). */
import type { Headers } from '../http/head.ts';
import type { RuleContext } from './context.ts';
import type { RuleLine } from './rule-line.ts';
import { withAuthority } from './request-target.ts';
import { CONTINUE, INTERNAL_ERROR, type Verdict } from './verdict.ts';

type MessageSide = 'request' | 'response';

export function sideOf(line: RuleLine): MessageSide {
  return line.onResponse ? 'response' : 'request';
}

export function headersOf(side: MessageSide): (ctx: RuleContext) => Headers | undefined {
  return side === 'request' ? ctx => ctx.request?.headers : ctx => ctx.response?.headers;
}

/** Spends room for a head that grows by so many bytes (negative: shrinks); false: it would not fit. */
export function fits(ctx: RuleContext, side: MessageSide, bytes: number): boolean {
  const room = (side === 'request' ? ctx.requestRoom : ctx.responseRoom) - bytes;
  if (room < 0 && bytes > 0) return false;
  if (side === 'request') ctx.requestRoom = room;
  else ctx.responseRoom = room;
  return true;
}

/** Bytes that the fields of one name take. */
export function sizeOf(headers: Headers, lowerName: string, hash: number): number {
  let size = 0;
  for (let at = headers.find(lowerName, 0, hash); at >= 0; at = headers.find(lowerName, at + 1, hash))
    size += lowerName.length + headers.valueAt(at).length + 4;
  return size;
}

export function failedRewrite(ctx: RuleContext): Verdict {
  ctx.countFailedRewrite();
  return ctx.softRewrites ? CONTINUE : INTERNAL_ERROR;
}

/** After rules gave a request another Host: a target that names an authority names this one (RFC 9112, section 3.2.2). */
export function followHost(ctx: RuleContext, side: MessageSide, lowerName: string, value: string): void {
  const head = ctx.request;
  if (lowerName === 'host' && side === 'request' && head !== undefined)
    head.target = withAuthority(head.method, head.target, value);
}
