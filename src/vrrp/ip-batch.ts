/**
 * Runs lines of `ip -force -batch -`, one batch after the other. For what is rare and has many words of its own:
 * virtual routes and rules. Addresses go through rtnetlink instead.
 */
import { spawn, spawnSync } from 'node:child_process';

/** A kernel that hangs must not hang us. */
const LIMIT_MS = 5000;
/** A line for IPv6 begins with it, as a command of `ip` does; inside of a batch `ip` knows no options. */
const IPV6 = '-6 ';
/** What `ip` ends with when it does not understand a line. */
const GAVE_UP = 255;
/** What was done before. */
const DONE_ALREADY = /(?:File exists|No such process|No such file or directory|FIB table does not exist\.)$/;

interface Batch {
  readonly words: readonly string[];
  readonly lines: readonly string[];
}

export class IpBatch {
  readonly #onError: (message: string) => void;
  readonly #told = new Set<string>();
  #queue: Promise<void> = Promise.resolve();

  constructor(onError: (message: string) => void) {
    this.#onError = onError;
  }

  run(lines: readonly string[]): Promise<void> {
    return this.#enqueue(lines, this.#onError);
  }

  /** Lines of which some are done already, as often as it may be: what cannot be done is told of once. */
  ensure(lines: readonly string[]): Promise<void> {
    return this.#enqueue(lines, message => {
      if (DONE_ALREADY.test(message) || this.#told.has(message)) return;
      this.#told.add(message);
      this.#onError(message);
    });
  }

  #enqueue(lines: readonly string[], onError: (message: string) => void): Promise<void> {
    for (const batch of batchesOf(lines)) this.#queue = this.#queue.then(() => runBatch(batch, onError));
    return this.#queue;
  }

  /** For a process that ends now. */
  runNow(lines: readonly string[]): void {
    for (const batch of batchesOf(lines)) runBatchNow(batch);
  }
}

function runBatchNow(batch: Batch): void {
  const { words, lines } = batch;
  const { status } = spawnSync('ip', words, {
    input: textOf(batch),
    timeout: LIMIT_MS,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  if (status === GAVE_UP && lines.length > 1) for (const line of lines) runBatchNow({ words, lines: [line] });
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

/**
 * A line whose words `ip` does not understand ends it, whatever `-force` says, and it does not say which: then each line
 * has a batch of its own. What was done already is there.
 */
async function runBatch(batch: Batch, onError: (message: string) => void): Promise<void> {
  const { lines, words } = batch;
  const { code, errors } = await runIp(batch, onError);
  if (code !== GAVE_UP) for (const message of explain(errors, lines)) onError(message);
  else if (lines.length === 1) onError(`ip ${lines[0] ?? ''}: ${firstLine(errors)}`);
  else
    for (const line of lines)
      await runBatch({ words, lines: [line] }, message => {
        if (!DONE_ALREADY.test(message)) onError(message);
      });
}

interface Ended {
  readonly code: number | null;
  readonly errors: string;
}

function runIp(batch: Batch, onError: (message: string) => void): Promise<Ended> {
  return new Promise(resolve => {
    const child = spawn('ip', batch.words, {
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: LIMIT_MS,
    });
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.once('error', error => {
      onError(`ip: ${error.message}`);
      resolve({ code: null, errors: '' });
    });
    child.once('close', code => resolve({ code, errors }));
    child.stdin.on('error', () => {});
    child.stdin.end(textOf(batch));
  });
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
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
