/** What a check has found, and how the lines that tell of it word it. */
import { checkStatus, type CheckStatus } from '../model/check-status.ts';

/** What a checker reports; who runs it adds how long it took. */
export interface CheckFinding {
  readonly status: CheckStatus;
  readonly code?: number;
  readonly info?: string;
}

/** As it is kept and published. */
export interface CheckReport {
  /** The check is over; left out where no check ran (`observe`). */
  readonly inProgress?: false;
  readonly status: CheckStatus;
  readonly code: number;
  /** -1: not measured. */
  readonly durationMs: number;
  readonly text: string;
}

/** Longest text that is kept of a check, as HAProxy's. */
const MOST_INFO = 127;

export function reportOf({ status, code, info }: CheckFinding, durationMs: number): CheckReport {
  return {
    inProgress: false,
    status,
    code: code ?? 0,
    durationMs: Math.floor(durationMs),
    text: (info ?? '').slice(0, MOST_INFO),
  };
}

/** `, reason: ..., code: ..., info: "...", check duration: ...ms` of the lines that tell of a check. */
export function describeReport({ status, code, text, durationMs }: CheckReport): string {
  const row = checkStatus(status);
  const codeText = row.withCode ? `, code: ${code}` : '';
  const info = text === '' ? '' : `, info: "${escapeInfo(text)}"`;
  const duration = durationMs < 0 ? '' : `, check duration: ${durationMs}ms`;
  return `, reason: ${row.text}${codeText}${info}${duration}`;
}

/** What a server sent may be anything: nothing of it may break the line. */
function escapeInfo(text: string): string {
  return text.replace(
    /[^\x20-\x7e]|["<>]/g,
    character => `<${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}>`,
  );
}
