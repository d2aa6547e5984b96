/** What every check of a real server is: one try, which ends with an answer, a reason, or by the signal. */
import type { Checker } from '../../model/virtual-server.ts';

export type CheckResult =
  /** `weight`: what the program of a `misc_dynamic` check says. */
  { readonly ok: true; readonly weight?: number } | { readonly ok: false; readonly reason: string };

/** The signal aborts when time is over, or nobody wants to know any more. */
export type Check = (checker: Checker, signal: AbortSignal) => Promise<CheckResult>;

export const GOOD: CheckResult = { ok: true };

export function bad(reason: string): CheckResult {
  return { ok: false, reason };
}

/** Options of sockets that connect as the checker says. */
export function connectingAs({ connectIp, connectPort, bindTo, bindPort }: Checker): {
  host: string;
  port: number;
  localAddress?: string;
  localPort?: number;
} {
  return {
    host: connectIp,
    port: connectPort,
    ...(bindTo === undefined ? {} : { localAddress: bindTo }),
    ...(bindPort === 0 ? {} : { localPort: bindPort }),
  };
}
