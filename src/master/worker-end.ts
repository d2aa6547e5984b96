/** How a worker process has ended: what is said of it, and whether it was asked to. */
import { constants } from 'node:os';

export interface WorkerEnd {
  /** The exit code, or 128 and the number of the signal, as shells have it. */
  readonly status: number;
  /** As strsignal(3) says it of a signal. */
  readonly how: string;
  /** By itself or asked to; anything else is a failure (manual, `master-worker no-exit-on-failure`). */
  readonly isExpected: boolean;
}

const DESCRIPTIONS: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: 'Aborted',
  SIGBUS: 'Bus error',
  SIGFPE: 'Floating point exception',
  SIGILL: 'Illegal instruction',
  SIGINT: 'Interrupt',
  SIGKILL: 'Killed',
  SIGSEGV: 'Segmentation fault',
  SIGSYS: 'Bad system call',
  SIGTERM: 'Terminated',
  SIGTRAP: 'Trace/breakpoint trap',
};
const EXPECTED = [0, 128 + constants.signals.SIGINT, 128 + constants.signals.SIGTERM];

export function workerEnd(code: number, signal: NodeJS.Signals | null): WorkerEnd {
  const status = signal === null ? code : 128 + constants.signals[signal];
  const how = signal === null ? 'Exit' : (DESCRIPTIONS[signal] ?? signal);
  return { status, how, isExpected: EXPECTED.includes(status) };
}
