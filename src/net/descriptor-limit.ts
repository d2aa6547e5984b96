/** How many open files the process may have: what engines keep their accepting within. */
import { readFileSync } from 'node:fs';

/** RLIMIT_NOFILE, which Node has raised to the hard limit at its start. */
export function descriptorLimit(): number {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    return line === null ? Infinity : Number(line[1]);
  } catch {
    return Infinity;
  }
}
