/** `option redispatch`: on which of its tries a request may leave the server it was sent to. */
import type { BackendRuntime } from './runtime.ts';

/** `isBound`: by persistence or a rule. `triesLeft`: behind the next one. */
export function mayRedispatch(backend: BackendRuntime, isBound: boolean, triesLeft: number): boolean {
  const { redispatchAfter, retries } = backend.config;
  if (redispatchAfter === 0) return false;
  if (!isBound && backend.isRoundRobin && backend.usableServers() > 1) return true;
  const tried = retries - triesLeft;
  return redispatchAfter > 0 ? tried % redispatchAfter === 0 : triesLeft + 1 <= -redispatchAfter;
}

const TURNAROUND_MS = 1000;

/** Before the same server is tried again. */
export function turnaroundMs(connectTimeoutMs: number): number {
  return Math.min(connectTimeoutMs || TURNAROUND_MS, TURNAROUND_MS);
}
