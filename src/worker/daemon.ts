/**
 * `daemon` and -D: the process starts itself again in the background and waits until that one serves, so that a
 * start that fails is seen by whoever started it.
 */
import { spawn } from 'node:child_process';

/** Ends with the exit code for the foreground process. */
export async function runInBackground(argv: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, ...argv, '-db'], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise(resolve => {
    child.once('message', () => {
      child.disconnect();
      child.unref();
      resolve(0);
    });
    child.once('exit', code => resolve(code ?? 1));
    child.once('error', () => resolve(1));
  });
}

/** In the background process: all sockets are bound. */
export function tellStarted(): void {
  if (process.send !== undefined) process.send('started');
}
