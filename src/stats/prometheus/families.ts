/**
 * Families of metrics of frontends, listeners, backends and servers, from the one table of columns. A family is
 * told in one piece: all its objects, then the next family (Prometheus text format 0.0.4).
 */
import { CHECK_STATUSES } from '../../model/check-status.ts';
import type { CheckKind } from '../../state/check-reports.ts';
import { ADMIN_DRAIN, ADMIN_MAINT, SRV_STOPPED, SRV_STOPPING } from '../../state/server-words.ts';
import { valueOf, type StatColumn } from '../column.ts';
import { FIXED_COLUMNS } from '../columns.ts';
import { MODULE_COLUMNS } from '../columns-modules.ts';
import { backendStatus, frontendStatus, listenerStatus } from '../server-status.ts';
import type { BackendSubject, ServerSubject, Subject, SubjectKind } from '../subject.ts';
import type { Value } from '../value.ts';
import { COLUMN_METRICS, SERVER_METRICS } from './names.ts';

/** One value, with the labels it has beyond those of its object. */
type Sample = readonly [labels: string, value: string];

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** Of one object; none where it has no such thing. */
  readonly samples: (subject: Subject) => readonly Sample[];
}

type Samples = Family['samples'];

const NONE: readonly Sample[] = [];

/** HTTP columns and those of compression are left out where the mode has no use for them. */
const HTTP_ONLY = /^(hrsp_|req_tot$|req_rate_max$|intercepted$|cache_|comp_)/;

const MILLISECONDS = /^([qcrt]time(_max)?|(check|agent)_duration)$/;

export function familiesOf(kind: SubjectKind): Family[] {
  const prefix = `haproxy_${kind}_`;
  return FIXED_COLUMNS.flatMap(column => {
    const short =
      (kind === 'server' ? SERVER_METRICS[column.name] : undefined) ?? COLUMN_METRICS[column.name];
    const cell = column.cells[kind];
    if (short === undefined || cell === undefined || isLaterClass(column.name)) return [];
    const type = cell.tags[1] === 'C' ? 'counter' : 'gauge';
    return [{ name: prefix + short, help: column.description, type, samples: samplesOf(column, kind) }];
  });
}

/** The classes of responses are one family, told by the first of them. */
function isLaterClass(name: string): boolean {
  return name.startsWith('hrsp_') && name !== 'hrsp_1xx';
}

export function extraFamiliesOf(kind: SubjectKind): Family[] {
  return MODULE_COLUMNS.filter(column => column.cells[kind] !== undefined).map(column => {
    const mod = column.name.slice(0, column.name.indexOf('_'));
    const samples: Samples = subject => [[`mod="${mod}"`, numberText(valueOf(column, subject))]];
    return { name: `haproxy_${kind}_${column.name}`, help: column.description, type: 'counter', samples };
  });
}

function samplesOf(column: StatColumn, kind: SubjectKind): Samples {
  const special = SPECIAL[column.name]?.(kind);
  if (special !== undefined) return special;
  const isHttpOnly = HTTP_ONLY.test(column.name) && kind !== 'listener';
  const scale = MILLISECONDS.test(column.name) ? secondsText : numberText;
  return subject => {
    if (isHttpOnly && subject.proxy.mode !== 'http') return NONE;
    return [['', scale(valueOf(column, subject))]];
  };
}

/** What is no number is NaN, as is what an object could have and has not. */
function numberText(value: Value): string {
  return typeof value === 'number' ? String(value) : 'NaN';
}

function secondsText(value: Value): string {
  return typeof value === 'number' ? (value / 1000).toFixed(6) : 'NaN';
}

/** Every state, the one it is in as 1. */
function oneOf(states: readonly string[], current: string): Sample[] {
  return states.map(state => [`state="${state}"`, state === current ? '1' : '0']);
}

const UP_OR_DOWN = ['DOWN', 'UP'];
const SERVER_STATES = ['DOWN', 'UP', 'MAINT', 'DRAIN', 'NOLB'];
const LISTENER_STATES = ['WAITING', 'OPEN', 'FULL'];
/** Results a check can end with. */
const CHECK_STATES = CHECK_STATUSES.filter(({ name, finished }) => finished && name !== 'CHECKED').map(
  ({ name }) => name,
);

const SPECIAL: Readonly<Record<string, (kind: SubjectKind) => Samples | undefined>> = {
  status: kind => STATUS[kind],
  hrsp_1xx: () => classSamples,
  check_status: () => checkStates('check'),
  agent_status: () => checkStates('agent'),
  check_code: () => checkCode('check'),
  agent_code: () => checkCode('agent'),
  check_duration: () => checkDuration('check'),
  agent_duration: () => checkDuration('agent'),
  agg_server_status: () => aggregateStates,
  agg_server_check_status: () => aggregateStates,
  agg_check_status: () => aggregateChecks,
};

const STATUS: Readonly<Record<SubjectKind, Samples>> = {
  frontend: subject =>
    subject.kind === 'frontend'
      ? oneOf(UP_OR_DOWN, frontendStatus(subject) === 'STOP' ? 'DOWN' : 'UP')
      : NONE,
  listener: subject => (subject.kind === 'listener' ? oneOf(LISTENER_STATES, listenerStatus(subject)) : NONE),
  server: subject =>
    subject.kind === 'server' ? oneOf(SERVER_STATES, serverState(subject, subject.server.row)) : NONE,
  backend: subject =>
    subject.kind === 'backend'
      ? oneOf(UP_OR_DOWN, backendStatus(subject).startsWith('UP') ? 'UP' : 'DOWN')
      : NONE,
};

function serverState({ view }: Subject, row: number): string {
  const { servers } = view.state;
  const admin = servers.admin(row);
  if ((admin & ADMIN_MAINT) !== 0) return 'MAINT';
  const state = servers.state(row);
  if (state === SRV_STOPPED) return 'DOWN';
  if (state === SRV_STOPPING) return 'NOLB';
  return (admin & ADMIN_DRAIN) === 0 ? 'UP' : 'DRAIN';
}

const CLASSES = FIXED_COLUMNS.filter(({ name }) => name.startsWith('hrsp_'));

function classSamples(subject: Subject): readonly Sample[] {
  if (subject.proxy.mode !== 'http') return NONE;
  return CLASSES.map(column => [
    `code="${column.name.slice('hrsp_'.length)}"`,
    numberText(valueOf(column, subject)),
  ]);
}

/** Of servers whose check runs. */
function ofChecked(kind: CheckKind, read: (subject: ServerSubject) => readonly Sample[]): Samples {
  return subject =>
    subject.kind === 'server' && subject.view.state.servers.checks.active(subject.server.row, kind)
      ? read(subject)
      : NONE;
}

function checkStates(kind: CheckKind): Samples {
  return ofChecked(kind, ({ view, server }) =>
    oneOf(CHECK_STATES, view.state.servers.checks.status(server.row, kind).name),
  );
}

function checkCode(kind: CheckKind): Samples {
  return ofChecked(kind, ({ view, server: { row } }) => {
    const { checks } = view.state.servers;
    return [['', String(checks.status(row, kind).withCode ? checks.code(row, kind) : 0)]];
  });
}

function checkDuration(kind: CheckKind): Samples {
  return ofChecked(kind, ({ view, server: { row } }) => {
    const { checks } = view.state.servers;
    return checks.status(row, kind).finished ? [['', secondsText(checks.durationMs(row, kind))]] : NONE;
  });
}

function aggregateStates(subject: Subject): readonly Sample[] {
  if (subject.kind !== 'backend') return NONE;
  return countedBy(subject, SERVER_STATES, row => serverState(subject, row));
}

function aggregateChecks(subject: Subject): readonly Sample[] {
  if (subject.kind !== 'backend') return NONE;
  const { checks } = subject.view.state.servers;
  return countedBy(subject, CHECK_STATES, row =>
    checks.active(row, 'check') ? checks.status(row, 'check').name : undefined,
  );
}

function countedBy(
  { view, proxyRow }: BackendSubject,
  states: readonly string[],
  stateOf: (row: number) => string | undefined,
): readonly Sample[] {
  const rows = view.state.servers.serversOf(proxyRow);
  if (rows.length === 0) return NONE;
  const counts = new Map<string | undefined, number>();
  for (const row of rows) counts.set(stateOf(row), (counts.get(stateOf(row)) ?? 0) + 1);
  return states.map(state => [`state="${state}"`, String(counts.get(state) ?? 0)]);
}
