/** A server in a process of its own (victim-program.ts) that is killed, stopped and slowed, and what it was asked. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('victim-program.js', import.meta.url));
const PATIENCE_MS = 60_000;

export class Victim {
  readonly port: number;
  /** How often each request arrived. */
  readonly asked = new Map<string, number>();
  readonly #slowMs: number;
  #process: ChildProcess | undefined;
  #lines: string[] = [];

  /** `slowMs`: how long a slow one takes to answer. */
  constructor(t: TestContext, port: number, slowMs: number) {
    this.port = port;
    this.#slowMs = slowMs;
    t.after(() => this.kill());
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, String(this.port), String(this.#slowMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    let rest = '';
    child.stdout.on('data', chunk => {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#heard(line);
    });
    await this.#says('listening');
  }

  /** Its connections end with it. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  /** It accepts (the kernel does), and says nothing. */
  hang(): void {
    this.#process?.kill('SIGSTOP');
  }

  wake(): void {
    this.#process?.kill('SIGCONT');
  }

  slowDown(): Promise<void> {
    this.#process?.kill('SIGUSR2');
    return this.#says('slow');
  }

  speedUp(): Promise<void> {
    this.#process?.kill('SIGUSR2');
    return this.#says('well');
  }

  #heard(line: string): void {
    const id = line.startsWith('asked ') ? line.slice('asked '.length) : undefined;
    if (id === undefined) this.#lines.push(line);
    else this.asked.set(id, (this.asked.get(id) ?? 0) + 1);
  }

  async #says(line: string): Promise<void> {
    for (const deadline = Date.now() + PATIENCE_MS; this.#lines.shift() !== line; await sleep(5))
      if (Date.now() > deadline) throw new Error(`the server on port ${this.port} does not say ${line}`);
  }
}
