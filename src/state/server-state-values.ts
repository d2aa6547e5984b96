/**
 * One line of a server state file as values that can be trusted, or all that is wrong with it: such a line is not
 * applied at all (manual, `load-server-state-from-file`).
 */
import { parseIp, type IpAddress } from '../base/ip-address.ts';
import type { CheckStatus } from '../model/check-status.ts';
import {
  ADMIN_CMAINT,
  ADMIN_FDRAIN,
  ADMIN_FMAINT,
  ADMIN_FQDN_CHANGED,
  ADMIN_IDRAIN,
  ADMIN_IMAINT,
  ADMIN_RMAINT,
  SRV_STOPPING,
} from './server-words.ts';
import {
  CHECK_STATE_CONFIGURED,
  CHECK_STATE_ENABLED,
  CHECK_STATE_KNOWN,
  checkStatusOfNumber,
  HIGHEST_CHECK_STATUS,
  type ServerStateField,
  type ServerStateLine,
} from './server-state-file.ts';

export interface ServerStateValues {
  readonly address: IpAddress | undefined;
  /** SRV_STOPPED and so on. */
  readonly state: number;
  /** ADMIN_CMAINT | ADMIN_FMAINT | ADMIN_FDRAIN: what is inherited is found out anew. */
  readonly admin: number;
  readonly fqdnChanged: boolean;
  readonly userWeight: number;
  readonly initialWeight: number;
  readonly secondsSinceChange: number;
  readonly checkStatus: CheckStatus;
  readonly checkHealth: number;
  /** Configured, and switched off at run time. */
  readonly checkDisabled: boolean;
  readonly agentDisabled: boolean;
  readonly backendIdForced: boolean;
  readonly fqdn: string | undefined;
  readonly port: number;
  /** Name of the SRV record it was filled from. */
  readonly srvRecord: string | undefined;
  readonly checkPort: number;
  /** Undefined: not told, or `no-ssl` in the configuration. */
  readonly usesTls: boolean | undefined;
  readonly checkAddress: IpAddress | undefined;
  readonly agentAddress: IpAddress | undefined;
  readonly agentPort: number;
}

const ADMIN_COMBINATIONS: ReadonlySet<number> = new Set([
  0,
  ADMIN_FMAINT,
  ADMIN_CMAINT,
  ADMIN_CMAINT | ADMIN_FMAINT,
  ADMIN_CMAINT | ADMIN_FDRAIN,
  ADMIN_FDRAIN,
]);
const NOT_KEPT = ADMIN_IDRAIN | ADMIN_IMAINT | ADMIN_RMAINT | ADMIN_FQDN_CHANGED;
const HIGHEST_WEIGHT = 256;
const HIGHEST_RESULT = 4;
const HIGHEST_PORT = 65535;
const LONGEST_NAME = 255;

/** Reads numbers and notes the fields that hold something else. */
class LineReader {
  readonly wrong: string[] = [];
  readonly #line: ServerStateLine;

  constructor(line: ServerStateLine) {
    this.#line = line;
  }

  number(field: ServerStateField, isValid: (value: number) => boolean = () => true): number {
    const text = this.#line[field] ?? '';
    const value = /^[+-]?\d+/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
    if (!Number.isNaN(value) && isValid(value)) return value;
    this.wrong.push(`invalid ${field} value '${text}'`);
    return 0;
  }

  /** Of the last five: 0 where it is missing. */
  optional(field: ServerStateField): number {
    return this.#line[field] === undefined ? 0 : this.number(field, upTo(HIGHEST_PORT));
  }

  address(field: ServerStateField): IpAddress | undefined {
    return parseIp(this.#line[field] ?? '');
  }

  /** A dash stands for none. */
  name(field: ServerStateField): string | undefined {
    const text = this.#line[field] ?? '-';
    if (text.startsWith('-')) return undefined;
    if (text.length <= LONGEST_NAME && /^[\w.-]+$/.test(text)) return text;
    this.wrong.push(`invalid ${field} value '${text}'`);
    return undefined;
  }
}

function upTo(most: number): (value: number) => boolean {
  return value => value >= 0 && value <= most;
}

export function readServerState(
  line: ServerStateLine,
): { readonly values: ServerStateValues } | { readonly wrong: readonly string[] } {
  const reader = new LineReader(line);
  const isCheckState = (value: number): boolean => (value & ~CHECK_STATE_KNOWN) === 0;
  const state = reader.number('srv_op_state', upTo(SRV_STOPPING));
  const admin = reader.number('srv_admin_state', value => ADMIN_COMBINATIONS.has(value & ~NOT_KEPT));
  const userWeight = reader.number('srv_uweight', upTo(HIGHEST_WEIGHT));
  const initialWeight = reader.number('srv_iweight', upTo(HIGHEST_WEIGHT));
  const secondsSinceChange = reader.number('srv_time_since_last_change');
  const checkStatus = reader.number('srv_check_status', upTo(HIGHEST_CHECK_STATUS));
  reader.number('srv_check_result', upTo(HIGHEST_RESULT));
  const checkHealth = reader.number('srv_check_health');
  const checkState = reader.number('srv_check_state', isCheckState);
  const agentState = reader.number('srv_agent_state', isCheckState);
  const backendIdForced = reader.number('bk_f_forced_id', upTo(1)) === 1;
  reader.number('srv_f_forced_id', upTo(1));
  const fqdn = reader.name('srv_fqdn');
  const port = reader.number('srv_port', upTo(HIGHEST_PORT));
  const checkPort = reader.optional('srv_check_port');
  const agentPort = reader.optional('srv_agent_port');
  if (reader.wrong.length > 0) return { wrong: reader.wrong };
  const record = line.srvrecord ?? '-';
  return {
    values: {
      address: reader.address('srv_addr'),
      state,
      admin: admin & ~NOT_KEPT,
      fqdnChanged: (admin & ADMIN_FQDN_CHANGED) !== 0,
      userWeight,
      initialWeight,
      secondsSinceChange,
      checkStatus: checkStatusOfNumber(checkStatus).name,
      checkHealth,
      checkDisabled: isDisabled(checkState),
      agentDisabled: isDisabled(agentState),
      backendIdForced,
      fqdn,
      port,
      srvRecord: record.startsWith('_') ? record : undefined,
      usesTls: line.srv_use_ssl === '1' ? true : line.srv_use_ssl === '0' ? false : undefined,
      checkPort,
      checkAddress: reader.address('srv_check_addr'),
      agentAddress: reader.address('srv_agent_addr'),
      agentPort,
    },
  };
}

function isDisabled(checkState: number): boolean {
  return (checkState & (CHECK_STATE_CONFIGURED | CHECK_STATE_ENABLED)) === CHECK_STATE_CONFIGURED;
}
