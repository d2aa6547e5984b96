/** `virtual_server` and `real_server` blocks (keepalived.conf(5), Virtual server(s)). */
import type { Position } from '../../model/diagnostic.ts';
import type { ScriptCommand } from '../../model/script-command.ts';
import type {
  CheckerKind,
  ForwardingMethod,
  RealServer,
  Scheduler,
  ServiceAddress,
  SorryServer,
  VirtualServer,
} from '../../model/virtual-server.ts';
import type { Word } from '../../model/word.ts';
import { maskLength } from './address-entry.ts';
import type { Statement } from './block.ts';
import {
  CHECKER_TABLES,
  checkDefaultRows,
  parseChecker,
  resolveChecker,
  virtualhostRow,
  type CheckDefaults,
  type PendingChecker,
} from './checker.ts';
import type { GlobalDraft } from './global-defs.ts';
import { KeywordTable, type KeepalivedKeyword } from './keyword.ts';
import type { Scope } from './scope.ts';
import { parseServer, parseService } from './service-address.ts';
import { blockOf, readBool, readInteger, readScript } from './values.ts';

interface RealServerDraft extends CheckDefaults {
  readonly position: Position;
  readonly address: ServiceAddress;
  weight?: number;
  method?: ForwardingMethod;
  uthreshold: number;
  lthreshold: number;
  inhibitOnFailure?: boolean;
  smtpAlert?: boolean;
  notifyUp?: ScriptCommand;
  notifyDown?: ScriptCommand;
  checkers: PendingChecker[];
}

interface VirtualServerDraft extends CheckDefaults {
  ipFamily?: 4 | 6;
  scheduler: Scheduler;
  schedulerFlags: string[];
  ops: boolean;
  method: ForwardingMethod;
  protocol: 'TCP' | 'UDP' | 'SCTP';
  persistenceTimeoutSec: number;
  persistenceGranularity?: number;
  haSuspend: boolean;
  omega: boolean;
  quorum: number;
  hysteresis: number;
  weight: number;
  inhibitOnFailure: boolean;
  smtpAlert?: boolean;
  quorumUp?: ScriptCommand;
  quorumDown?: ScriptCommand;
  sorry?: ServiceAddress;
  sorryInhibit: boolean;
  sorryMethod?: ForwardingMethod;
  realServers: RealServerDraft[];
}

const SCHEDULERS: readonly Scheduler[] = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'sh',
  'dh',
  'lblc',
  'lblcr',
  'sed',
  'nq',
  'mh',
  'fo',
  'ovf',
  'twos',
];

function methodOf(statement: Statement, scope: Scope): ForwardingMethod | undefined {
  const word = statement.words[0] as Word;
  const found = (['NAT', 'DR', 'TUN'] as const).find(method => method === word.text);
  if (found === undefined)
    scope.report.warn(word.position, `Unknown forwarding method '${word.text}' - ignoring`);
  return found;
}

const METHOD_ARGS = 'NAT|DR|TUN [type {ipip|gue port <n>|gre}]';

function script<Key extends string>(
  name: string,
  key: Key,
  summary: string,
): KeepalivedKeyword<{ [K in Key]?: ScriptCommand }> {
  return {
    name,
    args: 'SCRIPT [user [[:]group]]',
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const command = readScript(statement, scope);
      if (command !== undefined) draft[key] = command as (typeof draft)[Key];
    },
  };
}

function smtpAlert<Draft extends { smtpAlert?: boolean }>(): KeepalivedKeyword<Draft> {
  return {
    name: 'smtp_alert',
    args: '[<BOOL>]',
    summary: 'mail upon change',
    parse: (draft, statement, scope) => {
      const value = readBool(statement, scope);
      if (value !== undefined) draft.smtpAlert = value;
    },
  };
}

function threshold(name: 'uthreshold' | 'lthreshold', summary: string): KeepalivedKeyword<RealServerDraft> {
  return {
    name,
    args: '<n>',
    least: 1,
    summary,
    parse: (draft, statement, scope) =>
      void (draft[name] = readInteger(statement, scope, 0, 0xffff_ffff) ?? 0),
  };
}

function checkerRow(kind: CheckerKind): KeepalivedKeyword<RealServerDraft> {
  return {
    name: kind,
    args: '{ ... }',
    summary: `health check ${kind}`,
    parse: (draft, statement, scope) => {
      const checker = parseChecker(kind, statement, scope);
      if (checker !== undefined) draft.checkers.push(checker);
    },
  };
}

export const REAL_SERVER = new KeywordTable<RealServerDraft>('virtual_server/real_server', [
  {
    name: 'weight',
    args: '<n>',
    least: 1,
    summary: 'weight; 0: no new connections',
    parse: (draft, statement, scope) => {
      const value = readInteger(statement, scope, 0, 65_535);
      if (value !== undefined) draft.weight = value;
    },
  },
  {
    name: 'lvs_method',
    args: METHOD_ARGS,
    least: 1,
    summary: 'forwarding method of this server',
    parse: (draft, statement, scope) => {
      const method = methodOf(statement, scope);
      if (method !== undefined) draft.method = method;
    },
  },
  threshold('uthreshold', 'connections above which to stop'),
  threshold('lthreshold', 'connections below which to resume'),
  {
    name: 'inhibit_on_failure',
    args: '[<BOOL>]',
    summary: 'weight zero instead of removal',
    parse: (draft, statement, scope) => {
      const value = readBool(statement, scope);
      if (value !== undefined) draft.inhibitOnFailure = value;
    },
  },
  script('notify_up', 'notifyUp', 'run when the server recovers'),
  script('notify_down', 'notifyDown', 'run when the server fails'),
  ...checkDefaultRows<RealServerDraft>(),
  smtpAlert<RealServerDraft>(),
  virtualhostRow<RealServerDraft>(),
  ...(Object.keys(CHECKER_TABLES) as CheckerKind[]).map(checkerRow),
]);

type Row = KeepalivedKeyword<VirtualServerDraft>;

function schedulerRow(name: string): Row {
  return {
    name,
    args: 'rr|wrr|lc|wlc|sh|...',
    least: 1,
    summary: 'scheduler',
    parse: (draft, { words }, scope) => {
      const word = words[0] as Word;
      const found = SCHEDULERS.find(scheduler => scheduler === word.text);
      if (found !== undefined) draft.scheduler = found;
      else scope.report.warn(word.position, `Unknown scheduler '${word.text}' - using ${draft.scheduler}`);
    },
  };
}

function methodRow(name: string, key: 'method' | 'sorryMethod', summary: string): Row {
  return {
    name,
    args: METHOD_ARGS,
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const method = methodOf(statement, scope);
      if (method !== undefined) draft[key] = method;
    },
  };
}

function schedulerFlag(name: string): Row {
  return { name, args: '', summary: 'scheduler flag', parse: draft => void draft.schedulerFlags.push(name) };
}

function flag(
  name: string,
  key: 'ops' | 'haSuspend' | 'omega' | 'inhibitOnFailure' | 'sorryInhibit',
  summary: string,
): Row {
  return {
    name,
    args: '[<BOOL>]',
    summary,
    parse: (draft, statement, scope) => void (draft[key] = readBool(statement, scope) ?? true),
  };
}

function integer(name: 'quorum' | 'hysteresis' | 'weight', least: number, summary: string): Row {
  return {
    name,
    args: '<n>',
    least: 1,
    summary,
    parse: (draft, statement, scope) =>
      void (draft[name] = readInteger(statement, scope, least, 1 << 30) ?? draft[name]),
  };
}

function parseRealServer(draft: VirtualServerDraft, statement: Statement, scope: Scope): void {
  const address = parseServer(statement.words, statement, scope);
  if (address === undefined) return;
  const server: RealServerDraft = {
    position: statement.position,
    address,
    uthreshold: 0,
    lthreshold: 0,
    checkers: [],
  };
  REAL_SERVER.read(server, blockOf(statement, scope), scope);
  draft.realServers.push(server);
}

function parseGranularity(draft: VirtualServerDraft, { words }: Statement, scope: Scope): void {
  const word = words[0] as Word;
  const length = /^\d+$/.test(word.text) ? Number(word.text) : maskLength(word.text);
  if (length >= 1 && length <= 128) draft.persistenceGranularity = length;
  else scope.report.warn(word.position, `Invalid persistence_granularity '${word.text}' - ignoring`);
}

export const VIRTUAL_SERVER = new KeywordTable<VirtualServerDraft>('virtual_server', [
  schedulerRow('lvs_sched'),
  schedulerRow('lb_algo'),
  methodRow('lvs_method', 'method', 'forwarding method'),
  methodRow('lb_kind', 'method', 'forwarding method'),
  ...['flag-1', 'flag-2', 'flag-3', 'sh-port', 'sh-fallback', 'mh-port', 'mh-fallback'].map(schedulerFlag),
  flag('ops', 'ops', 'one-packet scheduling for UDP'),
  {
    name: 'ip_family',
    args: 'inet|inet6',
    least: 1,
    summary: 'family of a mark service',
    parse: (draft, { words }) => void (draft.ipFamily = words[0]?.text === 'inet6' ? 6 : 4),
  },
  {
    name: 'protocol',
    args: 'TCP|UDP|SCTP',
    least: 1,
    summary: 'transport protocol',
    parse: (draft, { words }, scope) => {
      const word = words[0] as Word;
      const found = (['TCP', 'UDP', 'SCTP'] as const).find(protocol => protocol === word.text.toUpperCase());
      if (found !== undefined) draft.protocol = found;
      else scope.report.warn(word.position, `Unknown protocol '${word.text}' - using TCP`);
    },
  },
  {
    name: 'persistence_timeout',
    args: '[<secs>]',
    summary: 'client persistence duration',
    parse: (draft, statement, scope) => {
      draft.persistenceTimeoutSec = readInteger(statement, scope, 1, 86_400 * 31) ?? 360;
    },
  },
  {
    name: 'persistence_granularity',
    args: '<netmask>',
    least: 1,
    summary: 'client grouping mask',
    parse: parseGranularity,
  },
  flag('ha_suspend', 'haSuspend', 'no checks while the VIP is absent'),
  flag('omega', 'omega', 'run down notifiers at shutdown'),
  flag('inhibit_on_failure', 'inhibitOnFailure', 'weight zero instead of removal'),
  ...checkDefaultRows<VirtualServerDraft>(),
  virtualhostRow<VirtualServerDraft>(),
  smtpAlert<VirtualServerDraft>(),
  integer('quorum', 1, 'weight needed to operate'),
  integer('hysteresis', 0, 'quorum flap damping'),
  integer('weight', 0, 'default real server weight'),
  script('quorum_up', 'quorumUp', 'run when quorum is gained'),
  script('quorum_down', 'quorumDown', 'run when quorum is lost'),
  {
    name: 'sorry_server',
    args: '<ip> [<port>]',
    least: 1,
    summary: 'fallback when quorum is lost',
    parse: (draft, statement, scope) => {
      const address = parseServer(statement.words, statement, scope);
      if (address !== undefined) draft.sorry = address;
    },
  },
  flag('sorry_server_inhibit', 'sorryInhibit', 'keep the fallback with weight zero'),
  methodRow('sorry_server_lvs_method', 'sorryMethod', 'forwarding method of the fallback'),
  {
    name: 'real_server',
    args: '<ip> [<port>] { ... }',
    least: 1,
    summary: 'one real server',
    parse: parseRealServer,
  },
]);

export function parseVirtualServer(
  statement: Statement,
  global: GlobalDraft,
  scope: Scope,
): VirtualServer | undefined {
  const service = parseService(statement.words, statement, scope);
  if (service === undefined) return undefined;
  const draft: VirtualServerDraft = {
    scheduler: 'wlc',
    schedulerFlags: [],
    ops: false,
    method: 'NAT',
    protocol: 'TCP',
    persistenceTimeoutSec: 0,
    haSuspend: false,
    omega: false,
    quorum: 1,
    hysteresis: 0,
    weight: 1,
    inhibitOnFailure: false,
    sorryInhibit: false,
    realServers: [],
  };
  VIRTUAL_SERVER.read(draft, blockOf(statement, scope), scope);
  const alerts = global.smtpAlertChecker ?? global.smtpAlert;
  const { position } = statement;
  if (service.kind === 'address' && service.port === 0 && draft.persistenceTimeoutSec === 0)
    scope.report.warn(
      position,
      'a virtual server without port must be persistent: persistence_timeout 360 assumed',
    );
  if (draft.quorum <= draft.hysteresis) {
    scope.report.warn(
      position,
      `hysteresis ${draft.hysteresis} must be less than quorum ${draft.quorum} - ignoring`,
    );
    draft.hysteresis = 0;
  }
  return {
    position,
    service,
    ...(draft.ipFamily === undefined ? {} : { ipFamily: draft.ipFamily }),
    scheduler: draft.scheduler,
    schedulerFlags: draft.schedulerFlags,
    onePacketScheduling: draft.ops,
    method: draft.method,
    protocol: draft.protocol,
    persistenceTimeoutSec:
      draft.persistenceTimeoutSec || (service.kind === 'address' && service.port === 0 ? 360 : 0),
    persistenceGranularity:
      draft.persistenceGranularity ?? (service.kind === 'address' && service.family === 6 ? 128 : 32),
    haSuspend: draft.haSuspend,
    alpha: draft.alpha ?? false,
    omega: draft.omega,
    quorum: draft.quorum,
    hysteresis: draft.hysteresis,
    ...(draft.quorumUp === undefined ? {} : { quorumUp: draft.quorumUp }),
    ...(draft.quorumDown === undefined ? {} : { quorumDown: draft.quorumDown }),
    smtpAlert: draft.smtpAlert ?? alerts ?? false,
    ...sorryOf(draft),
    realServers: draft.realServers.map(server => resolveRealServer(server, draft, alerts ?? true, global)),
  };
}

function sorryOf(draft: VirtualServerDraft): { sorryServer?: SorryServer } {
  if (draft.sorry === undefined) return {};
  return {
    sorryServer: {
      address: draft.sorry,
      method: draft.sorryMethod ?? draft.method,
      inhibit: draft.sorryInhibit,
    },
  };
}

function resolveRealServer(
  server: RealServerDraft,
  around: VirtualServerDraft,
  alerts: boolean,
  global: GlobalDraft,
): RealServer {
  const { checkers, position, address, notifyUp, notifyDown, uthreshold, lthreshold } = server;
  const defaults: CheckDefaults = { ...inherited(around), ...inherited(server) };
  return {
    position,
    address,
    weight: server.weight ?? around.weight,
    method: server.method ?? around.method,
    uthreshold,
    lthreshold,
    inhibitOnFailure: server.inhibitOnFailure ?? around.inhibitOnFailure,
    alpha: defaults.alpha ?? false,
    smtpAlert: server.smtpAlert ?? alerts,
    ...(notifyUp === undefined ? {} : { notifyUp }),
    ...(notifyDown === undefined ? {} : { notifyDown }),
    checkers: checkers.map(checker =>
      resolveChecker(checker, defaults, address, global.checkerLogAllFailures),
    ),
  };
}

function inherited(from: CheckDefaults): CheckDefaults {
  const keys = [
    'retry',
    'delayBeforeRetryMs',
    'warmupMs',
    'connectTimeoutMs',
    'delayLoopMs',
    'alpha',
    'virtualhost',
  ] as const;
  return Object.fromEntries(keys.filter(key => from[key] !== undefined).map(key => [key, from[key]]));
}
