/** How long an ordinary process has to wait for a processor on this machine now: what no router can be blamed for. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const PERIOD_MS = 10;

/** A machine that stands still for so long changes masters, keepalived's too: such a round may end in any way. */
export const FROZEN_MS = 150;

export class Lateness {
  readonly #child: ChildProcess = fork(new URL(import.meta.url), ['measure']);

  /** The longest since this was asked last. */
  async take(): Promise<number> {
    const answer = once(this.#child, 'message') as Promise<[number]>;
    this.#child.send('take');
    const [ms] = await answer;
    return Math.round(ms);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

function measure(): void {
  let due = performance.now() + PERIOD_MS;
  let worst = 0;
  setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - due);
    due = now + PERIOD_MS;
  }, PERIOD_MS);
  process.on('message', () => {
    process.send?.(worst);
    worst = 0;
  });
  process.on('disconnect', () => process.exit());
}

if (process.argv[2] === 'measure') measure();
