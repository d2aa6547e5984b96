/**
 * `daemon` and -D: the process starts itself again in the background and waits until that one serves, so that a
 * start that fails is seen by whoever started it. Until then its output is passed on; a daemon has none, so that nobody
 * who reads to the end of it (`$(lb -D …)`, ssh) waits for the daemon's end (manual of management, -D).
 */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

/** Ends with the exit code for the foreground process. */
export async function runInBackground(argv: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, ...argv, '-db'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const passedOn = passOn(child.stdout, child.stderr);
  const code = await new Promise<number>(resolve => {
    child.once('message', () => resolve(0));
    child.once('exit', code => resolve(code ?? 1));
    child.once('error', () => resolve(1));
  });
  await passedOn();
  return code;
}

/** Gives what resolves when all that has been written by now is passed on. */
function passOn(stdout: Readable | null, stderr: Readable | null): () => Promise<void> {
  let chunks = 0;
  const pass = (from: Readable | null, to: NodeJS.WriteStream): void => {
    from?.on('data', (chunk: Buffer) => {
      chunks++;
      to.write(chunk);
    });
  };
  pass(stdout, process.stdout);
  pass(stderr, process.stderr);
  return async () => {
    // it is in the pipes: a whole turn of the loop reads it
    for (let before = -1; before !== chunks;) {
      before = chunks;
      await turn();
      await turn();
    }
  };
}

/** In the background process: all sockets are bound. */
export function tellStarted(): void {
  if (process.send !== undefined) process.send('started');
}
