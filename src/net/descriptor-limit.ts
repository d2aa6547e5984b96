/** How many open files the process may have: what engines keep their accepting within. */
import { readdirSync, readFileSync } from 'node:fs';

let limit: number | undefined;

/** RLIMIT_NOFILE, which Node has raised to the hard limit at its start; asked for once, when the first engine is made. */
export function descriptorLimit(): number {
  return (limit ??= readLimit());
}

/**
 * The first descriptor number beyond so many percent of them. Numbers are given from the lowest: who gets this one knows
 * that so many are in use.
 */
export function descriptorsBeyond(percent: number): number {
  return Math.floor((descriptorLimit() * percent) / 100);
}

/** Whether so many more can be had now, as far as /proc tells. */
export function descriptorsLeft(count: number): boolean {
  try {
    return descriptorLimit() - readdirSync('/proc/self/fd').length >= count;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function readLimit(): number {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    return line === null ? Infinity : Number(line[1]);
  } catch {
    return Infinity;
  }
}
