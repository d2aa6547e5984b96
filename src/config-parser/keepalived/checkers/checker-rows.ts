/** What a checker's block is read into, and the rows that most checkers share. */
import type { Position } from '../../../model/diagnostic.ts';
import type { ScriptCommand } from '../../../model/script-command.ts';
import type { HttpUrl } from '../../../model/virtual-server.ts';
import type { KeepalivedKeyword } from '../keyword.ts';
import { addressRow, integerRow } from '../value-rows.ts';
import { readBool } from '../values.ts';
import { checkDefaultRows, type CheckDefaults } from './check-defaults.ts';

export interface CheckerDraft extends CheckDefaults {
  readonly position: Position;
  connectIp?: string;
  connectPort?: number;
  bindTo?: string;
  bindPort?: number;
  bindIf?: string;
  fwmark?: number;
  logAllFailures?: boolean;
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
  weight: number;
  reverse: boolean;
}

export type Row = KeepalivedKeyword<CheckerDraft>;

export function text(
  name: string,
  key: 'heloName' | 'dnsName' | 'sniName' | 'trackFile' | 'bindIf',
  summary: string,
): Row {
  return {
    name,
    args: '<STRING>',
    least: 1,
    summary,
    parse: (draft, { words }) => void (draft[key] = words[0]?.text ?? ''),
  };
}

export function flag(
  name: string,
  key: 'enableSni' | 'miscDynamic' | 'logAllFailures',
  summary: string,
): Row {
  return {
    name,
    args: '[<BOOL>]',
    summary,
    parse: (draft, statement, scope) => void (draft[key] = readBool(statement, scope) ?? true),
  };
}

export const COMMON: readonly Row[] = [
  ...checkDefaultRows<CheckerDraft>(),
  flag('log_all_failures', 'logAllFailures', 'log each failure'),
];

export const CONNECTING: readonly Row[] = [
  addressRow('connect_ip', 'connectIp', 'other address to check'),
  integerRow('connect_port', 'connectPort', [0, 65_535], 'other port to check', '<n>'),
  addressRow('bindto', 'bindTo', 'source address'),
  integerRow('bind_port', 'bindPort', [0, 65_535], 'source port', '<n>'),
  text('bind_if', 'bindIf', 'source interface'),
  integerRow('fwmark', 'fwmark', [0, 0xffff_ffff], 'mark on check packets', '<n>'),
  ...COMMON,
];
