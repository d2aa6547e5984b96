/** Numbers of routes and rules that `ip` would refuse, and the whole entry with them. Called by route-entry.ts. */

const MOST_32 = 4_294_967_295;

/** As keepalived has them; the least is 0. */
const MOST: ReadonlyMap<string, number> = new Map(
  Object.entries({
    metric: MOST_32,
    priority: MOST_32,
    preference: MOST_32,
    order: MOST_32,
    mtu: MOST_32,
    hoplimit: 255,
    advmss: MOST_32,
    reordering: MOST_32,
    window: MOST_32,
    cwnd: MOST_32,
    ssthresh: MOST_32,
    initcwnd: MOST_32,
    initrwnd: MOST_32,
    quickack: 1,
    weight: 256,
  }),
);

/** Why the value cannot stand behind the word; undefined: it can, or is no number. */
export function numberTrouble(word: string, value: string | undefined): string | undefined {
  const most = MOST.get(word);
  if (most === undefined || (value !== undefined && /^\d+$/.test(value) && Number(value) <= most))
    return undefined;
  return `${word} '${value ?? ''}' must be an integer from 0 to ${most}`;
}
