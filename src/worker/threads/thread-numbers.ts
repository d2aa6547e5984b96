/** Facts of the process as a data thread knows them, for the statistics page and the metrics it serves. */
import { getHeapStatistics } from 'node:v8';
import { monotonicMs } from '../../base/clock.ts';
import { residentBytes } from '../../base/resident-memory.ts';
import { programVersion } from '../../base/version.ts';
import type { ProcessNumbers } from '../../stats/process-numbers.ts';
import { IdleMeter } from '../process/idle-meter.ts';
import { mostConnections, mostOpenFiles } from '../process/process-numbers.ts';

/** An answer takes less. */
const TOGETHER_MS = 1000;

interface ThreadNumbersSource {
  readonly node: string;
  readonly startTimeMs: number;
  /** `maxconn` of the process, 0: not said. */
  readonly maxconn: number;
  readonly nbthread: number;
  readonly engine: string;
  readonly stopping: () => boolean;
  readonly droppedLogs: () => number;
}

export function threadNumbers(source: ThreadNumbersSource): ProcessNumbers {
  const { node, startTimeMs, engine, stopping, droppedLogs } = source;
  const maxFiles = mostOpenFiles();
  const idle = new IdleMeter(source.nbthread);
  return {
    pid: process.pid,
    node,
    version: programVersion(),
    startTimeMs,
    bootTimeMs: monotonicMs(),
    maxFiles,
    maxConnections: mostConnections(source.maxconn, maxFiles),
    engine,
    stopping,
    droppedLogs,
    idlePercent: () => idle.percent(),
    memory: measuredTogether(),
  };
}

/** What it answers belongs together: who asks for both of them asks twice. */
function measuredTogether(): ProcessNumbers['memory'] {
  let measured = { allocatedBytes: 0, usedBytes: 0 };
  let measuredAt = -Infinity;
  return () => {
    const now = monotonicMs();
    if (now - measuredAt < TOGETHER_MS) return measured;
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    const allocatedBytes = residentBytes();
    // what threads share counts as external from its first byte on, though little of it may have been touched
    measured = { allocatedBytes, usedBytes: Math.min(allocatedBytes, heap + external) };
    measuredAt = now;
    return measured;
  };
}
