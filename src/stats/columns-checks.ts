/** Columns 36 to 72: checks, responses, times. */
import type { CheckKind } from '../state/check-reports.ts';
import type { FieldName } from '../state/counter-fields.ts';
import { column, counted, forKinds, highestRate, isHttp, rate, total, type StatColumn } from './column.ts';
import type { ServerSubject, Subject } from './subject.ts';
import type { Value, ValueType } from './value.ts';

/** Told while the check is enabled and not paused. */
function ofCheck(
  name: string,
  kind: CheckKind,
  description: string,
  type: ValueType,
  tags: string,
  read: (checks: Checks, row: number, subject: ServerSubject) => Value,
): StatColumn {
  const cell = (subject: ServerSubject): Value => {
    const { checks } = subject.view.state.servers;
    const { row } = subject.server;
    return checks.active(row, kind) ? read(checks, row, subject) : undefined;
  };
  return column(name, description, { server: { type, tags, read: cell } });
}

type Checks = Subject['view']['state']['servers']['checks'];

function progressAndStatus(checks: Checks, row: number, kind: CheckKind): string {
  return `${checks.inProgress(row, kind) ? '* ' : ''}${checks.status(row, kind).name}`;
}

function codeOf(checks: Checks, row: number, kind: CheckKind): Value {
  return checks.status(row, kind).withCode ? checks.code(row, kind) : undefined;
}

const LAST_CHECK: readonly StatColumn[] = [
  ofCheck(
    'check_status',
    'check',
    'Result of the last check; "* " before it: one is running',
    'str',
    'MOP',
    (checks, row) => progressAndStatus(checks, row, 'check'),
  ),
  ofCheck(
    'check_code',
    'check',
    'Code of the protocol that the last check got',
    'u32',
    'MOP',
    (checks, row) => codeOf(checks, row, 'check'),
  ),
  ofCheck('check_duration', 'check', 'Milliseconds the last check took', 'u64', 'MDP', (checks, row) =>
    checks.status(row, 'check').finished ? Math.max(0, checks.durationMs(row, 'check')) : undefined,
  ),
];

function responses(suffix: '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'other', which: string): StatColumn {
  return total(`hrsp_${suffix}`, 'FBS', `Responses with a status ${which}`, isHttp);
}

const RESPONSES: readonly StatColumn[] = [
  responses('1xx', 'of 100 to 199'),
  responses('2xx', 'of 200 to 299'),
  responses('3xx', 'of 300 to 399'),
  responses('4xx', 'of 400 to 499'),
  responses('5xx', 'of 500 to 599'),
  responses('other', 'below 100 or above 599'),
  total('hanafail', 'S', 'Failures seen in traffic itself', observes),
  rate('req_rate', 'req_rate', 'F', 'Requests during the last second'),
  column(
    'req_rate_max',
    'Most requests in a second so far',
    forKinds('F', 'u32', 'MMP', highestRate('req_rate')),
  ),
  total('req_tot', 'FBS', 'Requests so far', subject => subject.kind === 'frontend' || isHttp(subject)),
  total('cli_abrt', 'BS', 'Transfers that clients broke off'),
  total('srv_abrt', 'BS', 'Transfers that servers broke off'),
  total('comp_in', 'FB', 'Bytes given to compression'),
  total('comp_out', 'FB', 'Bytes that compression made of them'),
  total('comp_byp', 'FB', 'Bytes that compression left alone for want of processor time or bandwidth'),
  total('comp_rsp', 'FB', 'Responses that were compressed'),
  {
    ...column(
      'lastsess',
      'Seconds since the last session; -1: none yet',
      forKinds('BS', 's32', 'MAP', lastSession),
    ),
    persistent: true,
  },
  ofCheck('last_chk', 'check', 'What the last check said', 'str', 'MOP', (checks, row) =>
    checks.text(row, 'check'),
  ),
  ofCheck('last_agt', 'agent', 'What the agent said last', 'str', 'MOP', (checks, row) =>
    checks.text(row, 'agent'),
  ),
];

function mean(name: FieldName, what: string): StatColumn {
  const description = `Mean milliseconds ${what}, of the last 512 requests`;
  return column(
    name,
    description,
    forKinds('BS', 'u32', 'MaP', subject => counted(subject, name)),
  );
}

const TIMES: readonly StatColumn[] = [
  mean('qtime', 'in the queue'),
  mean('ctime', 'until connected'),
  mean('rtime', 'until the response began'),
  mean('ttime', 'in total'),
];

const AGENT: readonly StatColumn[] = [
  ofCheck(
    'agent_status',
    'agent',
    'Result of the last agent check; "* " before it: one is running',
    'str',
    'MOP',
    (checks, row) => progressAndStatus(checks, row, 'agent'),
  ),
  ofCheck('agent_code', 'agent', 'Code that the last agent check got', 'u32', 'MOP', (checks, row) =>
    codeOf(checks, row, 'agent'),
  ),
  ofCheck('agent_duration', 'agent', 'Milliseconds the last agent check took', 'u64', 'MDP', (checks, row) =>
    Math.max(0, checks.durationMs(row, 'agent')),
  ),
  ofCheck(
    'check_desc',
    'check',
    'Result of the last check in words',
    'str',
    'MOP',
    (checks, row) => checks.status(row, 'check').text,
  ),
  ofCheck(
    'agent_desc',
    'agent',
    'Result of the last agent check in words',
    'str',
    'MOP',
    (checks, row) => checks.status(row, 'agent').text,
  ),
  ofCheck('check_rise', 'check', 'Successes until it is up', 'u32', 'CGS', (checks, _row, subject) =>
    checks.rise(checkedRow(subject), 'check'),
  ),
  ofCheck('check_fall', 'check', 'Failures until it is down', 'u32', 'CGS', (checks, _row, subject) =>
    checks.fall(checkedRow(subject), 'check'),
  ),
  ofCheck(
    'check_health',
    'check',
    'Where it is between 0 and rise + fall - 1',
    'u32',
    'CGS',
    (checks, _row, subject) => checks.health(checkedRow(subject), 'check'),
  ),
  ofCheck('agent_rise', 'agent', 'Agent successes until it is up', 'u32', 'CGS', (checks, row) =>
    checks.rise(row, 'agent'),
  ),
  ofCheck('agent_fall', 'agent', 'Agent failures until it is down', 'u32', 'CGS', (checks, row) =>
    checks.fall(row, 'agent'),
  ),
  ofCheck(
    'agent_health',
    'agent',
    'Where the agent is between 0 and rise + fall - 1',
    'u32',
    'CGS',
    (checks, row) => checks.health(row, 'agent'),
  ),
];

export const CHECK_COLUMNS: readonly StatColumn[] = [...LAST_CHECK, ...RESPONSES, ...TIMES, ...AGENT];

function checkedRow({ view, server }: ServerSubject): number {
  return view.checked(server).row;
}

function observes(subject: Subject): boolean {
  return subject.kind === 'server' && subject.view.checked(subject.server).config.observe !== undefined;
}

function lastSession(subject: Subject): number {
  const last = counted(subject, 'lastsess');
  return last === 0 ? -1 : Math.max(0, Math.floor((subject.view.now() - last) / 1000));
}
