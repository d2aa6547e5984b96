/**
 * Processor time of a piece of work: unlike wall-clock time, it does not grow when the machine is busy with other
 * things. The least of a few runs, so that a garbage collection or a compilation in one of them does not count.
 */
const RUNS = 4;

export function processorMs(run: () => void, atMost: number): number {
  let least = Infinity;
  for (let count = 0; count < RUNS && least > atMost; count++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
