/** What a checker's block is read into, and the rows that most checkers share. */
import type { Position } from '../../../model/diagnostic.ts';
import type { ScriptCommand } from '../../../model/script-command.ts';
import type { HttpUrl } from '../../../model/virtual-server.ts';
import type { KeepalivedKeyword } from '../keyword.ts';
import { addressRow, boolRow, integerRow, textRow } from '../value-rows.ts';
import { checkDefaultRows, type CheckDefaults } from './check-defaults.ts';

/** Where a checker goes, and how often: what each has. */
export interface ConnectingDraft extends CheckDefaults {
  connectIp?: string;
  connectPort?: number;
  bindTo?: string;
  bindPort?: number;
  bindIf?: string;
  fwmark?: number;
  logAllFailures?: boolean;
}

export interface CheckerDraft extends ConnectingDraft {
  readonly position: Position;
  protocol: '1.0' | '1.0C' | '1.1';
  enableSni: boolean;
  sniName?: string;
  urls: HttpUrl[];
  script?: ScriptCommand;
  account: { user?: string; group?: string };
  miscTimeoutMs?: number;
  miscDynamic: boolean;
  heloName?: string;
  dnsType: string;
  dnsName: string;
  payload?: string;
  requireReply: boolean;
  reply?: string;
  minReplyLength: number;
  maxReplyLength: number;
  trackFile?: string;
  bfdName?: string;
  fileWeight?: { readonly weight: number; readonly reverse: boolean };
  /** SMTP_CHECK: each is a checker. */
  hosts: ConnectingDraft[];
}

export type Row = KeepalivedKeyword<CheckerDraft>;

export const COMMON: readonly KeepalivedKeyword<ConnectingDraft>[] = [
  ...checkDefaultRows<ConnectingDraft>(0),
  boolRow('alpha', 'alpha', 'assume down at start'),
  boolRow('log_all_failures', 'logAllFailures', 'log each failure'),
];

export const CONNECTING: readonly KeepalivedKeyword<ConnectingDraft>[] = [
  addressRow('connect_ip', 'connectIp', 'other address to check'),
  integerRow('connect_port', 'connectPort', [1, 65_535], 'other port to check', '<n>'),
  addressRow('bindto', 'bindTo', 'source address'),
  integerRow('bind_port', 'bindPort', [1, 65_535], 'source port', '<n>'),
  textRow('bind_if', 'bindIf', 'source interface'),
  integerRow('fwmark', 'fwmark', [0, 0xffff_ffff], 'mark on check packets', '<n>'),
  ...COMMON,
];
