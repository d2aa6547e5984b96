/** `option redispatch`: on which of its tries a request may leave the server it was sent to. */
import type { BackendRuntime } from '../runtime/runtime.ts';
import type { Transaction } from '../transaction.ts';

/** How a request stands to the server that it was sent to. */
export interface Attachment {
  /** By persistence or a rule. */
  readonly isBound: boolean;
  /** The server is neither down nor warming up (`slowstart`): else nothing holds a request there. */
  readonly isRunning: boolean;
}

/** How often it may be tried again. */
export function retriesOf(
  backend: BackendRuntime,
  { retriesAllowed }: Pick<Transaction, 'retriesAllowed'>,
): number {
  return retriesAllowed ?? backend.config.retries;
}

/** `triesLeft`: behind the next one. */
export function mayRedispatch(
  backend: BackendRuntime,
  transaction: Transaction,
  { isBound, isRunning }: Attachment,
  triesLeft: number,
): boolean {
  const { redispatchAfter } = backend.config;
  const retries = retriesOf(backend, transaction);
  if (redispatchAfter === 0 || backend.forcesPersistence(transaction)) return false;
  if (!isRunning) return true;
  if (!isBound && backend.isRoundRobin && backend.activeServers() > 1) return true;
  const tried = retries - triesLeft;
  const interval = redispatchAfter > 0 ? redispatchAfter : retries + 1 + redispatchAfter;
  return interval <= 1 || tried % interval === 0;
}

const TURNAROUND_MS = 1000;

/** Before the same server is tried again. */
export function turnaroundMs(connectTimeoutMs: number): number {
  return Math.min(connectTimeoutMs || TURNAROUND_MS, TURNAROUND_MS);
}
