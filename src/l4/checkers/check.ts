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

/** Hears of a server what is news to its pool. */
export interface CheckJudge {
  /** `isNews`: the server was not good for it before. */
  readonly onGood: (result: GoodResult, isNews: boolean) => void;
  readonly onFailed: (reason: string) => void;
}

/** What a checker has found out so far; the same checker after a reload goes on with it. */
export interface Findings {
  /** What it thinks of the server. */
  readonly good: boolean;
  /** Or nobody has looked yet. */
  readonly hasRun: boolean;
  /** Failures in a row that changed nothing yet. */
  readonly failures: number;
}

/** A checker at work. */
export interface RunningCheck extends Findings {
  start(): void;
  stop(): void;
  suspend(suspended: boolean): void;
}

export const GOOD: GoodResult = { ok: true };

export function bad(reason: string): CheckResult {
  return { ok: false, reason };
}
