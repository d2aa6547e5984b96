/**
 * The text of `show servers state`, which a server state file holds (manual of management, `show servers state`,
 * format version 1): one line a server, 25 fields, the last five of which older programs do not write.
 * Written by admin/, read at start by worker/servers/server-states.ts.
 */
import {
  CHECK_STATUSES,
  checkStatus,
  type CheckOutcome,
  type CheckStatusRow,
} from '../model/check-status.ts';

const SERVER_STATE_VERSION = 1;

/** In the order of the line, named as its head names them. */
const SERVER_STATE_FIELDS = [
  'be_id',
  'be_name',
  'srv_id',
  'srv_name',
  'srv_addr',
  'srv_op_state',
  'srv_admin_state',
  'srv_uweight',
  'srv_iweight',
  'srv_time_since_last_change',
  'srv_check_status',
  'srv_check_result',
  'srv_check_health',
  'srv_check_state',
  'srv_agent_state',
  'bk_f_forced_id',
  'srv_f_forced_id',
  'srv_fqdn',
  'srv_port',
  'srvrecord',
  'srv_use_ssl',
  'srv_check_port',
  'srv_check_addr',
  'srv_agent_addr',
  'srv_agent_port',
] as const;

export type ServerStateField = (typeof SERVER_STATE_FIELDS)[number];

/** Every field as it stands in the line; what an older program did not write is missing. */
export type ServerStateLine = Readonly<Partial<Record<ServerStateField, string>>>;

/** Up to `srvrecord`: what a line must have. */
const FEWEST_FIELDS = 20;

/** `srv_check_state` and `srv_agent_state`. */
export const CHECK_STATE_IN_PROGRESS = 0x01;
export const CHECK_STATE_CONFIGURED = 0x02;
export const CHECK_STATE_ENABLED = 0x04;
export const CHECK_STATE_PAUSED = 0x08;
export const CHECK_STATE_AGENT = 0x10;
export const CHECK_STATE_KNOWN = 0x1f;

/** The highest number of a check status. */
export const HIGHEST_CHECK_STATUS = 20;

export function checkStatusOfNumber(number: number): CheckStatusRow {
  return CHECK_STATUSES.find(row => row.number === number) ?? checkStatus('UNK');
}

/** In the order of `srv_check_result`. */
const RESULTS: readonly CheckOutcome[] = ['unknown', 'neutral', 'failed', 'passed', 'conditional'];

export function checkResultNumber({ outcome }: CheckStatusRow): number {
  return RESULTS.indexOf(outcome);
}

export function renderServerStateHead(): string {
  return `${SERVER_STATE_VERSION}\n# ${SERVER_STATE_FIELDS.join(' ')}\n`;
}

/** Without its line end. */
export function renderServerState(line: Readonly<Record<ServerStateField, string | number>>): string {
  return SERVER_STATE_FIELDS.map(field => line[field]).join(' ');
}

type ServerStateFile =
  | { readonly kind: 'read'; readonly lines: readonly ServerStateLine[] }
  | { readonly kind: 'empty' }
  /** Its first line is not the number of a version that is known. */
  | { readonly kind: 'unknown-version' }
  /** `line` counts from the one behind the version. */
  | { readonly kind: 'corrupt'; readonly line: number };

export function parseServerStateFile(text: string): ServerStateFile {
  if (text === '') return { kind: 'empty' };
  const [version = '', ...rest] = text.split('\n');
  if (!/^\s*\d+$/.test(version) || Number(version) !== SERVER_STATE_VERSION)
    return { kind: 'unknown-version' };
  // the last piece is what stands behind the last line feed
  const unfinished = rest.pop() ?? '';
  const lines: ServerStateLine[] = [];
  for (const [index, line] of rest.entries()) {
    if (/^[ \t]*(?:#|$)/.test(line)) continue;
    const words = line.split(/[ \t]+/).filter(word => word !== '');
    if (words.length < FEWEST_FIELDS || words.length > SERVER_STATE_FIELDS.length)
      return { kind: 'corrupt', line: index + 1 };
    lines.push(Object.fromEntries(words.map((word, at) => [SERVER_STATE_FIELDS[at], word])));
  }
  return unfinished === '' ? { kind: 'read', lines } : { kind: 'corrupt', line: rest.length + 1 };
}
