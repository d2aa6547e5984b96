/** What a `vrrp_instance` block is read into; defaults come in resolve-instance.ts. */
import type { Position } from '../../model/diagnostic.ts';
import type { IpRouteEntry } from '../../model/ip-entry.ts';
import type { UnicastPeer } from '../../model/vrrp-instance.ts';
import type { Word } from '../../model/word.ts';
import type { AddressLine } from './address-entry.ts';
import type { SigningDraft } from './auth-hmac.ts';
import type { GarpDraft } from './garp-rows.ts';
import type { NotifyDraft } from './notify-keywords.ts';
import { emptyTracking, type TrackDraft } from './track-blocks.ts';

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
  signing?: SigningDraft;
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
  /** Of addresses elsewhere. */
  useVmacForAddresses: boolean;
  virtualAddresses: AddressLine[];
  excludedAddresses: AddressLine[];
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
    useVmacForAddresses: false,
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
