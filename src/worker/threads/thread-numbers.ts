/** Facts of the process as a data thread knows them, for the statistics page and the metrics it serves. */
import { getHeapStatistics } from 'node:v8';
import { monotonicMs } from '../../base/clock.ts';
import { residentBytes } from '../../base/resident-memory.ts';
import { programVersion } from '../../base/version.ts';
import type { ProcessNumbers } from '../../stats/process-numbers.ts';
import { IdleMeter } from '../process/idle-meter.ts';
import { mostConnections, mostOpenFiles } from '../process/process-numbers.ts';

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
    memory: () => {
      const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
      const allocatedBytes = residentBytes();
      // what threads share counts as external from its first byte on, though little of it may have been touched
      return { allocatedBytes, usedBytes: Math.min(allocatedBytes, heap + external) };
    },
  };
}
