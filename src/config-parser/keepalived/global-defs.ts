/** Keywords of `global_defs` (keepalived.conf(5), Global definitions) and their defaults. */
import type { KeepalivedGlobal, MailSettings, NftablesSettings, NotifyFifo } from '../../model/keepalived.ts';
import type { ScriptCommand } from '../../model/script-command.ts';
import type { Statement } from './block.ts';
import { KeywordTable, type KeepalivedKeyword } from './keyword.ts';
import type { Scope } from './scope.ts';
import { DUMP_ROWS, newDumpDraft, resolveDumps, type DumpDraft } from './dump-rows.ts';
import { NFTABLES, NFTABLES_ROWS } from './nftables-rows.ts';
import { RELOAD_ROWS, resolveReloadTime, type ReloadDraft } from './reload-rows.ts';
import { SCHEDULING_ROWS, type SchedulingDraft } from './scheduling-rows.ts';
import { UMASK } from './umask-row.ts';
import { multicastGroup } from './multicast-row.ts';
import { accountOf, blockOf, readInteger, readScript } from './values.ts';
import { boolRow, flagRow, integerRow, secondsRow } from './value-rows.ts';
import { processScriptRows, resolveProcessScript, type ProcessScriptDraft } from './process-scripts.ts';
import { garpExtraKeyword, garpKeyword, type GarpDraft } from './garp-rows.ts';

export interface GlobalDraft extends ReloadDraft, DumpDraft {
  routerId?: string;
  mailFrom?: string;
  mailServer?: string;
  mailPort: number;
  heloName?: string;
  mailConnectTimeoutMs: number;
  mailTo: string[];
  smtpAlert?: boolean;
  smtpAlertVrrp?: boolean;
  smtpAlertChecker?: boolean;
  scriptUser?: { readonly user: string; readonly group?: string };
  enableScriptSecurity: boolean;
  startupDelayMs: number;
  delayAfterBootMs: number;
  garpIntervalMs: number;
  gnaIntervalMs: number;
  minGarp: boolean;
  garp: GarpDraft;
  defaultInterface: string;
  dynamicInterfaces: boolean;
  fifos: { path?: NotifyFifo; script?: ScriptCommand }[];
  fifoOnReload: boolean;
  logUnknownVrids: boolean;
  randomSeed?: number;
  vmacPrefix: string;
  vmacAddressPrefix?: string;
  scheduling: SchedulingDraft;
  checkerLogAllFailures: boolean;
  noEmailFaults: boolean;
  noCheckerEmails: boolean;
  rsInitNotifies: boolean;
  startupScript: ProcessScriptDraft;
  shutdownScript: ProcessScriptDraft;
  lvsTimeoutsSec: { tcp?: number; tcpfin?: number; udp?: number };
  nftables: NftablesSettings;
  umask: number;
  multicastGroup4: string;
  multicastGroup6: string;
  strict: boolean;
  skipCheckAdvAddr: boolean;
  checkUnicastSrc: boolean;
  version: 2 | 3;
  lowerPrioNoAdvert?: boolean;
  higherPrioSendAdvert?: boolean;
  ownerIgnoreAdverts: boolean;
  downTimerAdverts: number;
  v3ChecksumAsV2: boolean;
  notifyPriorityChanges: boolean;
}

export function newGlobalDraft(): GlobalDraft {
  return {
    ...newDumpDraft(),
    mailPort: 25,
    mailConnectTimeoutMs: 30_000,
    mailTo: [],
    enableScriptSecurity: false,
    startupDelayMs: 0,
    delayAfterBootMs: 0,
    garpIntervalMs: 0,
    gnaIntervalMs: 0,
    minGarp: false,
    garp: {},
    defaultInterface: 'eth0',
    dynamicInterfaces: false,
    fifos: [{}, {}, {}],
    fifoOnReload: false,
    logUnknownVrids: false,
    vmacPrefix: 'vrrp',
    scheduling: { vrrp: {}, checker: {} },
    checkerLogAllFailures: false,
    noEmailFaults: false,
    noCheckerEmails: false,
    rsInitNotifies: false,
    startupScript: {},
    shutdownScript: {},
    lvsTimeoutsSec: {},
    reloadRepeats: false,
    nftables: NFTABLES,
    umask: DEFAULT_UMASK,
    multicastGroup4: '224.0.0.18',
    multicastGroup6: 'ff02::12',
    strict: false,
    skipCheckAdvAddr: false,
    checkUnicastSrc: false,
    version: 2,
    ownerIgnoreAdverts: false,
    downTimerAdverts: 3,
    v3ChecksumAsV2: false,
    notifyPriorityChanges: false,
  };
}

/** Files are written by their owner alone. */
const DEFAULT_UMASK = 0o022;
/** What keepalived takes as delays of the whole process. */
const SECONDS = [0, 4294] as const;

type Row = KeepalivedKeyword<GlobalDraft>;
type Keys<T> = {
  [K in keyof GlobalDraft]-?: Exclude<GlobalDraft[K], undefined> extends T ? K : never;
}[keyof GlobalDraft];

function text(name: string, key: Keys<string>, args: string, summary: string): Row {
  return {
    name,
    args,
    least: 1,
    summary,
    parse: (draft, { words }) => void (draft[key] = words[0]?.text ?? ''),
  };
}

/** `notify_fifo` (0), `vrrp_notify_fifo` (1), `lvs_notify_fifo` (2). */
function fifo(name: string, index: 0 | 1 | 2, summary: string): Row[] {
  return [
    {
      name,
      args: 'FIFO [user [group]]',
      least: 1,
      summary,
      parse: (draft, { words }) => {
        const [path, ...account] = words.map(word => word.text);
        (draft.fifos[index] ??= {}).path = { path: path ?? '', ...accountOf(account) };
      },
    },
    {
      name: `${name}_script`,
      args: 'SCRIPT [user [[:]group]]',
      least: 1,
      summary: `program that reads ${name}`,
      parse: (draft, statement, scope) => {
        const script = readScript(statement, scope);
        if (script !== undefined) (draft.fifos[index] ??= {}).script = script;
      },
    },
  ];
}

/** Tables of our own begin and end with us: nothing of others is there to be cleared. */
function emptied(name: string, args: string, when: string): Row {
  return { name, args, summary: `clear layer 4 services ${when}`, withoutEffect: true, parse: () => {} };
}

function parseLvsTimeouts(draft: GlobalDraft, statement: Statement, scope: Scope): void {
  for (let index = 0; index < statement.words.length; index += 2) {
    const word = statement.words[index];
    const value = readInteger(statement, scope, 1, 86_400 * 31, index + 1);
    if (word?.text === 'tcp' || word?.text === 'tcpfin' || word?.text === 'udp') {
      if (value !== undefined) draft.lvsTimeoutsSec[word.text] = value;
    } else scope.report.warn(statement.position, `Unknown option '${word?.text ?? ''}' for lvs_timeouts`);
  }
}

const ROWS: readonly Row[] = [
  {
    name: 'include_check',
    args: '[[+|-]readable|match|wildcard_match|brace_match ...]',
    summary: 'which included files must be there',
    // preprocess.ts has heard of it
    parse: () => {},
  },
  text('router_id', 'routerId', '<STRING>', 'identifies this machine in notifications'),
  text('notification_email_from', 'mailFrom', '<email>', 'sender of notification mail'),
  {
    name: 'smtp_server',
    args: '<host> [<port>]',
    least: 1,
    summary: 'mail relay',
    parse: (draft, statement, scope) => {
      const host = statement.words[0]?.text ?? '';
      draft.mailServer = host;
      draft.mailPort = readInteger(statement, scope, 1, 65_535, 1) ?? 25;
      if (scope.source.isResolvable?.(host) === false)
        scope.report.warn(statement.position, `smtp_server ${host} has no address - each mail asks again`);
    },
  },
  text('smtp_helo_name', 'heloName', '<STRING>', 'HELO name'),
  {
    name: 'smtp_connect_timeout',
    args: '<secs>',
    least: 1,
    summary: 'mail relay timeout',
    parse: (draft, statement, scope) => {
      const value = readInteger(statement, scope, ...SECONDS);
      if (value === 0) scope.report.warn(statement.position, 'smtp_connect_timeout 0 is 1 second');
      if (value !== undefined) draft.mailConnectTimeoutMs = Math.max(1, value) * 1000;
    },
  },
  {
    name: 'notification_email',
    args: '{ <email> ... }',
    summary: 'recipients of notification mail',
    parse: (draft, statement, scope) => {
      for (const item of blockOf(statement, scope))
        draft.mailTo.push(item.name, ...item.words.map(word => word.text));
    },
  },
  boolRow('smtp_alert', 'smtpAlert', 'mail alerts by default'),
  boolRow('smtp_alert_vrrp', 'smtpAlertVrrp', 'mail alerts for VRRP by default'),
  boolRow('smtp_alert_checker', 'smtpAlertChecker', 'mail alerts for checkers by default'),
  flagRow('no_email_faults', 'noEmailFaults', 'no mail upon fault'),
  boolRow('no_checker_emails', 'noCheckerEmails', 'mail only where a real server comes or goes'),
  boolRow('rs_init_notifies', 'rsInitNotifies', 'tell of real servers that are there from the start'),
  boolRow('checker_log_all_failures', 'checkerLogAllFailures', 'log each failed check'),
  {
    name: 'script_user',
    args: 'user [[:]group]',
    least: 1,
    summary: 'default account for scripts',
    parse: (draft, { words, position }, { source, report }) => {
      const { user, group: name } = accountOf(words.map(word => word.text));
      if (user === undefined) return;
      draft.scriptUser = { user, ...(name === undefined ? {} : { group: name }) };
      const trouble = source.accountTrouble?.(draft.scriptUser);
      if (trouble !== undefined)
        report.warn(position, `script_user: ${trouble} - scripts without a user of their own are not run`);
    },
  },
  flagRow('enable_script_security', 'enableScriptSecurity', 'refuse insecure root scripts'),
  ...processScriptRows<GlobalDraft>('startup_script', 'startupScript', 'before anything else'),
  ...processScriptRows<GlobalDraft>('shutdown_script', 'shutdownScript', 'when all else is done'),
  secondsRow('vrrp_startup_delay', 'startupDelayMs', SECONDS, 'hold VRRP after start'),
  secondsRow('vrrp_delay_after_boot', 'delayAfterBootMs', SECONDS, 'hold VRRP after the host has booted'),
  secondsRow('vrrp_garp_interval', 'garpIntervalMs', SECONDS, 'gap between ARP announcements'),
  secondsRow('vrrp_gna_interval', 'gnaIntervalMs', SECONDS, 'gap between neighbour announcements'),
  boolRow('vrrp_min_garp', 'minGarp', 'one announcement only'),
  garpKeyword('vrrp_garp_master_delay', 'masterDelayMs', 'wait before the second announcement batch'),
  garpKeyword('vrrp_garp_master_repeat', 'masterRepeat', 'announcements per batch'),
  garpKeyword('vrrp_garp_master_refresh', 'masterRefreshMs', 'periodic announcement interval'),
  garpKeyword('vrrp_garp_master_refresh_repeat', 'masterRefreshRepeat', 'announcements per refresh'),
  garpKeyword('vrrp_garp_lower_prio_delay', 'lowerPrioDelayMs', 'second batch wait after an inferior advert'),
  garpKeyword('vrrp_garp_lower_prio_repeat', 'lowerPrioRepeat', 'announcements after an inferior advert'),
  garpExtraKeyword('vrrp_garp_extra_if'),
  garpExtraKeyword('vrrp_vmac_garp_intvl', 'vrrp_garp_extra_if'),
  boolRow('vrrp_lower_prio_no_advert', 'lowerPrioNoAdvert', 'stay silent after an inferior advert'),
  boolRow('vrrp_higher_prio_send_advert', 'higherPrioSendAdvert', 'advertise before yielding to a superior'),
  boolRow('vrrp_owner_ignore_adverts', 'ownerIgnoreAdverts', 'the address owner ignores adverts'),
  integerRow('vrrp_down_timer_adverts', 'downTimerAdverts', [1, 100], 'missed adverts before takeover'),
  {
    name: 'vrrp_version',
    args: '2|3',
    least: 1,
    summary: 'default protocol version',
    parse: (draft, statement, scope) => {
      const value = readInteger(statement, scope, 2, 3);
      if (value !== undefined) draft.version = value === 2 ? 2 : 3;
    },
  },
  multicastGroup('vrrp_mcast_group4', 'multicastGroup4', 4),
  multicastGroup('vrrp_mcast_group6', 'multicastGroup6', 6),
  boolRow('vrrp_strict', 'strict', 'enforce protocol rules strictly'),
  boolRow('vrrp_skip_check_adv_addr', 'skipCheckAdvAddr', 'skip address checks of repeated adverts'),
  flagRow('vrrp_check_unicast_src', 'checkUnicastSrc', 'verify that the source of adverts is a peer'),
  boolRow('v3_checksum_as_v2', 'v3ChecksumAsV2', 'VRRPv3 checksum without pseudo header'),
  boolRow('vrrp_notify_priority_changes', 'notifyPriorityChanges', 'report priority changes'),
  flagRow('log_unknown_vrids', 'logUnknownVrids', 'log adverts of unknown routers'),
  text('default_interface', 'defaultInterface', '<IF>', 'interface for static addresses'),
  {
    name: 'dynamic_interfaces',
    args: '[allow_if_changes]',
    summary: 'interfaces may appear later',
    parse: (draft, { words, position }, scope) => {
      draft.dynamicInterfaces = true;
      const unknown = words.find(({ text: word }) => word !== 'allow_if_changes');
      if (unknown !== undefined)
        scope.report.warn(position, `Unknown dynamic_interfaces option '${unknown.text}' - ignoring`);
    },
  },
  ...fifo('notify_fifo', 0, 'named pipe for every event'),
  ...fifo('vrrp_notify_fifo', 1, 'named pipe for VRRP events'),
  ...fifo('lvs_notify_fifo', 2, 'named pipe for checker events'),
  boolRow('fifo_write_vrrp_states_on_reload', 'fifoOnReload', 'report states again after a reload'),
  ...SCHEDULING_ROWS,
  integerRow(
    'random_seed',
    'randomSeed',
    [0, 0xffff_ffff],
    'the numbers of ${_RANDOM} are the same each time',
  ),
  text('vmac_prefix', 'vmacPrefix', 'STRING', 'virtual MAC interface prefix'),
  text('vmac_addr_prefix', 'vmacAddressPrefix', 'STRING', 'the same for addresses elsewhere'),
  {
    name: 'lvs_timeouts',
    args: '[tcp SECS] [tcpfin SECS] [udp SECS]',
    least: 2,
    summary: 'connection timeouts of layer 4 services',
    parse: parseLvsTimeouts,
  },
  emptied('lvs_flush', '', 'at startup'),
  emptied('lvs_flush_on_stop', '[VS]', 'at shutdown'),
  { ...emptied('lvs_flush_onstop', '[VS]', 'at shutdown'), deprecated: 'lvs_flush_on_stop' },
  ...DUMP_ROWS,
  ...NFTABLES_ROWS,
  ...RELOAD_ROWS,
  UMASK,
];

export const GLOBAL_DEFS = new KeywordTable<GlobalDraft>('global_defs', ROWS);

export function resolveGlobal(draft: GlobalDraft, scope: Scope): KeepalivedGlobal {
  const { hostname } = scope.source;
  const [all = {}, vrrp = {}, lvs = {}] = draft.fifos;
  const mail = resolveMail(draft, hostname);
  const startupScript = resolveProcessScript(draft.startupScript);
  const shutdownScript = resolveProcessScript(draft.shutdownScript);
  const reloadTime = resolveReloadTime(draft);
  const [allFifo, vrrpFifo, lvsFifo] = [fifoOf(all), fifoOf(vrrp), fifoOf(lvs)];
  return {
    ...(draft.netNamespace === undefined ? {} : { netNamespace: draft.netNamespace }),
    routerId: draft.routerId ?? hostname,
    ...(mail === undefined ? {} : { mail }),
    ...(draft.scriptUser === undefined ? {} : { scriptUser: draft.scriptUser }),
    enableScriptSecurity: draft.enableScriptSecurity,
    ...(startupScript === undefined ? {} : { startupScript }),
    ...(shutdownScript === undefined ? {} : { shutdownScript }),
    vrrpStartupDelayMs: draft.startupDelayMs,
    vrrpDelayAfterBootMs: draft.delayAfterBootMs,
    garpIntervalMs: draft.garpIntervalMs,
    gnaIntervalMs: draft.gnaIntervalMs,
    defaultInterface: draft.defaultInterface,
    ...(allFifo === undefined ? {} : { notifyFifo: allFifo }),
    ...(vrrpFifo === undefined ? {} : { vrrpNotifyFifo: vrrpFifo }),
    ...(lvsFifo === undefined ? {} : { lvsNotifyFifo: lvsFifo }),
    fifoWriteVrrpStatesOnReload: draft.fifoOnReload,
    logUnknownVrids: draft.logUnknownVrids,
    vrrpScheduling: draft.scheduling.vrrp,
    checkerScheduling: draft.scheduling.checker,
    ...resolveDumps(draft),
    noEmailFaults: draft.noEmailFaults,
    noCheckerEmails: draft.noCheckerEmails,
    rsInitNotifies: draft.rsInitNotifies,
    lvsTimeoutsSec: draft.lvsTimeoutsSec,
    ...(reloadTime === undefined ? {} : { reloadTime }),
    nftables: draft.nftables,
    umask: draft.umask,
  };
}

function resolveMail(draft: GlobalDraft, hostname: string): MailSettings | undefined {
  if (draft.mailServer === undefined || draft.mailTo.length === 0) return undefined;
  return {
    server: draft.mailServer,
    port: draft.mailPort,
    heloName: draft.heloName ?? hostname,
    connectTimeoutMs: draft.mailConnectTimeoutMs,
    from: draft.mailFrom ?? `keepalived@${hostname}`,
    to: draft.mailTo,
  };
}

function fifoOf({ path, script }: { path?: NotifyFifo; script?: ScriptCommand }): NotifyFifo | undefined {
  if (path === undefined) return undefined;
  return script === undefined ? path : { ...path, script };
}
