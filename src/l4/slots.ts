/**
 * Schedulers as tables: whom the next connections go to, as indexes of servers. A table is walked round and round, or
 * looked into by a hash. Weights below 1 get nothing. Pure; called by selection.ts.
 */

/** A longer walk is shortened, by weights that are nearly the same in proportion. */
const MOST_SLOTS = 1024;
/** IP_VS_SH_TAB_SIZE and the table of mh in its usual size, a prime number. */
export const HASH_SLOTS = 256;
export const MAGLEV_SLOTS = 251;

type Weights = readonly number[];

function usable(weights: Weights): number[] {
  return [...weights.keys()].filter(index => (weights[index] ?? 0) > 0);
}

export function roundRobin(weights: Weights): number[] {
  return usable(weights);
}

/** As the kernel's wrr takes turns: those of the highest weight alone first, the others join as it goes down. */
export function weightedRoundRobin(weights: Weights): number[] {
  const shares = sharesOf(weights);
  const slots: number[] = [];
  for (let level = Math.max(0, ...shares); level > 0; level--)
    for (const [index, share] of shares.entries()) if (share >= level) slots.push(index);
  return slots;
}

/** The smallest whole numbers of the same proportion. */
function sharesOf(weights: Weights): number[] {
  const positive = weights.map(weight => Math.max(0, weight));
  const divisor = positive.reduce(greatestCommonDivisor, 0) || 1;
  const shares = positive.map(weight => weight / divisor);
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (total <= MOST_SLOTS) return shares;
  return shares.map(share => (share === 0 ? 0 : Math.max(1, Math.round((share * MOST_SLOTS) / total))));
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other);
}

/** fo: the first one of the highest weight. */
export function failOver(weights: Weights): number[] {
  const candidates = usable(weights);
  const highest = Math.max(...candidates.map(index => weights[index] ?? 0));
  return candidates.filter(index => weights[index] === highest).slice(0, 1);
}

/** sh and dh: each server as often in a row as its weight says, until the table is full. */
export function hashTable(weights: Weights): number[] {
  const order = usable(weights);
  if (order.length === 0) return [];
  const shares = sharesOf(weights);
  const round = order.flatMap(index => Array<number>(shares[index] ?? 1).fill(index));
  return Array.from({ length: HASH_SLOTS }, (_, slot) => round[slot % round.length] as number);
}

/**
 * mh (Maglev): every server walks the table in an order of its own, which `keys` decide, and takes what is free; when
 * one goes away nearly all others keep what they have.
 */
export function maglevTable(weights: Weights, keys: readonly number[]): number[] {
  const order = usable(weights);
  if (order.length === 0) return [];
  const shares = sharesOf(weights);
  const table = Array<number>(MAGLEV_SLOTS).fill(-1);
  const steps = Array<number>(weights.length).fill(0);
  for (let filled = 0; filled < MAGLEV_SLOTS;)
    for (const index of order)
      for (let turn = shares[index] ?? 1; turn > 0 && filled < MAGLEV_SLOTS; turn--, filled++)
        takeFree(table, steps, index, keys[index] ?? 0);
  return table;
}

function takeFree(table: number[], steps: number[], index: number, key: number): void {
  const offset = key % MAGLEV_SLOTS;
  const skip = (Math.floor(key / MAGLEV_SLOTS) % (MAGLEV_SLOTS - 1)) + 1;
  for (;;) {
    const slot = (offset + (steps[index] as number) * skip) % MAGLEV_SLOTS;
    steps[index] = (steps[index] as number) + 1;
    if (table[slot] !== -1) continue;
    table[slot] = index;
    return;
  }
}
