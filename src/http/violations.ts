/**
 * What `option accept-unsafe-violations-in-http-…` has let pass (manual, section 4.2): a head that was taken is read once
 * more, as if the option were not there.
 */
import type { HeadLimits } from './head-limits.ts';
import { PARSE_ERRORS } from './parse-errors.ts';
import { Http1RequestHead } from './request-head.ts';
import { parseRequestHead } from './request-parser.ts';
import { Http1ResponseHead } from './response-head.ts';
import { parseResponseHead } from './response-parser.ts';

const withoutOption = new WeakMap<HeadLimits, HeadLimits>();
const request = new Http1RequestHead();
const response = new Http1ResponseHead();

/** One object for each, by which heads that come again are known. */
function unrelaxed(limits: HeadLimits): HeadLimits {
  const known = withoutOption.get(limits) ?? { ...limits, relaxed: false };
  withoutOption.set(limits, known);
  return known;
}

/** Why the request in these bytes would have been refused; undefined: it would not. */
export function requestViolation(
  buffer: Buffer,
  start: number,
  end: number,
  limits: HeadLimits,
): string | undefined {
  return reasonOf(parseRequestHead(buffer, start, end, request, unrelaxed(limits)));
}

export function responseViolation(
  buffer: Buffer,
  start: number,
  end: number,
  limits: HeadLimits,
): string | undefined {
  return reasonOf(parseResponseHead(buffer, start, end, response, unrelaxed(limits)));
}

function reasonOf(consumed: number): string | undefined {
  return consumed < 0 ? (PARSE_ERRORS.get(consumed)?.text ?? 'invalid') : undefined;
}
