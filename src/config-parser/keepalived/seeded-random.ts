/**
 * `random_seed` (keepalived.conf(5)): `${_RANDOM}` is the same each time a file is read. The numbers are those that random(3)
 * of the C library gives after srandom(3), an additive generator: each is the sum of those 3 and 31 before it.
 */
const DEGREE = 31;
const SEPARATION = 3;
/** The first ones are thrown away. */
const WARM_UP = 10 * DEGREE;
const MODULUS = 2_147_483_647;

/** Integers from 0 to 2^31 - 1. */
export function seededRandom(seed: number): () => number {
  const state = firstState(seed | 0);
  let at = 0;
  const next = (): number => {
    const front = (at + SEPARATION) % DEGREE;
    const sum = ((state[front] ?? 0) + (state[at] ?? 0)) >>> 0;
    state[front] = sum;
    at = (at + 1) % DEGREE;
    return sum >>> 1;
  };
  for (let thrown = 0; thrown < WARM_UP; thrown++) next();
  return next;
}

/** By the generator of Park and Miller, without an overflow of 32 bits. */
function firstState(seed: number): number[] {
  const state = [seed === 0 ? 1 : seed];
  for (let count = 1; count < DEGREE; count++) {
    const before = state[count - 1] ?? 0;
    const high = Math.trunc(before / 127_773);
    const word = 16_807 * (before % 127_773) - 2836 * high;
    state.push(word < 0 ? word + MODULUS : word);
  }
  return state;
}
