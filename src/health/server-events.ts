/**
 * Tells events of servers: compares what a change of server-life.ts or server-administration.ts began with and what it
 * ended with.
 */
import { checkStatus, type CheckOutcome } from '../model/check-status.ts';
import type { EventFields, ServerEvent, ServerEventType } from '../model/server-event.ts';
import type { CheckKind } from '../state/check-reports.ts';
import type { ServerTable } from '../state/server-table.ts';
import {
  ADMIN_CMAINT,
  ADMIN_DRAIN,
  ADMIN_FDRAIN,
  ADMIN_FMAINT,
  ADMIN_IDRAIN,
  ADMIN_IMAINT,
  ADMIN_MAINT,
  ADMIN_RMAINT,
  SRV_STOPPED,
} from '../state/server-words.ts';
import { AGENT_POLICY, type LifeServer } from './life-server.ts';

/** By number. */
const STATES = ['STOPPED', 'STARTING', 'RUNNING', 'STOPPING'];

const ADMIN_WORDS: readonly (readonly [flags: number, word: string])[] = [
  [ADMIN_MAINT, 'MAINT'],
  [ADMIN_FMAINT, 'FMAINT'],
  [ADMIN_IMAINT, 'IMAINT'],
  [ADMIN_RMAINT, 'RMAINT'],
  [ADMIN_CMAINT, 'CMAINT'],
  [ADMIN_DRAIN, 'DRAIN'],
  [ADMIN_FDRAIN, 'FDRAIN'],
  [ADMIN_IDRAIN, 'IDRAIN'],
];

const RESULTS: Readonly<Partial<Record<CheckOutcome, string>>> = {
  failed: 'FAILED',
  passed: 'PASSED',
  conditional: 'CONDPASS',
};

interface Before {
  readonly row: number;
  readonly state: number;
  readonly admin: number;
}

export class ServerEvents {
  readonly #servers: ServerTable;
  readonly #publish: (event: ServerEvent) => void;
  #before: Before | undefined;
  #cause = '';
  #check: CheckKind | undefined;
  /** Requests that looked for another server, or came to this one. */
  requeued = 0;

  constructor(servers: ServerTable, publish: (event: ServerEvent) => void) {
    this.#servers = servers;
    this.#publish = publish;
  }

  /** Why what changes next does; `check`: because of what it has found. */
  because(cause: string, check?: CheckKind): void {
    this.#cause = check === undefined ? cause.replace(/^, /, '') : '';
    this.#check = check;
  }

  before({ row }: LifeServer): void {
    if (this.#before?.row === row) return;
    this.#before = { row, state: this.#servers.state(row), admin: this.#servers.admin(row) };
  }

  after(server: LifeServer): void {
    const before = this.#before;
    const { requeued } = this;
    this.#before = undefined;
    this.requeued = 0;
    if (before?.row !== server.row) return;
    const admin = this.#servers.admin(server.row);
    if (admin !== before.admin) this.#tellAdmin(server, before.admin, admin, requeued);
    const state = this.#servers.state(server.row);
    if (state !== before.state) this.#tellState(server, before, state, requeued);
    this.because('');
  }

  #tellAdmin(server: LifeServer, before: number, after: number, requeued: number): void {
    const [old_admin, new_admin] = [adminWords(before), adminWords(after)];
    this.tell('SERVER_ADMIN', server, { admin: { cause: this.#cause, old_admin, new_admin, requeued } });
  }

  #tellState(server: LifeServer, before: Before, state: number, requeued: number): void {
    if (before.state === SRV_STOPPED) this.tell('SERVER_UP', server);
    else if (state === SRV_STOPPED) this.tell('SERVER_DOWN', server);
    const check = this.#check && this.#checkOf(server, this.#check);
    const change = {
      admin: before.admin !== this.#servers.admin(server.row),
      ...(check !== undefined && { check }),
      cause: this.#cause,
      old_state: STATES[before.state],
      new_state: STATES[state],
      requeued,
    };
    this.tell('SERVER_STATE', server, { state: change });
  }

  /** The status of its check is another one. */
  checked(server: LifeServer, kind: CheckKind): void {
    this.tell('SERVER_CHECK', server, { check: this.#checkOf(server, kind) });
  }

  #checkOf({ row, policy }: LifeServer, kind: CheckKind): EventFields {
    const { checks } = this.#servers;
    const { name, text, withCode, outcome } = checkStatus(checks.status(row, kind).name);
    const { rise, fall } = kind === 'agent' ? AGENT_POLICY : policy;
    return {
      result: RESULTS[outcome] ?? 'UNKNOWN',
      agent: kind === 'agent',
      duration: checks.durationMs(row, kind),
      reason: { short: name, desc: text, ...(withCode && { code: checks.code(row, kind) }) },
      health: { cur: checks.health(row, kind), rise, fall },
    };
  }

  tell(type: ServerEventType, { proxy, config }: LifeServer, more: EventFields = {}): void {
    const data = {
      name: config.name,
      puid: config.id,
      rid: config.revision ?? 0,
      proxy_name: proxy.name,
      proxy_uuid: proxy.id,
      ...more,
    };
    this.#publish({ type, when: Math.floor(Date.now() / 1000), data });
  }
}

/** All of them, and which hold. */
function adminWords(flags: number): EventFields {
  return Object.fromEntries(ADMIN_WORDS.map(([some, word]) => [word, (flags & some) !== 0]));
}
