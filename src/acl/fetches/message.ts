/** Which message a word reads, and waiting for it while a TCP stream is still inspected. */
import type { RequestHead, ResponseHead } from '../../http/head.ts';
import type { SampleContext } from '../context.ts';

export function requestOf(ctx: SampleContext): RequestHead | undefined {
  const head = ctx.request;
  if (head !== undefined) return head;
  const raw = ctx.rawRequest?.read();
  if (typeof raw === 'object') return raw;
  if (!ctx.final && raw !== 'other') ctx.needMoreData = true;
  return undefined;
}

export function responseOf(ctx: SampleContext): ResponseHead | undefined {
  const head = ctx.response;
  if (head === undefined && !ctx.final) ctx.needMoreData = true;
  return head;
}

/** `1.1` of 11. */
export function renderVersion(version: number): string {
  return `${Math.floor(version / 10)}.${version % 10}`;
}
