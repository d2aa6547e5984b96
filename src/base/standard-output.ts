/**
 * What is printed may be lost: the disk behind it is full, its reader went away. As with any daemon, that is no
 * reason to end. main.ts calls this before anything is printed.
 */
export function surviveLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

interface WithHandle {
  readonly isTTY?: boolean;
  readonly _handle?: { setBlocking?(blocking: boolean): unknown };
}

/**
 * Whether what is printed into a pipe waits for its reader. While it does, nothing is cut when the process ends right
 * behind a long list of mistakes: a pipe takes 64 KiB, the rest would be given up. A process that serves must not wait.
 * Terminals wait in any case, files never have to.
 */
export function waitForReaders(wait: boolean): void {
  for (const stream of [process.stdout, process.stderr] as readonly WithHandle[])
    if (stream.isTTY !== true) stream._handle?.setBlocking?.(wait);
}
