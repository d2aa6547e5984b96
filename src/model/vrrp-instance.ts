/** `vrrp_instance` and `vrrp_sync_group` (keepalived.conf(5), VRRPD CONFIGURATION), defaults already applied. */
import type { Position } from './diagnostic.ts';
import type { IpAddressEntry, IpRouteEntry } from './ip-entry.ts';
import type { ScriptCommand } from './script-command.ts';

export interface VrrpInstance {
  readonly name: string;
  readonly position: Position;
  readonly family: 4 | 6;
  readonly version: 2 | 3;
  /** Missing only with unicast peers and `unicast_src_ip`. */
  readonly interface?: string;
  readonly virtualRouterId: number;
  /** 255: owner of the addresses. */
  readonly priority: number;
  readonly initialState: 'MASTER' | 'BACKUP';
  readonly advertIntMs: number;
  readonly preempt: boolean;
  readonly preemptDelayMs: number;
  readonly downTimerAdverts: number;
  readonly strict: boolean;
  /** `auth_type PASS`: at most 8 characters. VRRPv2 only. */
  readonly authPass?: string;
  /** `auth_type AH`: the key of the digest, as long. VRRPv2 over IPv4 only. */
  readonly authKey?: string;
  /** `auth_hmac`, either version. */
  readonly signature?: AdvertSignature;
  /** Packets to the virtual addresses are accepted by a node that does not own them. */
  readonly accept: boolean;

  // transport
  readonly unicastPeers: readonly UnicastPeer[];
  readonly unicastFaultNoPeer: boolean;
  readonly unicastTtl: number;
  readonly checkUnicastSrc: boolean;
  /** `mcast_src_ip` / `unicast_src_ip`. */
  readonly sourceIp?: string;
  readonly trackSourceIp: boolean;
  readonly multicastGroup: string;
  readonly v3ChecksumAsV2: boolean;
  readonly skipCheckAdvAddr: boolean;
  readonly kernelRxBufSize?: number;
  readonly useVmac?: VmacSettings;
  /** `use_vmac_addr`: those that addresses elsewhere need. */
  readonly addressVmacs: readonly AddressVmac[];

  // what the master holds
  readonly virtualAddresses: readonly IpAddressEntry[];
  readonly excludedAddresses: readonly IpAddressEntry[];
  readonly virtualRoutes: readonly IpRouteEntry[];
  readonly virtualRules: readonly IpRouteEntry[];
  readonly promoteSecondaries: boolean;

  readonly dontTrackPrimary: boolean;
  readonly tracking: Tracking;

  // manners
  readonly garp: GarpSettings;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  readonly ownerIgnoreAdverts: boolean;

  readonly notify: NotifyScripts;
  readonly smtpAlert: boolean;
  readonly notifyPriorityChanges: boolean;
}

/** Adverts end with a trailer that only those who have a key can write. */
export interface AdvertSignature {
  readonly keys: readonly SigningKey[];
  /** Of the key that we sign with; always one of `keys`. */
  readonly activeKey: number;
  /** How far the clock of a sender may be off, either way; missing: only the order counts (`anti_replay monotonic`). */
  readonly windowSec?: number;
  /** All but `enforce` take adverts without a trailer, too; `receive-only` sends none. */
  readonly mode: 'enforce' | 'permissive' | 'receive-only';
}

export interface SigningKey {
  /** 1 to 255: adverts say which key they are signed with. */
  readonly id: number;
  /** 32 to 64 bytes. */
  readonly hex: string;
}

export interface UnicastPeer {
  readonly address: string;
  readonly minTtl?: number;
  readonly maxTtl?: number;
}

export interface VmacSettings {
  /** Default: the prefix, a dot and the router id, with a number where that is taken. */
  readonly name: string;
  /** Default: 00:00:5e:00:01:VRID, ...:02:VRID for IPv6. */
  readonly mac: string;
  /** Adverts leave and arrive on the base interface. */
  readonly xmitBase: boolean;
}

/** A virtual MAC interface that carries addresses and no adverts. */
export interface AddressVmac {
  readonly name: string;
  readonly mac: string;
  readonly base: string;
  readonly family: 4 | 6;
}

/** Weight 0: fault when the tracked thing is down. `reverse` turns up and down round. */
export interface Tracked {
  readonly name: string;
  readonly weight: number;
  readonly reverse: boolean;
}

/** Our own word: follow the health of a backend or frontend of the balancer. */
export interface TrackedLb extends Tracked {
  readonly kind: 'backend' | 'frontend';
  /** A backend is up with at least so many servers. */
  readonly minServers: number;
}

export interface Tracking {
  readonly interfaces: readonly Tracked[];
  readonly scripts: readonly Tracked[];
  readonly files: readonly Tracked[];
  readonly processes: readonly Tracked[];
  readonly bfds: readonly Tracked[];
  readonly lb: readonly TrackedLb[];
}

export interface GarpSettings {
  readonly masterDelayMs: number;
  readonly masterRepeat: number;
  /** 0: none. */
  readonly masterRefreshMs: number;
  readonly masterRefreshRepeat: number;
  readonly lowerPrioDelayMs: number;
  readonly lowerPrioRepeat: number;
  /** Periodic announcements for addresses on other interfaces; 0: none. */
  readonly extraIfMs: number;
  /** Not on VMAC interfaces only. */
  readonly extraIfAll: boolean;
}

export interface NotifyScripts {
  readonly master?: ScriptCommand;
  readonly backup?: ScriptCommand;
  readonly fault?: ScriptCommand;
  readonly stop?: ScriptCommand;
  readonly deleted?: ScriptCommand;
  readonly any?: ScriptCommand;
  readonly masterRxLowerPri?: ScriptCommand;
  /** `notify_deleted` was said: a removed instance is announced as DELETED, else as FAULT. */
  readonly sayDeleted: boolean;
}

export interface VrrpSyncGroup {
  readonly name: string;
  readonly position: Position;
  readonly members: readonly string[];
  readonly tracking: Tracking;
  readonly notify: NotifyScripts;
  readonly smtpAlert: boolean;
  readonly notifyPriorityChanges: boolean;
}
