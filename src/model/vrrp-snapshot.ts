/** What VRRP looks like from outside, as plain data: `show vrrp`, JSON, the statistics page, Prometheus, dumps. */
import type { VrrpScript, VrrpTrackProcess } from './keepalived.ts';

export type VrrpState = 'INIT' | 'BACKUP' | 'MASTER' | 'FAULT';

/** Why a packet was thrown away: the names of the counters. */
export type Badness =
  | 'length'
  | 'ttl'
  | 'version'
  | 'type'
  | 'checksum'
  | 'vrid'
  | 'authType'
  | 'authPass'
  | 'source'
  | 'hmacMissing'
  | 'hmacMalformed'
  | 'hmacUnknownKey'
  | 'hmacInvalid'
  | 'hmacStale'
  | 'hmacReplay';

export interface VrrpSnapshot {
  readonly instances: readonly InstanceSnapshot[];
  readonly groups: readonly GroupSnapshot[];
  /** Those that somebody tracks. */
  readonly scripts: readonly ScriptSnapshot[];
  readonly processes: readonly ProcessSnapshot[];
  /** Adverts for router ids that nobody here has; packets too broken to tell. */
  readonly unknownRouterIds: number;
  readonly brokenPackets: number;
  /** They came faster than they are read: not counted by kind. */
  readonly droppedPackets: number;
}

export interface InstanceSnapshot {
  readonly name: string;
  readonly state: VrrpState;
  /** Why it is in this state. */
  readonly reason: string;
  readonly configuredState: 'MASTER' | 'BACKUP';
  readonly version: 2 | 3;
  readonly family: 4 | 6;
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly effectivePriority: number;
  readonly advertIntMs: number;
  readonly masterAdvertIntMs: number;
  readonly preempt: boolean;
  readonly accept: boolean;
  readonly syncGroup?: string;
  readonly source?: string;
  /** The master heard last: another router, or ourselves. */
  readonly master?: { readonly address: string; readonly priority: number };
  readonly garpMasterDelayMs: number;
  readonly addresses: readonly string[];
  /** The same with device and scope. */
  readonly places: readonly string[];
  readonly excludedPlaces: readonly string[];
  readonly excludedAddresses: readonly string[];
  readonly holdsAddresses: boolean;
  readonly faults: readonly string[];
  /** Milliseconds since 1970. */
  readonly lastTransition: number;
  readonly transitions: number;
  readonly counters: InstanceCounters;
}

/** A `vrrp_script`. */
export interface ScriptSnapshot extends Pick<
  VrrpScript,
  'name' | 'intervalMs' | 'timeoutMs' | 'weight' | 'reverse' | 'rise' | 'fall'
> {
  /** The program and its words. */
  readonly command: readonly string[];
  /** undefined: it has not ended yet. */
  readonly up: boolean | undefined;
  readonly isRunning: boolean;
}

/** A `vrrp_track_process`. */
export interface ProcessSnapshot {
  readonly definition: VrrpTrackProcess;
  /** Of its processes that were there when they were last looked for. */
  readonly count: number;
  readonly up: boolean;
  /** There are more or fewer than before, and its delay is not over. */
  readonly isWaiting: boolean;
}

interface GroupSnapshot {
  readonly name: string;
  readonly state: VrrpState;
  readonly members: readonly string[];
  readonly lastTransition: number;
}

/** What an instance counts about itself since the start of the process. */
export interface InstanceCounters {
  advertsSent: number;
  advertsReceived: number;
  priorityZeroSent: number;
  priorityZeroReceived: number;
  sendErrors: number;
  becameMaster: number;
  releasedMaster: number;
  lowerPriorityHeard: number;
  sameAddressHeard: number;
  /** Taken all the same: see docs/vrrp.md. */
  addressListDiffers: number;
  intervalDiffers: number;
  /** Adverts sent later than a tenth of their interval, and the worst lateness. */
  advertsLate: number;
  worstLatenessMs: number;
  readonly bad: Record<Badness, number>;
}
