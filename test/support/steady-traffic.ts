/** Even traffic from a process of its own (steady-traffic-program.ts). */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Tally } from './steady-traffic-program.ts';

const PROGRAM = fileURLToPath(new URL('steady-traffic-program.js', import.meta.url));

const PATIENCE_MS = 60_000;

export class SteadyTraffic {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #said = '';

  private constructor(t: TestContext, port: number, requestsASecond: number) {
    const child = spawn(process.execPath, [PROGRAM, String(port), String(requestsASecond)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.on('data', chunk => (this.#said += String(chunk)));
    t.after(() => child.kill('SIGKILL'));
    this.#process = child;
    this.#ended = once(child, 'close');
  }

  /** Returns when it has begun. */
  static async begin(t: TestContext, port: number, requestsASecond: number): Promise<SteadyTraffic> {
    const traffic = new SteadyTraffic(t, port, requestsASecond);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await once(traffic.#process.stdout as NodeJS.ReadableStream, 'data', { signal });
    return traffic;
  }

  /** Waits for the requests under way. */
  async end(): Promise<Tally> {
    this.#process.kill('SIGTERM');
    const late = setTimeout(() => this.#process.kill('SIGKILL'), PATIENCE_MS);
    await this.#ended;
    clearTimeout(late);
    return JSON.parse(this.#said.split('\n').at(-2) ?? '') as Tally;
  }
}
