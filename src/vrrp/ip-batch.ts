/**
 * Runs lines of `ip -force -batch -`, one batch after the other. For what is rare and has many words of its own:
 * virtual routes and rules. Addresses go through rtnetlink instead.
 */
import { spawn, spawnSync } from 'node:child_process';

/** A kernel that hangs must not hang us. */
const LIMIT_MS = 5000;

export class IpBatch {
  readonly #onError: (message: string) => void;
  #queue: Promise<void> = Promise.resolve();

  constructor(onError: (message: string) => void) {
    this.#onError = onError;
  }

  run(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return this.#queue;
    this.#queue = this.#queue.then(() => runBatch(lines, this.#onError));
    return this.#queue;
  }

  /** For a process that ends now. */
  runNow(lines: readonly string[]): void {
    if (lines.length === 0) return;
    spawnSync('ip', ['-force', '-batch', '-'], {
      input: textOf(lines),
      timeout: LIMIT_MS,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }
}

function textOf(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('');
}

function runBatch(lines: readonly string[], onError: (message: string) => void): Promise<void> {
  return new Promise(resolve => {
    const child = spawn('ip', ['-force', '-batch', '-'], {
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: LIMIT_MS,
    });
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.once('error', error => {
      onError(`ip: ${error.message}`);
      resolve();
    });
    child.once('close', () => {
      for (const message of explain(errors, lines)) onError(message);
      resolve();
    });
    child.stdin.on('error', () => {});
    child.stdin.end(textOf(lines));
  });
}

/** `Command failed -:N` follows the reason: put the line beside it. */
function explain(errors: string, lines: readonly string[]): string[] {
  const messages: string[] = [];
  let reason = '';
  for (const line of errors.split('\n')) {
    const failed = /^Command failed .*:(\d+)$/.exec(line.trim());
    if (failed === null) reason = line.trim() === '' ? reason : line.trim();
    else messages.push(`ip ${lines[Number(failed[1]) - 1] ?? ''}: ${reason}`);
  }
  return messages;
}
