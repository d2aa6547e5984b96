/** What `Accept-Encoding` asks for (RFC 9110 section 12.5.3), weighed as HAProxy weighs it. */
import type { Headers } from './head.ts';
import { listItems } from './list-items.ts';

/** `*` or a token, and the weight in thousandths; without a weight 1000. */
const ITEM = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:.*?;[ \t]*q=([0-9.]*))?/;

function weightOf(text: string | undefined): number {
  if (text === undefined) return 1000;
  const weight = Number.parseFloat(text);
  return Number.isNaN(weight) ? 0 : Math.min(1000, Math.floor(weight * 1000 + 0.5));
}

/**
 * The place, in a list of offered codings, of the one the client likes best; -1: none. `*` stands for the first one.
 * Of equal weights the first that is asked for counts.
 */
export function preferredCoding(headers: Headers, offered: readonly string[]): number {
  let best = -1;
  let bestWeight = 0;
  for (const item of listItems(headers, 'accept-encoding')) {
    const [, token, weightText] = ITEM.exec(item) ?? [];
    if (token === undefined) continue;
    const weight = weightOf(weightText);
    if (weight <= bestWeight) continue;
    const place = token === '*' ? 0 : offered.indexOf(token.toLowerCase());
    if (place < 0) continue;
    best = place;
    bestWeight = weight;
  }
  return best;
}
