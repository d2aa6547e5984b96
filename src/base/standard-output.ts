/**
 * What is printed may be lost: the disk behind it is full, its reader went away. As with any daemon, that is no
 * reason to end. main.ts calls this before anything is printed.
 */
export function surviveLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
