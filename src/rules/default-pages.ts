/**
 * Answers by status: the page of the backend, else of the frontend, else the built-in one (manual, section 4.2:
 * errorfile). proxy/ makes every error answer with errorReply().
 */
import { errorPage } from '../http/error-pages.ts';
import type { RuleContext } from './context.ts';
import type { Reply, ReplyHeader } from './reply.ts';

/** Statuses that have a page; 200 is that of monitor-uri. */
export const ERROR_STATUSES: readonly number[] = [
  200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501, 502, 503, 504,
];

/** Of the built-in pages; the client sent nothing one could go on with. */
const CLOSING: readonly number[] = [400, 408];

const builtIn = new Map<number, Reply>();

/** The built-in answer, made once. */
function defaultReply(status: number): Reply {
  let reply = builtIn.get(status);
  if (reply === undefined) {
    const page = errorPage(status);
    const body = Buffer.from(page.body, 'latin1');
    const length: ReplyHeader = ['content-length', String(body.length)];
    const headers: ReplyHeader[] = [length, ['cache-control', 'no-cache'], ['content-type', 'text/html']];
    reply = { status, reason: page.reason, headers, body };
    if (CLOSING.includes(status)) reply = { ...reply, closes: true };
    builtIn.set(status, reply);
  }
  return reply;
}

/** What a rule answers for a status; undefined when a page in charge could not be made. */
export function pageByStatus(ctx: RuleContext, status: number): Reply | undefined {
  const page = ctx.backendErrorPages?.get(status) ?? ctx.frontendErrorPages?.get(status);
  return page === undefined ? defaultReply(status) : page(ctx);
}

/** Never fails: a page that cannot be made becomes the built-in 500. */
export function errorReply(ctx: RuleContext, status: number): Reply {
  return pageByStatus(ctx, status) ?? defaultReply(500);
}
