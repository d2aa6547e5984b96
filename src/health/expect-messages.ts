/** What a check says of itself when an expect rule fails or the last one succeeds (as HAProxy words it). */
import type { CheckFacts } from './check-facts.ts';

export interface ExpectWording {
  /** Number of the step, from 1. */
  readonly step: number;
  readonly comment: string | undefined;
  /** `on-error` */
  readonly onError: ((facts: CheckFacts) => string) | undefined;
  /** ` 'x'`, ` (regex)`, ...: what was expected. */
  readonly pattern: string;
  /** Ready-made checks tell nothing of their own patterns. */
  readonly readyMade: boolean;
}

/** `step`: its number, from 1. */
export function emptyText(step: number): string {
  return `TCPCHK got an empty response at step ${step}`;
}

/** `info`: said by the match itself, it wins. */
export function errorText(facts: CheckFacts, wording: ExpectWording, matched: boolean, info = ''): string {
  const { comment } = wording;
  return `${plainError(facts, wording, matched, info)}${comment === undefined ? '' : ` comment: ${comment}`}`;
}

function plainError(
  facts: CheckFacts,
  { step, onError, pattern, readyMade }: ExpectWording,
  matched: boolean,
  info: string,
): string {
  if (info !== '') return info;
  if (onError !== undefined) return onError(facts);
  if (facts.length === 0) return emptyText(step);
  if (readyMade) return '';
  const what = matched ? 'TCPCHK matched unwanted content' : 'TCPCHK did not match content';
  return `${what}${pattern} at step ${step}`;
}
