/** What every check of a real server is: one try, which ends with an answer, a reason, or by the signal. */
import type { Checker } from '../../model/virtual-server.ts';

export type CheckResult = GoodResult | { readonly ok: false; readonly reason: string };

export interface GoodResult {
  readonly ok: true;
  /** What the program of a `misc_dynamic` check says. */
  readonly weight?: number;
  /** To the server's own weight: what the file of a FILE_CHECK says. */
  readonly added?: number;
}

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
