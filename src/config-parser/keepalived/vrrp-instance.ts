/** Keywords of a `vrrp_instance` block (keepalived.conf(5), VRRP instance(s)). Defaults come in resolve-instance.ts. */
import type { Word } from '../../model/word.ts';
import { parseAddressEntry } from './address-entry.ts';
import { AUTH_HMAC, newSigningDraft } from './auth-hmac.ts';
import { AUTHENTICATION, type AuthDraft } from './authentication.ts';
import type { Statement } from './block.ts';
import { garpExtraKeyword, garpKeyword } from './garp-rows.ts';
import {
  addAddress,
  agreeOnFamily,
  isMulticast,
  parseAddresses,
  parsePeers,
  parseVmac,
  source,
} from './instance-addresses.ts';
import type { InstanceDraft } from './instance-draft.ts';
import { KeywordTable, type KeepalivedKeyword } from './keyword.ts';
import { NOTIFY_KEYWORDS } from './notify-keywords.ts';
import { parseRouteEntry, parseRuleEntry } from './route-entry.ts';
import type { Scope } from './scope.ts';
import { TRACK_KEYWORDS } from './track-blocks.ts';
import { boolRow, flagRow, integerRow, secondsRow } from './value-rows.ts';
import { blockOf, interfaceNameOf, readAddress, readInteger } from './values.ts';

type Row = KeepalivedKeyword<InstanceDraft>;
type Keys<T> = {
  [K in keyof InstanceDraft]-?: Exclude<InstanceDraft[K], undefined> extends T ? K : never;
}[keyof InstanceDraft];

/** The opposite of another word. */
function unflag(name: string, key: Keys<boolean>, summary: string): Row {
  return { name, args: '', summary, parse: draft => void (draft[key] = false) };
}

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
  integerRow('virtual_router_id', 'virtualRouterId', [1, 255], 'virtual router number'),
  integerRow('priority', 'priority', [1, 255], 'election priority; 255 owns the addresses'),
  secondsRow('advert_int', 'advertIntMs', [0.01, 255], 'interval between adverts'),
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
    name: 'auth_hmac',
    args: '{ key <id> <secret>  active_key <id> ... }',
    summary: 'signs adverts, and refuses replayed ones',
    parse: (draft, statement, scope) => {
      draft.signing ??= newSigningDraft();
      AUTH_HMAC.read(draft.signing, blockOf(statement, scope), scope);
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
  flagRow('no_virtual_ipaddress', 'noVirtualAddress', 'run without addresses'),
  flagRow('promote_secondaries', 'promoteSecondaries', 'keep other addresses upon removal'),
  flagRow('nopreempt', 'nopreempt', 'do not take over from a living master'),
  unflag('preempt', 'nopreempt', 'the default'),
  secondsRow('preempt_delay', 'preemptDelayMs', [0, 1000], 'wait before preempting', '<0..1000>'),
  {
    name: 'unicast_peer',
    args: '{ <ip> [min_ttl <n>] [max_ttl <n>] ... }',
    summary: 'send adverts to these peers',
    parse: parsePeers,
  },
  flagRow('unicast_fault_no_peer', 'unicastFaultNoPeer', 'fault when no peer is configured'),
  integerRow('unicast_ttl', 'unicastTtl', [0, 255], 'hop limit of unicast adverts'),
  flagRow('check_unicast_src', 'checkUnicastSrc', 'verify that the source of adverts is a peer'),
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
  flagRow('track_src_ip', 'trackSourceIp', 'fault when the source address vanishes'),
  flagRow('dont_track_primary', 'dontTrackPrimary', 'ignore faults of the own interface'),
  ...TRACK_KEYWORDS,
  { name: 'use_vmac', args: '[[name] <IF>] [MAC]', summary: 'use a virtual MAC interface', parse: parseVmac },
  flagRow('use_vmac_addr', 'useVmacForAddresses', 'virtual MAC interfaces for addresses elsewhere'),
  flagRow('vmac_xmit_base', 'vmacXmitBase', 'adverts from the base interface'),
  flagRow('accept', 'accept', 'accept packets to the addresses'),
  unflag('no_accept', 'accept', 'drop packets to the addresses'),
  boolRow('skip_check_adv_addr', 'skipCheckAdvAddr', 'skip address checks of repeated adverts'),
  boolRow('strict_mode', 'strict', 'enforce protocol rules strictly'),
  boolRow('v3_checksum_as_v2', 'v3ChecksumAsV2', 'VRRPv3 checksum without pseudo header'),
  boolRow('lower_prio_no_advert', 'lowerPrioNoAdvert', 'stay silent after an inferior advert'),
  boolRow('higher_prio_send_advert', 'higherPrioSendAdvert', 'advertise before yielding to a superior'),
  boolRow('owner_ignore_adverts', 'ownerIgnoreAdverts', 'the address owner ignores adverts'),
  integerRow('down_timer_adverts', 'downTimerAdverts', [1, 100], 'missed adverts before takeover'),
  integerRow('kernel_rx_buf_size', 'kernelRxBufSize', [0, 1 << 30], 'advert socket receive buffer'),
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
