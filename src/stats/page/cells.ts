/** The cells of the page's table: which columns there are, and what each says of an object. */
import { columnNamed } from '../columns.ts';
import { valueOf, type StatColumn } from '../column.ts';
import type { Subject } from '../subject.ts';
import type { Value } from '../value.ts';
import { grouped, shortBytes, shortTime } from './html.ts';

interface PageColumn {
  readonly title: string;
  /** What the short title means, for those who do not know it. */
  readonly hint: string;
  /** Numbers stand right, words left. */
  readonly isText: boolean;
  readonly text: (subject: Subject) => string;
}

interface ColumnGroup {
  readonly title: string;
  readonly columns: readonly PageColumn[];
}

type Format = (value: number | string) => string;

const number: Format = value => (typeof value === 'number' ? grouped(value) : value);
const bytes: Format = value => (typeof value === 'number' ? shortBytes(value) : value);
const time: Format = value => (typeof value === 'number' ? shortTime(value) : value);

function columnOf(name: string): StatColumn {
  const column = columnNamed(name);
  if (column === undefined) throw new Error(`no such column: ${name}`);
  return column;
}

function shown(title: string, name: string, format: Format = number): PageColumn {
  const column = columnOf(name);
  const text = (subject: Subject): string => textOf(valueOf(column, subject), format);
  return { title, hint: column.description, isText: false, text };
}

function textOf(value: Value, format: Format): string {
  return value === undefined ? '' : format(value);
}

const STATUS = columnOf('status');
const LAST_CHANGE = columnOf('lastchg');
const CHECK_STATUS = columnOf('check_status');
const CHECK_CODE = columnOf('check_code');
const CHECK_DURATION = columnOf('check_duration');
const LAST_SESSION = columnOf('lastsess');

/** `2h3m UP`: for how long, and what. */
function statusText(subject: Subject): string {
  const since = valueOf(LAST_CHANGE, subject);
  const status = textOf(valueOf(STATUS, subject), String);
  return typeof since === 'number' ? `${shortTime(since)} ${status}` : status;
}

/** `L7OK/200 in 3ms` */
function lastCheckText(subject: Subject): string {
  const status = valueOf(CHECK_STATUS, subject);
  if (status === undefined) return '';
  const code = valueOf(CHECK_CODE, subject);
  const duration = valueOf(CHECK_DURATION, subject);
  return `${status}${code === undefined ? '' : `/${code}`}${duration === undefined ? '' : ` in ${duration}ms`}`;
}

function lastSessionText(subject: Subject): string {
  const age = valueOf(LAST_SESSION, subject);
  if (typeof age !== 'number') return '';
  return age < 0 ? '?' : shortTime(age);
}

/** Y for what a server is, a count for what a backend has. */
function yesOrCount(title: string, name: string): PageColumn {
  const column = columnOf(name);
  const text = (subject: Subject): string => {
    const value = valueOf(column, subject);
    if (value === undefined) return '';
    return subject.kind === 'server' ? (value === 1 ? 'Y' : '-') : String(value);
  };
  return { title, hint: column.description, isText: false, text };
}

function words(title: string, hint: string, text: (subject: Subject) => string): PageColumn {
  return { title, hint, isText: true, text };
}

export const COLUMN_GROUPS: readonly ColumnGroup[] = [
  {
    title: 'State',
    columns: [
      words('Status', 'State, and for how long', statusText),
      words('LastChk', 'Result of the last check', lastCheckText),
    ],
  },
  { title: 'Queue', columns: [shown('Cur', 'qcur'), shown('Max', 'qmax'), shown('Limit', 'qlimit')] },
  {
    title: 'Session rate',
    columns: [shown('Cur', 'rate'), shown('Max', 'rate_max'), shown('Limit', 'rate_lim')],
  },
  {
    title: 'Sessions',
    columns: [
      shown('Cur', 'scur'),
      shown('Max', 'smax'),
      shown('Limit', 'slim'),
      shown('Total', 'stot'),
      shown('LbTot', 'lbtot'),
      words('Last', LAST_SESSION.description, lastSessionText),
    ],
  },
  { title: 'Bytes', columns: [shown('In', 'bin', bytes), shown('Out', 'bout', bytes)] },
  { title: 'Denied', columns: [shown('Req', 'dreq'), shown('Resp', 'dresp')] },
  { title: 'Errors', columns: [shown('Req', 'ereq'), shown('Conn', 'econ'), shown('Resp', 'eresp')] },
  { title: 'Warnings', columns: [shown('Retr', 'wretr'), shown('Redis', 'wredis')] },
  {
    title: 'Server',
    columns: [
      shown('Wght', 'weight'),
      yesOrCount('Act', 'act'),
      yesOrCount('Bck', 'bck'),
      shown('Chk', 'chkfail'),
      shown('Dwn', 'chkdown'),
      shown('Dwntme', 'downtime', time),
      shown('Thrtle', 'throttle', value => `${value}%`),
    ],
  },
];

export const PAGE_COLUMNS: readonly PageColumn[] = COLUMN_GROUPS.flatMap(({ columns }) => columns);

/** Which colour, and which filter, an object belongs to. */
type StateClass = 'up' | 'going' | 'down' | 'maint' | 'drain' | 'nocheck' | 'open';

export function stateClass(subject: Subject): StateClass {
  const status = String(valueOf(STATUS, subject) ?? '');
  if (status.startsWith('MAINT')) return 'maint';
  if (/^(DRAIN|NOLB)/.test(status)) return 'drain';
  if (/^(UP|DOWN) \d/.test(status)) return 'going';
  if (/^(DOWN|STOP|FULL)/.test(status)) return 'down';
  if (status === 'no check') return 'nocheck';
  if (/^(PAUSED|WAITING)/.test(status)) return 'drain';
  return subject.kind === 'frontend' || subject.kind === 'listener' ? 'open' : 'up';
}

/** What the charts draw: sessions, new ones (requests) a second, errors so far, milliseconds to the answer, queue. */
const CHARTED = ['scur', 'rate', 'rtime', 'qcur'].map(columnOf);
const REQUEST_RATE = columnOf('req_rate');
const FAILURES = ['ereq', 'econ', 'eresp', 'dreq', 'dresp', 'hrsp_5xx'].map(columnOf);

export function chartNumbers(subject: Subject): number[] {
  const read = (column: StatColumn): number => {
    const value = valueOf(column, subject);
    return typeof value === 'number' ? value : 0;
  };
  const [sessions = 0, newSessions = 0, latency = 0, queue = 0] = CHARTED.map(read);
  // clients send many requests over one connection
  const rate = Math.max(newSessions, read(REQUEST_RATE));
  return [sessions, rate, FAILURES.reduce((sum, column) => sum + read(column), 0), latency, queue];
}

/** Row names in the page and in its events: `S3.1`. */
export function rowName(subject: Subject): string {
  return `${subject.kind.charAt(0).toUpperCase()}${subject.proxy.id}.${subject.sid}`;
}
