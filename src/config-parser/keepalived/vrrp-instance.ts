/** Keywords of a `vrrp_instance` block (keepalived.conf(5), VRRP instance(s)). Defaults come in resolve-instance.ts. */
import type { Position } from '../../model/diagnostic.ts';
import type { IpAddressEntry, IpRouteEntry } from '../../model/ip-entry.ts';
import type { UnicastPeer } from '../../model/vrrp-instance.ts';
import type { Word } from '../../model/word.ts';
import { parseAddressEntry } from './address-entry.ts';
import type { Statement } from './block.ts';
import { KeywordTable, type KeepalivedKeyword } from './keyword.ts';
import { NOTIFY_KEYWORDS, type NotifyDraft } from './notify-keywords.ts';
import { parseRouteEntry, parseRuleEntry } from './route-entry.ts';
import type { Scope } from './scope.ts';
import { TRACK_KEYWORDS, emptyTracking, type TrackDraft } from './track-blocks.ts';
import {
  blockOf,
  familyOf,
  integerOf,
  interfaceNameOf,
  readAddress,
  readBool,
  readInteger,
  readSeconds,
} from './values.ts';

export interface InstanceDraft extends TrackDraft, NotifyDraft {
  readonly name: string;
  readonly position: Position;
  family?: 4 | 6;
  version?: 2 | 3;
  interface?: string;
  interfaceWord?: Word;
  virtualRouterId?: number;
  priority?: number;
  state?: 'MASTER' | 'BACKUP';
  advertIntMs?: number;
  nopreempt: boolean;
  preemptDelayMs: number;
  downTimerAdverts?: number;
  strict?: boolean;
  authType?: 'PASS' | 'AH';
  authPass?: string;
  accept?: boolean;
  unicastPeers: UnicastPeer[];
  unicastConfigured: boolean;
  unicastFaultNoPeer: boolean;
  unicastTtl?: number;
  checkUnicastSrc: boolean;
  sourceIp?: string;
  trackSourceIp: boolean;
  multicastGroup?: string;
  v3ChecksumAsV2?: boolean;
  skipCheckAdvAddr?: boolean;
  kernelRxBufSize?: number;
  useVmac: boolean;
  vmacName?: string;
  vmacMac?: string;
  vmacXmitBase: boolean;
  virtualAddresses: IpAddressEntry[];
  excludedAddresses: IpAddressEntry[];
  virtualRoutes: IpRouteEntry[];
  virtualRules: IpRouteEntry[];
  noVirtualAddress: boolean;
  promoteSecondaries: boolean;
  dontTrackPrimary: boolean;
  garp: GarpDraft;
  lowerPrioNoAdvert?: boolean;
  higherPrioSendAdvert?: boolean;
  ownerIgnoreAdverts?: boolean;
}

export interface GarpDraft {
  masterDelayMs?: number;
  masterRepeat?: number;
  masterRefreshMs?: number;
  masterRefreshRepeat?: number;
  lowerPrioDelayMs?: number;
  lowerPrioRepeat?: number;
  extraIfMs?: number;
  extraIfAll?: boolean;
}

export function newInstanceDraft(name: string, position: Position): InstanceDraft {
  return {
    name,
    position,
    ...emptyTracking(),
    notify: { sayDeleted: false },
    nopreempt: false,
    preemptDelayMs: 0,
    unicastPeers: [],
    unicastConfigured: false,
    unicastFaultNoPeer: false,
    checkUnicastSrc: false,
    trackSourceIp: false,
    useVmac: false,
    vmacXmitBase: false,
    virtualAddresses: [],
    excludedAddresses: [],
    virtualRoutes: [],
    virtualRules: [],
    noVirtualAddress: false,
    promoteSecondaries: false,
    dontTrackPrimary: false,
    garp: {},
  };
}

type Row = KeepalivedKeyword<InstanceDraft>;
type Keys<T> = {
  [K in keyof InstanceDraft]-?: Exclude<InstanceDraft[K], undefined> extends T ? K : never;
}[keyof InstanceDraft];

function flag(name: string, key: Keys<boolean>, summary: string, value = true): Row {
  return { name, args: '', summary, parse: draft => void (draft[key] = value) };
}

function bool(name: string, key: Keys<boolean>, summary: string): Row {
  return {
    name,
    args: '[<BOOL>]',
    summary,
    parse: (draft, statement, scope) => {
      const value = readBool(statement, scope);
      if (value !== undefined) draft[key] = value;
    },
  };
}

function integer(
  name: string,
  key: 'virtualRouterId' | 'priority' | 'unicastTtl' | 'downTimerAdverts' | 'kernelRxBufSize',
  range: readonly [number, number],
  summary: string,
): Row {
  return {
    name,
    args: `<${range[0]}..${range[1]}>`,
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const value = readInteger(statement, scope, ...range);
      if (value !== undefined) draft[key] = value;
    },
  };
}

export function garpKeyword<Draft extends { garp: GarpDraft }>(
  name: string,
  key: Exclude<keyof GarpDraft, 'extraIfAll'>,
  summary: string,
): KeepalivedKeyword<Draft> {
  const isTime = key.endsWith('Ms');
  return {
    name,
    args: isTime ? '<secs>' : '<n>',
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const value = isTime ? readSeconds(statement, scope, 0, 86_400) : readInteger(statement, scope, 0, 100);
      if (value !== undefined) draft.garp[key] = value;
    },
  };
}

export function garpExtraKeyword<Draft extends { garp: GarpDraft }>(
  name: string,
  deprecated?: string,
): KeepalivedKeyword<Draft> {
  return {
    name,
    args: '[all] <secs>',
    least: 1,
    summary: 'announce periodically on other interfaces of virtual addresses',
    ...(deprecated === undefined ? {} : { deprecated }),
    parse: (draft, statement, scope) => {
      const all = statement.words[0]?.text === 'all';
      const value = readSeconds(statement, scope, 0, 86_400, all ? 1 : 0);
      if (value === undefined) return;
      draft.garp.extraIfMs = value;
      draft.garp.extraIfAll = all;
    },
  };
}

function source(name: string): Row {
  return {
    name,
    args: '<ip>',
    least: 1,
    summary: 'source address of adverts',
    parse: (draft, statement, scope) => {
      const found = readAddress(statement, scope);
      if (name === 'unicast_src_ip') draft.unicastConfigured = true;
      if (found === undefined || !agreeOnFamily(draft, found.family, statement, scope)) return;
      draft.sourceIp = found.address;
    },
  };
}

/** All addresses of an instance that go into adverts or their headers have one family. */
function agreeOnFamily(draft: InstanceDraft, family: 4 | 6, statement: Statement, scope: Scope): boolean {
  draft.family ??= family;
  if (draft.family === family) return true;
  scope.report.warn(
    statement.position,
    `(${draft.name}) address family must match VRRP instance - ignoring ${statement.name}`,
  );
  return false;
}

function parseAddresses(draft: InstanceDraft, statement: Statement, scope: Scope): void {
  for (const item of blockOf(statement, scope)) {
    const entry = parseAddressEntry(item, scope);
    if (entry !== undefined && agreeOnFamily(draft, entry.family, item, scope))
      addAddress(draft.virtualAddresses, entry, scope);
  }
}

function addAddress(list: IpAddressEntry[], entry: IpAddressEntry, scope: Scope): void {
  if (list.some(other => other.address === entry.address && other.dev === entry.dev))
    scope.report.warn(entry.position, `address ${entry.address} is listed twice - ignoring the second`);
  else list.push(entry);
}

function parsePeer(item: Statement, scope: Scope): UnicastPeer | undefined {
  if (familyOf(item.name) === undefined) {
    scope.report.warn(item.position, `'${item.name}' is not an IP address - ignoring unicast peer`);
    return undefined;
  }
  let peer: UnicastPeer = { address: item.name };
  for (let index = 0; index < item.words.length; index += 2) {
    const option = item.words[index] as Word;
    const word = item.words[index + 1];
    const value = word === undefined ? undefined : integerOf(word, option.text, scope, 0, 255);
    if (option.text === 'min_ttl' && value !== undefined) peer = { ...peer, minTtl: value };
    else if (option.text === 'max_ttl' && value !== undefined) peer = { ...peer, maxTtl: value };
    else scope.report.warn(option.position, `Unknown unicast_peer option '${option.text}'`);
  }
  return peer;
}

function parsePeers(draft: InstanceDraft, statement: Statement, scope: Scope): void {
  draft.unicastConfigured = true;
  for (const item of blockOf(statement, scope)) {
    const peer = parsePeer(item, scope);
    if (peer === undefined || !agreeOnFamily(draft, familyOf(peer.address) ?? 4, item, scope)) continue;
    if (peer.minTtl !== undefined || peer.maxTtl !== undefined) draft.checkUnicastSrc = true;
    draft.unicastPeers.push(peer);
  }
}

/** `[name] <IF>`, a MAC of five or six octets, `netlink_notify_msg`, `group GID`. */
function parseVmac(draft: InstanceDraft, statement: Statement, scope: Scope): void {
  draft.useVmac = true;
  const words = [...statement.words];
  while (words.length > 0) {
    const word = words.shift() as Word;
    if (word.text.includes(':')) setMac(draft, word, scope);
    else if (word.text === 'group') words.shift();
    else if (word.text !== 'netlink_notify_msg' && word.text !== 'name') {
      const name = interfaceNameOf(word, scope);
      if (name !== undefined) draft.vmacName = name;
    }
  }
}

function setMac(draft: InstanceDraft, word: Word, scope: Scope): void {
  const octets = word.text.replace(/:$/, '').split(':');
  const wellFormed =
    octets.every(octet => /^[0-9a-f]{1,2}$/i.test(octet)) && (octets.length === 5 || octets.length === 6);
  if (!wellFormed || (Number.parseInt(octets[0] ?? '1', 16) & 1) === 1) {
    scope.report.warn(word.position, `VMAC invalid MAC address ${word.text} - ignored`);
    return;
  }
  draft.vmacMac = octets.map(octet => octet.toLowerCase().padStart(2, '0')).join(':');
}

interface AuthDraft {
  type?: 'PASS' | 'AH';
  pass?: string;
}

export const AUTHENTICATION = new KeywordTable<AuthDraft>('vrrp_instance/authentication', [
  {
    name: 'auth_type',
    args: 'PASS|AH',
    least: 1,
    summary: 'authentication kind',
    parse: (draft, statement, scope) => {
      const word = statement.words[0] as Word;
      if (word.text === 'AH')
        scope.report.alert(word.position, "auth_type AH is not supported: use 'auth_type PASS'");
      else if (word.text === 'PASS') draft.type = 'PASS';
      else scope.report.warn(word.position, `unknown authentication type '${word.text}'`);
    },
  },
  {
    name: 'auth_pass',
    args: '<password>',
    least: 1,
    summary: 'shared secret, first eight characters',
    parse: (draft, statement, scope) => {
      const word = statement.words[0] as Word;
      if (Buffer.byteLength(word.text) > 8)
        scope.report.warn(word.position, 'Truncating auth_pass to 8 characters');
      draft.pass = Buffer.from(word.text).subarray(0, 8).toString('latin1');
    },
  },
]);

function parseState(draft: InstanceDraft, statement: Statement, scope: Scope): void {
  const word = statement.words[0] as Word;
  if (word.text === 'MASTER' || (word.text === 'BACKUP' && draft.state !== 'MASTER')) draft.state = word.text;
  else if (word.text === 'BACKUP')
    scope.report.warn(word.position, `(${draft.name}) state previously set as MASTER - ignoring BACKUP`);
  else {
    scope.report.warn(word.position, `(${draft.name}) unknown state '${word.text}', defaulting to BACKUP`);
    draft.state = 'BACKUP';
  }
}

function isMulticast(address: string): boolean {
  return /^(22[4-9]|23\d)\./.test(address) || /^ff.2:/i.test(address);
}

const ROWS: readonly Row[] = [
  { name: 'state', args: 'MASTER|BACKUP', least: 1, summary: 'state assumed at start', parse: parseState },
  {
    name: 'interface',
    args: '<IF>',
    least: 1,
    summary: 'interface carrying adverts',
    parse: (draft, statement, scope) => {
      const word = statement.words[0] as Word;
      const name = interfaceNameOf(word, scope);
      if (name === undefined) return;
      draft.interface = name;
      draft.interfaceWord = word;
    },
  },
  integer('virtual_router_id', 'virtualRouterId', [1, 255], 'virtual router number'),
  integer('priority', 'priority', [1, 255], 'election priority; 255 owns the addresses'),
  {
    name: 'advert_int',
    args: '<secs>',
    least: 1,
    summary: 'interval between adverts',
    parse: (draft, statement, scope) => {
      const value = readSeconds(statement, scope, 0.01, 255);
      if (value !== undefined) draft.advertIntMs = value;
    },
  },
  {
    name: 'version',
    args: '2|3',
    least: 1,
    summary: 'protocol version',
    parse: (draft, statement, scope) => {
      const value = readInteger(statement, scope, 2, 3);
      if (value !== undefined) draft.version = value === 2 ? 2 : 3;
    },
  },
  {
    name: 'authentication',
    args: '{ auth_type PASS  auth_pass <password> }',
    summary: 'VRRPv2 authentication',
    parse: (draft, statement, scope) => {
      const auth: AuthDraft = {};
      AUTHENTICATION.read(auth, blockOf(statement, scope), scope);
      if (auth.type !== undefined) draft.authType = auth.type;
      if (auth.pass !== undefined) draft.authPass = auth.pass;
    },
  },
  {
    name: 'virtual_ipaddress',
    args: '{ <address entries> }',
    summary: 'addresses owned by the master',
    parse: parseAddresses,
  },
  {
    name: 'virtual_ipaddress_excluded',
    args: '{ <address entries> }',
    summary: 'addresses owned but not advertised',
    parse: (draft, statement, scope) => {
      for (const item of blockOf(statement, scope)) {
        const entry = parseAddressEntry(item, scope);
        if (entry !== undefined) addAddress(draft.excludedAddresses, entry, scope);
      }
    },
  },
  {
    name: 'virtual_routes',
    args: '{ <route entries> }',
    summary: 'routes owned by the master',
    parse: (draft, statement, scope) => {
      const entries = blockOf(statement, scope).map(item => parseRouteEntry(item, scope));
      draft.virtualRoutes.push(...entries.filter(entry => entry !== undefined));
    },
  },
  {
    name: 'virtual_rules',
    args: '{ <rule entries> }',
    summary: 'routing rules owned by the master',
    parse: (draft, statement, scope) => {
      const entries = blockOf(statement, scope).map(item => parseRuleEntry(item, scope));
      draft.virtualRules.push(...entries.filter(entry => entry !== undefined));
    },
  },
  flag('no_virtual_ipaddress', 'noVirtualAddress', 'run without addresses'),
  flag('promote_secondaries', 'promoteSecondaries', 'keep other addresses upon removal'),
  flag('nopreempt', 'nopreempt', 'do not take over from a living master'),
  flag('preempt', 'nopreempt', 'the default', false),
  {
    name: 'preempt_delay',
    args: '<0..1000>',
    least: 1,
    summary: 'wait before preempting',
    parse: (draft, statement, scope) => {
      const value = readSeconds(statement, scope, 0, 1000);
      if (value !== undefined) draft.preemptDelayMs = value;
    },
  },
  {
    name: 'unicast_peer',
    args: '{ <ip> [min_ttl <n>] [max_ttl <n>] ... }',
    summary: 'send adverts to these peers',
    parse: parsePeers,
  },
  flag('unicast_fault_no_peer', 'unicastFaultNoPeer', 'fault when no peer is configured'),
  integer('unicast_ttl', 'unicastTtl', [0, 255], 'hop limit of unicast adverts'),
  flag('check_unicast_src', 'checkUnicastSrc', 'verify that the source of adverts is a peer'),
  source('mcast_src_ip'),
  source('unicast_src_ip'),
  {
    name: 'mcast_dst_ip',
    args: '<ip>',
    least: 1,
    summary: 'other multicast destination',
    parse: (draft, statement, scope) => {
      const found = readAddress(statement, scope);
      if (found === undefined || !agreeOnFamily(draft, found.family, statement, scope)) return;
      if (isMulticast(found.address)) draft.multicastGroup = found.address;
      else
        scope.report.warn(
          statement.position,
          `(${draft.name}) mcast_dst_ip ${found.address} is not link-local multicast - ignoring`,
        );
    },
  },
  flag('track_src_ip', 'trackSourceIp', 'fault when the source address vanishes'),
  flag('dont_track_primary', 'dontTrackPrimary', 'ignore faults of the own interface'),
  ...TRACK_KEYWORDS,
  { name: 'use_vmac', args: '[[name] <IF>] [MAC]', summary: 'use a virtual MAC interface', parse: parseVmac },
  flag('vmac_xmit_base', 'vmacXmitBase', 'adverts from the base interface'),
  flag('accept', 'accept', 'accept packets to the addresses'),
  flag('no_accept', 'accept', 'drop packets to the addresses', false),
  bool('skip_check_adv_addr', 'skipCheckAdvAddr', 'skip address checks of repeated adverts'),
  bool('strict_mode', 'strict', 'enforce protocol rules strictly'),
  bool('v3_checksum_as_v2', 'v3ChecksumAsV2', 'VRRPv3 checksum without pseudo header'),
  bool('lower_prio_no_advert', 'lowerPrioNoAdvert', 'stay silent after an inferior advert'),
  bool('higher_prio_send_advert', 'higherPrioSendAdvert', 'advertise before yielding to a superior'),
  bool('owner_ignore_adverts', 'ownerIgnoreAdverts', 'the address owner ignores adverts'),
  integer('down_timer_adverts', 'downTimerAdverts', [1, 100], 'missed adverts before takeover'),
  integer('kernel_rx_buf_size', 'kernelRxBufSize', [0, 1 << 30], 'advert socket receive buffer'),
  garpKeyword('garp_master_delay', 'masterDelayMs', 'wait before the second announcement batch'),
  garpKeyword('garp_master_repeat', 'masterRepeat', 'announcements per batch'),
  garpKeyword('garp_master_refresh', 'masterRefreshMs', 'periodic announcement interval'),
  garpKeyword('garp_master_refresh_repeat', 'masterRefreshRepeat', 'announcements per refresh'),
  garpKeyword('garp_lower_prio_delay', 'lowerPrioDelayMs', 'second batch wait after an inferior advert'),
  garpKeyword('garp_lower_prio_repeat', 'lowerPrioRepeat', 'announcements after an inferior advert'),
  garpExtraKeyword('garp_extra_if'),
  garpExtraKeyword('vmac_garp_intvl', 'garp_extra_if'),
  ...NOTIFY_KEYWORDS,
];

export const VRRP_INSTANCE = new KeywordTable<InstanceDraft>('vrrp_instance', ROWS);
