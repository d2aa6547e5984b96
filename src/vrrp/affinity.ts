/**
 * `vrrp_cpu_affinity`, `checker_cpu_affinity`: the processors that a process and what it starts may use (sched_setaffinity(2)). Called
 * at the start and at reloads.
 */
import { readdirSync } from 'node:fs';
import { loadKoffi } from '../net/system-calls.ts';
import type { Log } from './log.ts';

const MASK_BYTES = 128;

/** What the process was started with, as soon as that has been changed. */
let original: Buffer | undefined;

/** Without processors: those it was started with. */
export function keepToProcessors(processors: readonly number[] | undefined, log: Log): void {
  if (processors === undefined && original === undefined) return;
  original ??= ownMask();
  const mask = processors === undefined ? original : maskOf(processors);
  const trouble = allThreads(mask);
  if (trouble !== 0) log('warning', `cpu_affinity ${processors?.join(' ') ?? ''}: error ${trouble}`);
}

function maskOf(processors: readonly number[]): Buffer {
  const mask = Buffer.alloc(MASK_BYTES);
  for (const processor of processors) {
    const at = processor >> 3;
    mask[at] = (mask[at] ?? 0) | (1 << (processor & 7));
  }
  return mask;
}

function ownMask(): Buffer {
  const mask = Buffer.alloc(MASK_BYTES);
  const call = loadKoffi()
    .load(null)
    .func('int sched_getaffinity(int thread, unsigned long size, void *mask)');
  call(0, MASK_BYTES, mask);
  return mask;
}

/** 0, or the last errno: a thread may have ended meanwhile, but not the first one. */
function allThreads(mask: Buffer): number {
  const koffi = loadKoffi();
  const call = koffi
    .load(null)
    .func('int sched_setaffinity(int thread, unsigned long size, const void *mask)');
  const others = readdirSync('/proc/self/task').map(Number);
  for (const thread of others) call(thread, MASK_BYTES, mask);
  return call(0, MASK_BYTES, mask) === 0 ? 0 : koffi.errno();
}
