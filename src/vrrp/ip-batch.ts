/**
 * Runs lines of `ip -force -batch -`, one batch after the other. For what is rare and has many words of its own:
 * virtual routes and rules. Addresses go through rtnetlink instead.
 */
import { spawn, spawnSync } from 'node:child_process';

/** A kernel that hangs must not hang us. */
const LIMIT_MS = 5000;
/** A line for IPv6 begins with it, as a command of `ip` does; inside of a batch `ip` knows no options. */
const IPV6 = '-6 ';

interface Batch {
  readonly words: readonly string[];
  readonly lines: readonly string[];
}

export class IpBatch {
  readonly #onError: (message: string) => void;
  #queue: Promise<void> = Promise.resolve();

  constructor(onError: (message: string) => void) {
    this.#onError = onError;
  }

  run(lines: readonly string[]): Promise<void> {
    for (const batch of batchesOf(lines))
      this.#queue = this.#queue.then(() => runBatch(batch, this.#onError));
    return this.#queue;
  }

  /** For a process that ends now. */
  runNow(lines: readonly string[]): void {
    for (const batch of batchesOf(lines))
      spawnSync('ip', batch.words, {
        input: textOf(batch),
        timeout: LIMIT_MS,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
  }
}

/** One a family; what has no family goes with IPv4. */
function batchesOf(lines: readonly string[]): Batch[] {
  const words = ['-force', '-batch', '-'];
  const of6 = lines.filter(line => line.startsWith(IPV6)).map(line => line.slice(IPV6.length));
  const others = lines.filter(line => !line.startsWith(IPV6));
  return [
    { words, lines: others },
    { words: ['-6', ...words], lines: of6 },
  ].filter(batch => batch.lines.length > 0);
}

function textOf({ lines }: Batch): string {
  return lines.map(line => `${line}\n`).join('');
}

function runBatch(batch: Batch, onError: (message: string) => void): Promise<void> {
  return new Promise(resolve => {
    const child = spawn('ip', batch.words, {
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
      for (const message of explain(errors, batch.lines)) onError(message);
      resolve();
    });
    child.stdin.on('error', () => {});
    child.stdin.end(textOf(batch));
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
