/** -sf and -st: once this process serves, those before it finish, or end. */
import type { Options } from '../config-parser/command-line.ts';

export function replaceOldProcesses({ oldProcesses }: Options): void {
  if (oldProcesses === undefined) return;
  for (const pid of oldProcesses.pids) {
    try {
      process.kill(pid, oldProcesses.signal);
    } catch {
      // gone already, as it should be
    }
  }
}
