/**
 * The results a health or agent check can have (manual of management, section 9.1, `check_status`): code word,
 * wording, and whether a code of the protocol belongs to it. Shared memory keeps a status as its place in this list.
 */
export type CheckOutcome = 'unknown' | 'neutral' | 'failed' | 'passed' | 'conditional';

export interface CheckStatusRow {
  readonly name: CheckStatus;
  readonly text: string;
  readonly outcome: CheckOutcome;
  /** The number in a server state file. */
  readonly number: number;
  /** The check has run, so that it took a time. */
  readonly finished: boolean;
  /** A code of the protocol (an HTTP status, an exit code) is told with it. */
  readonly withCode: boolean;
}

const LIST = [
  ['UNK', 0, 'unknown', 'Unknown'],
  ['INI', 1, 'unknown', 'Initializing'],
  ['CHECKED', 3, 'neutral', 'No status change'],
  ['HANA', 4, 'failed', 'Health analyze'],
  ['SOCKERR', 5, 'failed', 'Socket error'],
  ['L4OK', 6, 'passed', 'Layer4 check passed'],
  ['L4TOUT', 7, 'failed', 'Layer4 timeout'],
  ['L4CON', 8, 'failed', 'Layer4 connection problem'],
  ['L6OK', 9, 'passed', 'Layer6 check passed'],
  ['L6TOUT', 10, 'failed', 'Layer6 timeout'],
  ['L6RSP', 11, 'failed', 'Layer6 invalid response'],
  ['L7TOUT', 12, 'failed', 'Layer7 timeout'],
  ['L7RSP', 13, 'failed', 'Layer7 invalid response'],
  ['L7OK', 15, 'passed', 'Layer7 check passed'],
  ['L7OKC', 16, 'conditional', 'Layer7 check conditionally passed'],
  ['L7STS', 17, 'failed', 'Layer7 wrong status'],
  ['PROCERR', 18, 'failed', 'External check error'],
  ['PROCTOUT', 19, 'failed', 'External check timeout'],
  ['PROCOK', 20, 'passed', 'External check passed'],
] as const;

export type CheckStatus = (typeof LIST)[number][0];

const FIRST_FINISHED = 3;
const FIRST_WITH_CODE = 14;

export const CHECK_STATUSES: readonly CheckStatusRow[] = LIST.map(([name, number, outcome, text]) => ({
  name,
  text,
  outcome,
  number,
  finished: number >= FIRST_FINISHED,
  withCode: number >= FIRST_WITH_CODE,
}));

const BY_NAME = new Map(CHECK_STATUSES.map(row => [row.name, row]));

export function checkStatus(name: CheckStatus): CheckStatusRow {
  return BY_NAME.get(name) as CheckStatusRow;
}
