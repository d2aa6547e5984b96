/** Nanoseconds of one operation: the best of some rounds, so that what else runs on the machine weighs little. */
const ROUNDS = 7;

export function measure(name: string, operation: (index: number) => void, count = 200_000): number {
  for (let index = 0; index < count; index++) operation(index);
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const started = process.hrtime.bigint();
    for (let index = 0; index < count; index++) operation(index);
    best = Math.min(best, Number(process.hrtime.bigint() - started) / count);
  }
  console.log(`${name.padEnd(56)} ${best.toFixed(1).padStart(9)} ns`);
  return best;
}
