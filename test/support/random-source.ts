/** Numbers for tests that try many cases: small, seeded, and the same everywhere. */
export function randomSource(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
}
