/** The blocks at the top of keepalived.conf. */
import type { IpAddressEntry, IpRouteEntry } from '../../model/ip-entry.ts';
import type { KeepalivedConfig } from '../../model/keepalived.ts';
import { parseStaticAddress } from './address-entry.ts';
import { parseBfdInstance, type BfdDraft } from './bfd-instance.ts';
import type { Statement } from './block.ts';
import { GLOBAL_DEFS, newGlobalDraft, type GlobalDraft } from './global-defs.ts';
import { KeywordTable, type KeepalivedKeyword } from './keyword.ts';
import { parseRouteEntry, parseRuleEntry } from './route-entry.ts';
import type { Scope } from './scope.ts';
import { parseServerGroup } from './service-address.ts';
import { parseSyncGroup, type GroupDraft } from './sync-group.ts';
import {
  nameOf,
  parseGarpGroup,
  parseInterfaceDelays,
  parseTrackFile,
  parseTrackProcess,
  parseVrrpScript,
} from './trackables.ts';
import { blockOf } from './values.ts';
import { parseVirtualServer } from './resolve-virtual-server.ts';
import { newInstanceDraft, type InstanceDraft } from './instance-draft.ts';
import { VRRP_INSTANCE } from './vrrp-instance.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Lists =
  'scripts' | 'trackProcesses' | 'trackFiles' | 'garpGroups' | 'virtualServers' | 'virtualServerGroups';

export type TopDraft = {
  global: GlobalDraft;
  staticAddresses: IpAddressEntry[];
  staticRoutes: IpRouteEntry[];
  staticRules: IpRouteEntry[];
  bfdInstances: BfdDraft[];
  instances: InstanceDraft[];
  syncGroups: GroupDraft[];
  interfaceDelays: Map<string, { readonly downMs: number; readonly upMs: number }>;
  ssl: Mutable<KeepalivedConfig['ssl']>;
} & { [K in Lists]: Mutable<KeepalivedConfig[K]>[number][] };

export function newTopDraft(): TopDraft {
  return {
    global: newGlobalDraft(),
    staticAddresses: [],
    staticRoutes: [],
    staticRules: [],
    bfdInstances: [],
    instances: [],
    syncGroups: [],
    scripts: [],
    trackProcesses: [],
    trackFiles: [],
    garpGroups: [],
    interfaceDelays: new Map(),
    virtualServers: [],
    virtualServerGroups: [],
    ssl: {},
  };
}

type Row = KeepalivedKeyword<TopDraft>;
type NamedList = {
  [K in keyof TopDraft]: TopDraft[K] extends { name: string }[] ? K : never;
}[keyof TopDraft];

/** A block with a name of its own: `vrrp_script NAME { ... }`. */
function named<K extends NamedList>(
  name: string,
  key: K,
  summary: string,
  parse: (name: string, statement: Statement, scope: Scope) => TopDraft[K][number] | undefined,
  deprecated?: string,
): Row {
  return {
    name,
    args: 'NAME { ... }',
    summary,
    ...(deprecated === undefined ? {} : { deprecated }),
    parse: (draft, statement, scope) => {
      const list = draft[key] as TopDraft[K][number][];
      const own = nameOf(statement, other => list.some(item => item.name === other), scope);
      const item = own === undefined ? undefined : parse(own, statement, scope);
      if (item !== undefined) list.push(item);
    },
  };
}

type EntryList = 'staticAddresses' | 'staticRoutes' | 'staticRules';

function entries<K extends EntryList>(
  name: string,
  key: K,
  parse: (statement: Statement, scope: Scope) => TopDraft[K][number] | undefined,
): Row {
  return {
    name,
    args: '{ <entries> }',
    summary: 'placed at start, never moved',
    parse: (draft, statement, scope) => {
      const list = draft[key] as TopDraft[K][number][];
      for (const item of blockOf(statement, scope)) {
        const entry = parse(item, scope);
        if (entry !== undefined) list.push(entry);
      }
    },
  };
}

function parseInstance(name: string, statement: Statement, scope: Scope): InstanceDraft {
  const draft = newInstanceDraft(name, statement.position);
  VRRP_INSTANCE.read(draft, blockOf(statement, scope), scope);
  return draft;
}

function sslRow(
  name: 'password' | 'ca' | 'certificate' | 'key',
  summary: string,
): KeepalivedKeyword<TopDraft['ssl']> {
  return {
    name,
    args: '<STRING>',
    least: 1,
    summary,
    parse: (draft, { words }) => void (draft[name] = words[0]?.text ?? ''),
  };
}

export const SSL = new KeywordTable<TopDraft['ssl']>('SSL', [
  sslRow('password', 'key passphrase'),
  sslRow('ca', 'CA file'),
  sslRow('certificate', 'client certificate'),
  sslRow('key', 'client key'),
]);

export const TOP = new KeywordTable<TopDraft>('', [
  {
    name: 'global_defs',
    args: '{ ... }',
    summary: 'global settings',
    parse: (draft, statement, scope) => GLOBAL_DEFS.read(draft.global, blockOf(statement, scope), scope),
  },
  {
    name: 'net_namespace',
    args: 'NAME',
    least: 1,
    summary: 'network namespace of virtual routers and virtual servers',
    parse: ({ global }, { words }, { report, source }) => {
      const [word] = words;
      if (word === undefined) return;
      global.netNamespace = word.text;
      if (source.namespaceExists?.(word.text) === false)
        report.alert(word.position, `there is no network namespace '${word.text}'`);
    },
  },
  {
    name: 'instance',
    args: 'NAME',
    least: 1,
    summary: 'tells several programs of one host apart (data_use_instance)',
    parse: ({ global }, { words }) => void (global.instanceName = words[0]?.text ?? ''),
  },
  entries('static_ipaddress', 'staticAddresses', parseStaticAddress),
  entries('static_routes', 'staticRoutes', parseRouteEntry),
  entries('static_rules', 'staticRules', parseRuleEntry),
  named('vrrp_sync_group', 'syncGroups', 'instances that fail over together', parseSyncGroup),
  named('vrrp_instance', 'instances', 'one virtual router', parseInstance),
  named('vrrp_script', 'scripts', 'periodic tracking script', parseVrrpScript),
  named('vrrp_track_process', 'trackProcesses', 'process presence tracking', parseTrackProcess),
  named('track_file', 'trackFiles', 'file whose value adjusts the priority', parseTrackFile),
  named('vrrp_track_file', 'trackFiles', 'old name of track_file', parseTrackFile, 'track_file'),
  named(
    'bfd_instance',
    'bfdInstances',
    'a session that tells whether a neighbour is there',
    parseBfdInstance,
  ),
  {
    name: 'garp_group',
    args: '[NAME] { ... }',
    summary: 'pacing of ARP and neighbour announcements',
    parse: (draft, statement, scope) => {
      const group = parseGarpGroup(statement, scope);
      if (group !== undefined) draft.garpGroups.push(group);
    },
  },
  {
    name: 'interface_up_down_delays',
    args: '{ <ifname> down_delay [up_delay] ... }',
    summary: 'debounce of link changes',
    parse: (draft, statement, scope) => {
      for (const [name, delay] of parseInterfaceDelays(statement, scope))
        draft.interfaceDelays.set(name, delay);
    },
  },
  {
    name: 'SSL',
    args: '{ ... }',
    summary: 'client TLS material for SSL_GET',
    parse: (draft, statement, scope) => SSL.read(draft.ssl, blockOf(statement, scope), scope),
  },
  named('virtual_server_group', 'virtualServerGroups', 'reusable list of virtual services', parseServerGroup),
  {
    name: 'virtual_server',
    args: '<ip> [<port>] | fwmark <n> | group <name> { ... }',
    least: 1,
    summary: 'layer 4 service',
    parse: (draft, statement, scope) => {
      const server = parseVirtualServer(statement, draft.global, scope);
      if (server !== undefined) draft.virtualServers.push(server);
    },
  },
]);
