/** What a check found out (manual, section 9.1, `check_status`): its code, its text, and how it counts. */
export type CheckOutcome = 'passed' | 'conditional' | 'failed';

interface StatusRow {
  readonly outcome: CheckOutcome;
  readonly text: string;
  /** A code of the protocol is told with it. */
  readonly withCode?: true;
}

const STATUSES = {
  SOCKERR: { outcome: 'failed', text: 'Socket error' },
  L4OK: { outcome: 'passed', text: 'Layer4 check passed' },
  L4TOUT: { outcome: 'failed', text: 'Layer4 timeout' },
  L4CON: { outcome: 'failed', text: 'Layer4 connection problem' },
  L7TOUT: { outcome: 'failed', text: 'Layer7 timeout' },
  L7RSP: { outcome: 'failed', text: 'Layer7 invalid response' },
  L7OK: { outcome: 'passed', text: 'Layer7 check passed', withCode: true },
  L7OKC: { outcome: 'conditional', text: 'Layer7 check conditionally passed', withCode: true },
  L7STS: { outcome: 'failed', text: 'Layer7 wrong status', withCode: true },
} as const satisfies Record<string, StatusRow>;

export type CheckStatus = keyof typeof STATUSES;

/** What a checker reports; the scheduler adds how long it took. */
export interface CheckFinding {
  readonly status: CheckStatus;
  readonly code?: number;
  readonly info?: string;
}

export interface CheckResult extends CheckFinding {
  readonly durationMs: number;
}

export function outcomeOf(status: CheckStatus): CheckOutcome {
  return STATUSES[status].outcome;
}

/** `, reason: ..., code: ..., info: "...", check duration: ...ms` of the lines that tell of a check. */
export function describeResult(result: CheckResult): string {
  const row: StatusRow = STATUSES[result.status];
  const code = row.withCode ? `, code: ${result.code ?? 0}` : '';
  const info = result.info === undefined || result.info === '' ? '' : `, info: "${escapeInfo(result.info)}"`;
  return `, reason: ${row.text}${code}${info}, check duration: ${Math.floor(result.durationMs)}ms`;
}

/** What a server sent may be anything: nothing of it may break the line. */
function escapeInfo(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\]/g, character =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
