/** How busy the process is, for `show info`, the statistics page and the samples cpu_usage_*. */

/** Processor time used between two askings at least a second apart, over all threads that carry traffic. */
export class IdleMeter {
  readonly #threads: number;
  #usage = process.cpuUsage();
  #at = performance.now();
  #percent = 100;

  constructor(threads: number) {
    this.#threads = threads;
  }

  percent(): number {
    const elapsedMs = performance.now() - this.#at;
    if (elapsedMs < 1000) return this.#percent;
    const { user, system } = process.cpuUsage(this.#usage);
    const busy = (user + system) / 1000 / elapsedMs / this.#threads;
    this.#percent = Math.max(0, Math.min(100, Math.round(100 * (1 - busy))));
    this.#usage = process.cpuUsage();
    this.#at = performance.now();
    return this.#percent;
  }
}
