/**
 * The order of a stop (manual, `grace` and `hard-stop-after`). control.ts runs it and does what the steps mean.
 *
 *   softStop ─▶ announce ─ grace ─▶ drain ─ hard-stop-after ─▶ cut        stop ─▶ cut
 */
interface StopSteps {
  readonly graceMs: number;
  /** 0: for as long as it takes. */
  readonly hardStopAfterMs: number;
  /** The sample `stopping` becomes true; everything goes on as before. */
  readonly announce: () => void;
  /** No new connections; what runs is finished. */
  readonly drain: () => void;
  /** Soft stop took too long. */
  readonly tooLong: () => void;
  /** Connections are cut. */
  readonly cut: () => void;
}

export class StopSequence {
  readonly #steps: StopSteps;
  #phase: 'running' | 'announced' | 'draining' | 'cut' = 'running';

  constructor(steps: StopSteps) {
    this.#steps = steps;
  }

  /** A soft stop was asked for. */
  get announced(): boolean {
    return this.#phase !== 'running';
  }

  /** Threads that end now are not replaced. */
  get ending(): boolean {
    return this.#phase === 'draining' || this.#phase === 'cut';
  }

  softStop(): void {
    if (this.#phase !== 'running') return;
    this.#phase = 'announced';
    this.#steps.announce();
    const { graceMs } = this.#steps;
    if (graceMs === 0) this.#drain();
    else setTimeout(() => this.#drain(), graceMs).unref();
  }

  #drain(): void {
    if (this.ending) return;
    this.#phase = 'draining';
    this.#steps.drain();
    const { hardStopAfterMs, tooLong } = this.#steps;
    if (hardStopAfterMs === 0) return;
    setTimeout(() => {
      if (this.#phase === 'cut') return;
      tooLong();
      this.stop();
    }, hardStopAfterMs).unref();
  }

  stop(): void {
    if (this.#phase === 'cut') return;
    this.#phase = 'cut';
    this.#steps.cut();
  }
}
