/** Facts of the process for `show info`, as the control thread knows them; those of its threads are asked for. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { monotonicMs } from '../../base/clock.ts';
import { ProcFile } from '../../base/proc-file.ts';
import { residentBytes } from '../../base/resident-memory.ts';
import { programVersion } from '../../base/version.ts';
import type { ThreadNumbers } from '../../admin/runtime.ts';
import type { Config } from '../../model/config.ts';
import type { ProcessNumbers } from '../../stats/process-numbers.ts';

const ownStat = new ProcFile('/proc/thread-self/stat');

/** What this thread used of a processor: the kernel counts in hundredths of a second. */
export function threadBusyMs(): number {
  const [, rest] = ownStat.read().split(') ');
  if (rest === undefined) return 0;
  const fields = rest.split(' ');
  return 10 * (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]));
}

/** Places behind the name of the thread (proc(5)). */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

interface NumbersSource {
  readonly config: Config;
  readonly startTimeMs: number;
  readonly stopping: () => boolean;
  readonly engine: () => string;
  /** Log lines that the control thread could not send. */
  readonly lostLines: () => number;
}

/** Descriptors kept for listeners, logs, checks and the runtime's own needs. */
const RESERVED_FILES = 64;
const FILES_PER_CONNECTION = 2;

/** `maxconn`, or what the descriptors allow where it is not said. */
export function mostConnections(maxconn: number, maxFiles: number): number {
  if (maxconn !== 0) return maxconn;
  return Math.max(0, Math.floor((maxFiles - RESERVED_FILES) / FILES_PER_CONNECTION));
}

export class ControlNumbers implements ProcessNumbers {
  readonly pid = process.pid;
  readonly node: string;
  readonly version = programVersion();
  readonly startTimeMs: number;
  readonly maxFiles = mostOpenFiles();
  readonly maxConnections: number;
  bootTimeMs = 0;
  readonly #source: NumbersSource;
  #threads: readonly ThreadNumbers[] = [];
  #refreshedMs = monotonicMs();
  /** Since they were last asked. */
  #idlePercent = 100;

  constructor(source: NumbersSource) {
    const { node, maxconn } = source.config.global;
    this.#source = source;
    this.node = node ?? hostname();
    this.startTimeMs = source.startTimeMs;
    this.maxConnections = mostConnections(maxconn, this.maxFiles);
  }

  get engine(): string {
    return this.#source.engine();
  }

  /** What the threads said of themselves; as of now. */
  refresh(threads: readonly ThreadNumbers[]): void {
    const now = monotonicMs();
    const used = busy(threads) - busy(this.#threads);
    const had = (now - this.#refreshedMs) * threads.length;
    if (had > 0) this.#idlePercent = Math.round(Math.min(100, Math.max(0, 100 - (100 * used) / had)));
    this.#threads = threads;
    this.#refreshedMs = now;
  }

  stopping(): boolean {
    return this.#source.stopping();
  }
  idlePercent(): number {
    return this.#idlePercent;
  }
  droppedLogs(): number {
    return this.#threads.reduce((sum, { droppedLogs }) => sum + droppedLogs, this.#source.lostLines());
  }
  memory(): { readonly allocatedBytes: number; readonly usedBytes: number } {
    const own = getHeapStatistics().used_heap_size;
    const usedBytes = this.#threads.reduce((sum, thread) => sum + thread.usedBytes, own);
    return { allocatedBytes: residentBytes(), usedBytes };
  }
}

function busy(threads: readonly ThreadNumbers[]): number {
  return threads.reduce((sum, { busyMs }) => sum + busyMs, 0);
}

/** The soft limit of open descriptors. */
export function mostOpenFiles(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
