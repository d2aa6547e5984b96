/**
 * A whole keepalived.conf after preprocessing, defaults and the consequences of `vrrp_strict`: what vrrp/ and l4/
 * run from. Names are keepalived's own (keepalived.conf(5)); times in milliseconds.
 */
import type { Position } from './diagnostic.ts';
import type { IpAddressEntry, IpRouteEntry } from './ip-entry.ts';
import type { ScriptCommand } from './script-command.ts';
import type { VirtualServer, VirtualServerGroup } from './virtual-server.ts';
import type { VrrpInstance, VrrpSyncGroup } from './vrrp-instance.ts';

export interface KeepalivedConfig {
  readonly globalDefs: KeepalivedGlobal;
  readonly staticAddresses: readonly IpAddressEntry[];
  readonly staticRoutes: readonly IpRouteEntry[];
  readonly staticRules: readonly IpRouteEntry[];
  readonly instances: readonly VrrpInstance[];
  readonly syncGroups: readonly VrrpSyncGroup[];
  readonly scripts: readonly VrrpScript[];
  readonly trackProcesses: readonly VrrpTrackProcess[];
  readonly trackFiles: readonly TrackFile[];
  readonly bfdInstances: readonly BfdInstance[];
  readonly garpGroups: readonly GarpGroup[];
  readonly interfaceDelays: ReadonlyMap<string, InterfaceDelay>;
  readonly virtualServers: readonly VirtualServer[];
  readonly virtualServerGroups: readonly VirtualServerGroup[];
  /** Client TLS material of SSL_GET. */
  readonly ssl: {
    readonly password?: string;
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
  };
}

export interface KeepalivedGlobal {
  /** `net_namespace`: where all of it happens. */
  readonly netNamespace?: string;
  readonly routerId: string;
  readonly mail?: MailSettings;
  readonly scriptUser?: { readonly user: string; readonly group?: string };
  readonly enableScriptSecurity: boolean;
  readonly startupScript?: ProcessScript;
  readonly shutdownScript?: ProcessScript;
  readonly vrrpStartupDelayMs: number;
  /** Counted from the start of the host. */
  readonly vrrpDelayAfterBootMs: number;
  /** Gap between two announcements on one interface. */
  readonly garpIntervalMs: number;
  readonly gnaIntervalMs: number;
  readonly defaultInterface: string;
  /** For every event, for those of VRRP, for those of virtual servers. */
  readonly notifyFifo?: NotifyFifo;
  readonly vrrpNotifyFifo?: NotifyFifo;
  readonly lvsNotifyFifo?: NotifyFifo;
  readonly fifoWriteVrrpStatesOnReload: boolean;
  readonly logUnknownVrids: boolean;
  readonly vrrpScheduling: Scheduling;
  readonly checkerScheduling: Scheduling;
  readonly stateDumpFile: string;
  /** The same of virtual servers. */
  readonly checkDumpFile: string;
  readonly statsDumpFile: string;
  readonly jsonDumpFile: string;
  /** 1: a list of instances; 2: members for these and for tracked processes. */
  readonly jsonVersion: 1 | 2;
  readonly noEmailFaults: boolean;
  /** Mail only where a real server comes or goes, not for each checker. */
  readonly noCheckerEmails: boolean;
  /** Real servers that are there from the start are told of as if they came. */
  readonly rsInitNotifies: boolean;
  readonly lvsTimeoutsSec: { readonly tcp?: number; readonly tcpfin?: number; readonly udp?: number };
  /** Missing: nobody wishes to say when. */
  readonly reloadTime?: ReloadTimeFile;
  readonly nftables: NftablesSettings;
  readonly umask: number;
}

/** `vrrp_priority` or `checker_priority` (nice), `..._rt_priority`, `..._cpu_affinity`. */
export interface Scheduling {
  readonly nice?: number;
  readonly realtime?: number;
  /** Numbers as in /proc/cpuinfo. */
  readonly processors?: readonly number[];
}

/** `reload_time_file`, `reload_repeat`. */
export interface ReloadTimeFile {
  readonly path: string;
  /** Each day, where it has a time without a date. */
  readonly repeats: boolean;
}

/** Where `no_accept` is enforced. */
export interface NftablesSettings {
  readonly table: string;
  /** Of its base chains. */
  readonly priority: number;
  readonly counters: boolean;
}

export interface ProcessScript {
  readonly script: ScriptCommand;
  readonly timeoutMs: number;
}

export interface MailSettings {
  readonly server: string;
  readonly port: number;
  readonly heloName: string;
  readonly connectTimeoutMs: number;
  readonly from: string;
  readonly to: readonly string[];
}

export interface NotifyFifo {
  readonly path: string;
  readonly user?: string;
  readonly group?: string;
  readonly script?: ScriptCommand;
}

export interface VrrpScript {
  readonly name: string;
  readonly position: Position;
  readonly script: ScriptCommand;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly weight: number;
  readonly reverse: boolean;
  readonly rise: number;
  readonly fall: number;
  readonly initFail: boolean;
}

export interface VrrpTrackProcess {
  readonly name: string;
  readonly position: Position;
  /** The command and the parameters to match. */
  readonly process: readonly string[];
  readonly paramMatch?: 'exact' | 'initial' | 'partial';
  readonly fullCommand: boolean;
  readonly weight: number;
  readonly reverse: boolean;
  readonly quorum: number;
  readonly quorumMax: number;
  readonly forkDelayMs: number;
  readonly terminateDelayMs: number;
}

export interface TrackFile {
  readonly name: string;
  readonly position: Position;
  readonly file: string;
  readonly weight: number;
  readonly reverse: boolean;
  readonly initFile?: { readonly value: number; readonly overwrite: boolean };
}

/** `bfd_instance`: a session with one neighbour (RFC 5880). */
export interface BfdInstance {
  readonly name: string;
  readonly position: Position;
  readonly family: 4 | 6;
  readonly neighborIp: string;
  readonly sourceIp?: string;
  /** Microseconds. */
  readonly minRxUs: number;
  readonly minTxUs: number;
  readonly idleTxUs: number;
  /** So many packets missed, and it is down. */
  readonly multiplier: number;
  /** Waits for the neighbour's first packet. */
  readonly passive: boolean;
  readonly ttl: number;
  /** Packets may have come so far; 255: any distance. */
  readonly maxHops: number;
  /** Routers lie before the neighbour: another port (RFC 5883). */
  readonly multihop: boolean;
  readonly weight: number;
  readonly reverse: boolean;
}

export interface GarpGroup {
  readonly interfaces: readonly string[];
  readonly garpIntervalMs: number;
  readonly gnaIntervalMs: number;
}

export interface InterfaceDelay {
  readonly downMs: number;
  readonly upMs: number;
}
