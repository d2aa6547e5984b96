/** Keywords of `virtual_server` blocks (keepalived.conf(5), Virtual server(s)). Defaults come in resolve-virtual-server.ts. */
import type { ScriptCommand } from '../../model/script-command.ts';
import type { ForwardingMethod, Scheduler, ServiceAddress } from '../../model/virtual-server.ts';
import type { Word } from '../../model/word.ts';
import { maskLength } from './address-entry.ts';
import type { Statement } from './block.ts';
import { checkDefaultRows, virtualhostRow, type CheckDefaults } from './checkers/check-defaults.ts';
import { KeywordTable, type KeepalivedKeyword } from './keyword.ts';
import { parseRealServer, type RealServerDraft } from './real-server.ts';
import type { Scope } from './scope.ts';
import { parseServer } from './service-address.ts';
import { METHOD_ARGS, methodOf, script } from './service-rows.ts';
import { boolRow, flagRow, integerRow } from './value-rows.ts';
import { readInteger } from './values.ts';

export interface VirtualServerDraft extends CheckDefaults {
  /** Undefined here and below: nothing was said. */
  scheduler?: Scheduler;
  schedulerFlags: string[];
  ops: boolean;
  method?: ForwardingMethod;
  protocol?: 'TCP' | 'UDP' | 'SCTP';
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
      else scope.report.warn(word.position, `Unknown scheduler '${word.text}' - ignoring`);
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

const MOST = 1 << 30;

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
  flagRow('ops', 'ops', 'one-packet scheduling for UDP'),
  {
    name: 'ip_family',
    args: 'inet|inet6',
    least: 1,
    summary: 'family of a mark service',
    withoutEffect: true,
    parse: () => {},
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
      else scope.report.warn(word.position, `Unknown protocol '${word.text}' - ignoring`);
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
  flagRow('ha_suspend', 'haSuspend', 'no checks while the VIP is absent'),
  flagRow('omega', 'omega', 'run down notifiers at shutdown'),
  flagRow('inhibit_on_failure', 'inhibitOnFailure', 'weight zero instead of removal'),
  ...checkDefaultRows<VirtualServerDraft>(),
  flagRow('alpha', 'alpha', 'assume down at start'),
  virtualhostRow<VirtualServerDraft>(),
  boolRow('smtp_alert', 'smtpAlert', 'mail upon change'),
  integerRow('quorum', 'quorum', [1, MOST], 'weight needed to operate', '<n>'),
  integerRow('hysteresis', 'hysteresis', [0, MOST], 'quorum flap damping', '<n>'),
  integerRow('weight', 'weight', [1, MOST], 'default real server weight', '<n>'),
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
  {
    name: 'sorry_server_inhibit',
    args: '',
    summary: 'keep connections to the fallback, which are kept anyway',
    parse: () => {},
  },
  methodRow('sorry_server_lvs_method', 'sorryMethod', 'forwarding method of the fallback'),
  {
    name: 'real_server',
    args: '<ip> [<port>] { ... }',
    least: 1,
    summary: 'one real server',
    parse: (draft, statement, scope) => {
      const server = parseRealServer(statement, scope);
      if (server !== undefined) draft.realServers.push(server);
    },
  },
]);
