/** Nanoseconds of one operation: the best of many short rounds, so that what else the machine does weighs little. */
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 60);
const ROUND_NS = 10e6;

/** `warmUp` calls come first: enough for the compiler to have settled. One call is so many operations. */
export function measure(
  name: string,
  operation: (index: number) => void,
  warmUp = 200_000,
  operations = 1,
): number {
  for (let index = 0; index < warmUp; index++) operation(index);
  const count = Math.max(1, Math.round((warmUp / 20) * (ROUND_NS / timeOf(operation, warmUp / 20))));
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++)
    best = Math.min(best, timeOf(operation, count) / count / operations);
  console.log(`${name.padEnd(56)} ${best.toFixed(1).padStart(9)} ns`);
  return best;
}

function timeOf(operation: (index: number) => void, count: number): number {
  const started = process.hrtime.bigint();
  for (let index = 0; index < count; index++) operation(index);
  return Number(process.hrtime.bigint() - started);
}
