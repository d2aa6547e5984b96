/**
 * The results a health or agent check can have (manual of management, section 9.1, `check_status`): code word,
 * wording, and whether a code of the protocol belongs to it. Shared memory keeps a status as its place in this list.
 */
export interface CheckStatusRow {
  readonly name: string;
  readonly text: string;
  /** The check has run, so that it took a time. */
  readonly finished: boolean;
  /** A code of the protocol (an HTTP status, an exit code) is told with it. */
  readonly withCode: boolean;
}

function row(name: string, text: string, finished = true, withCode = false): CheckStatusRow {
  return { name, text, finished, withCode };
}

export const CHECK_STATUSES: readonly CheckStatusRow[] = [
  row('UNK', 'Unknown', false),
  row('INI', 'Initializing', false),
  row('CHECKED', 'No status change'),
  row('HANA', 'Health analyze'),
  row('SOCKERR', 'Socket error'),
  row('L4OK', 'Layer4 check passed'),
  row('L4TOUT', 'Layer4 timeout'),
  row('L4CON', 'Layer4 connection problem'),
  row('L6OK', 'Layer6 check passed'),
  row('L6TOUT', 'Layer6 timeout'),
  row('L6RSP', 'Layer6 invalid response'),
  row('L7TOUT', 'Layer7 timeout'),
  row('L7RSP', 'Layer7 invalid response'),
  row('L7OK', 'Layer7 check passed', true, true),
  row('L7OKC', 'Layer7 check conditionally passed', true, true),
  row('L7STS', 'Layer7 wrong status', true, true),
  row('PROCERR', 'External check error', true, true),
  row('PROCTOUT', 'External check timeout', true, true),
  row('PROCOK', 'External check passed', true, true),
];
