/** How long this process could not run although it had to: what a busy machine takes from the times of a test. */
import type { TestContext } from 'node:test';

const TICK_MS = 10;
/** What a timer is late anyway. */
const USUAL_MS = 3;

export class LostTime {
  totalMs = 0;

  constructor(t: TestContext) {
    let before = performance.now();
    const ticking = setInterval(() => {
      const now = performance.now();
      this.totalMs += Math.max(0, now - before - TICK_MS - USUAL_MS);
      before = now;
    }, TICK_MS);
    t.after(() => clearInterval(ticking));
  }
}
