/** Physical memory of the process. Node's own number needs /proc by its name, and throws inside a chroot. */
import { ProcFile } from './proc-file.ts';

const status = new ProcFile('/proc/self/status');

/** Bytes; 0 where the system does not tell. */
export function residentBytes(): number {
  return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(status.read())?.[1] ?? 0);
}
