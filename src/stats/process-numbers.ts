/** Facts of the process for `show info` and the page's head; the worker fills them in. */
export interface ProcessNumbers {
  readonly pid: number;
  readonly node: string;
  readonly version: string;
  readonly startTimeMs: number;
  /** From the start to the first accept. */
  readonly bootTimeMs: number;
  readonly maxFiles: number;
  /** Connections the process takes, after all limits. */
  readonly maxConnections: number;
  readonly engine: string;
  stopping(): boolean;
  droppedLogs(): number;
  /** Share of the last second in which the process waited, 0..100. */
  idlePercent(): number;
  memory(): { readonly allocatedBytes: number; readonly usedBytes: number };
}

/** For tests and tools that have no process to speak of. */
export const NO_PROCESS: ProcessNumbers = {
  pid: 0,
  node: '',
  version: '',
  startTimeMs: 0,
  bootTimeMs: 0,
  maxFiles: 0,
  maxConnections: 0,
  engine: '',
  stopping: () => false,
  droppedLogs: () => 0,
  idlePercent: () => 100,
  memory: () => ({ allocatedBytes: 0, usedBytes: 0 }),
};
