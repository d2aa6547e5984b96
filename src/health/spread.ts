/** Keeps checks apart in time (manual, `spread-checks`, `max-spread-checks`): pure. */

/** Servers checked more often than this do not shorten the time over which all are started. */
const SHORT_INTER_MS = 1000;

/** When each check is first run: over the shortest common interval, in the order of the configuration. */
export function startDelays(
  intervalsMs: readonly number[],
  mostMs: number,
  spread: (delayMs: number) => number,
): number[] {
  const long = intervalsMs.filter(interval => interval >= SHORT_INTER_MS);
  const shortest = long.length === 0 ? 0 : Math.min(...long);
  return intervalsMs.map((interval, position) => {
    const over = spread(Math.max(shortest, interval));
    const limited = mostMs > 0 ? Math.min(over, mostMs) : over;
    return Math.floor((limited * position) / intervalsMs.length);
  });
}

/** `percent` more or less, as `random` (0 to 1) says. */
export function spreadDelay(delayMs: number, percent: number, random: number): number {
  return delayMs + ((delayMs * percent) / 100) * (1 - 2 * random);
}
